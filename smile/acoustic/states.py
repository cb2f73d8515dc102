"""The layer states that a head reads: outputs of encoder layers, kept beside the pool as float16.

A folder `layers-<encoder>...` has one file a recording and speed, named by its content, so that a corrected
text or a new clip costs no encoding of the others, and an interrupted pass goes on where it was. Ten minutes
of speech and five layers of Whisper base come to about 165 MB a speed (`bytes_for`); reading takes one clip
at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.audio.features import STATES_PER_SECOND
from smile.audio.io import read_audio
from smile.audio.speed import at_speed
from smile.datatypes import SAMPLE_RATE, DamagedError, EncoderId, LayerStates, PoolError, Samples, Utterance
from smile.pools.clip_encoder import digest
from smile.pools.kept import make_folder
from smile.pools.pool import Pool
from smile.settings import WINDOWS
from smile.util.arrays import read_array, write_array
from smile.util.storage import read_json, write_json
from smile.whisper.model import Model

FORMAT = 2
LAYERS = (2, 3, 4, 5, 6)  # of the six of Whisper base, counted from 1; of other sizes those at like heights
READ_AT = (1.0, 1.1)  # speeds at which a clip is read to be written; heads are fitted to clips at these, too
SILENCE = {0.9: 0.8, 1.1: 1.8}
"""Seconds before a pool's clips at these speeds: states tell where in a window they are, and a head of little
speech would learn by heart what is said when."""
AFTER = 10  # frames after a clip's own that the head reads too
Stored = NDArray[np.float16]  # (layers, frames, d)
Take = tuple[Path, float]  # a recording, and at which speed it is read


@dataclass(frozen=True)
class StatesId:
    """What made layer states; two are alike only where all of this is equal."""

    encoder: EncoderId
    precision: str
    windows: tuple[float, ...]  # seconds
    layers: tuple[int, ...] = LAYERS

    @classmethod
    def of(cls, model: Model, layers: Sequence[int] = ()) -> StatesId:
        """Return what a model's layer states are known by; without `layers` those of the usual ones."""
        chosen = tuple(layers) or usual_layers(model.recognizer.depth)
        return cls(model.info.encoder, model.info.precision, tuple(model.windows), chosen)

    @property
    def name(self) -> str:
        """Return the part of file names that tells encoders, layers and windows apart."""
        adapter = f"-{self.encoder.adapter}" if self.encoder.adapter else ""
        layers = "" if self.layers == LAYERS else "-layers" + "-".join(map(str, self.layers))
        windows = "" if self.windows == WINDOWS else "-" + "-".join(f"{w:g}" for w in self.windows)
        return f"{self.encoder.weights}{adapter}-{self.precision}{layers}{windows}"

    def fits(self, seconds: float, speed: float) -> bool:
        """Return whether a clip is short enough for the longest window at a speed; at its own each one is."""
        return speed == 1.0 or seconds / speed + SILENCE.get(speed, 0.0) < max(self.windows)

    def to_json(self) -> dict[str, Any]:
        """Return it as a header has it."""
        return {
            **asdict(self),
            "encoder": asdict(self.encoder),
            "windows": [*self.windows],
            "layers": [*self.layers],
        }


def usual_layers(depth: int) -> tuple[int, ...]:
    """Return the layers that a head reads of an encoder of so many: from a third of the way up to the top."""
    return tuple(sorted({max(1, round(depth * layer / LAYERS[-1])) for layer in LAYERS}))


def layer_states(
    model: Model, samples: Samples, layers: Sequence[int] = LAYERS, speed: float = 1.0, silence: float = 0.0
) -> LayerStates:
    """Return what a head reads of samples (n,): layer-normed outputs (layers, frames, d) at 50 a second.

    The frames are those of the recording, at so many times its speed, and `AFTER` more, as far as the window
    goes. It is encoded behind so many seconds of silence, a multiple of 0.02.
    """
    said = at_speed(samples, speed)
    padded = np.pad(said, (round(silence * SAMPLE_RATE), 0))
    outputs = model.encode_layers(padded, layers)[1][:, round(silence * STATES_PER_SECOND) :]
    return of_outputs(outputs, len(said) / SAMPLE_RATE)


def states_in(model: Model, made_by: StatesId, audio: Path, speed: float) -> Stored | None:
    """Return what is stored of a recording at a speed, behind the silence that belongs to it.

    None where it is too long for the longest window.

    Raises:
        AudioError: it cannot be read.
    """
    samples = read_audio(audio)
    if not made_by.fits(len(samples) / SAMPLE_RATE, speed):  # a corpus may not say how long a clip is
        return None
    silence = SILENCE.get(speed, 0.0)
    return layer_states(model, samples, made_by.layers, speed, silence).astype(np.float16)


def readings(model: Model, samples: Samples, layers: Sequence[int] = LAYERS) -> list[LayerStates]:
    """Return what a head reads of samples (n,) at each of the speeds of `READ_AT`."""
    return [layer_states(model, samples, layers, speed) for speed in READ_AT]


def of_outputs(outputs: LayerStates, seconds: float) -> LayerStates:
    """Return what a head reads of the outputs of layers (layers, frames, d) for a recording of a length."""
    return layer_normed(outputs[:, : max(1, round(seconds * STATES_PER_SECOND)) + AFTER])


def layer_normed(states: LayerStates) -> LayerStates:
    """Return states (..., d) with mean 0 and variance 1 over d."""
    centred = states - states.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return (centred / np.sqrt(variance + 1e-5)).astype(np.float32)


def bytes_for(seconds: float, clips: int, width: int = 512, layers: int = len(LAYERS)) -> int:
    """Return how many bytes the layer states of so much speech in so many clips take on the disk."""
    return round((seconds * STATES_PER_SECOND + clips * AFTER) * width * layers * 2)


class LayerStore:
    """The layer states of a pool's recordings on disk.

    Args:
        folder: where they lie; made when the first is written.
        made_by: what they have to be made by.
        pool: whose recordings' they are; where it was deleted, nothing is written. None asks of no pool.
    """

    def __init__(self, folder: Path, made_by: StatesId, pool: Pool | None = None):
        self.folder, self.made_by, self._pool = folder, made_by, pool

    @classmethod
    def of(cls, pool: Pool, made_by: StatesId) -> LayerStore:
        """Return that of a pool; parts of the pool share it, since a recording's states are its own."""
        return cls((pool.states or pool.folder) / f"layers-{made_by.name}", made_by, pool)

    def states_of(self, utterance: Utterance, speed: float = 1.0) -> Stored:
        """Return the states (layers, frames, d) of a clip at a speed.

        Raises:
            PoolError: they have not been made, or are damaged.
        """
        states = self.found(utterance, speed)
        if states is None:
            raise PoolError(f'The clip "{utterance.id}" has no layer states; encode the pool again.')
        return states

    def found(self, utterance: Utterance, speed: float = 1.0) -> Stored | None:
        """Return the states (layers, frames, d) of a clip at a speed where they can be read, else None."""
        with suppress(OSError, DamagedError):
            states = read_array(self._path(utterance, speed))
            if self._whole(states):
                return states
        return None

    def at_speed(self, utterance: Utterance, speed: float, needed: int) -> Stored:
        """Return the states of a clip at a speed; at its own where there are none of so many frames.

        Raises:
            PoolError: there are none at its own speed either, or they are damaged.
        """
        found = self.found(utterance, speed)
        return self.states_of(utterance) if found is None or found.shape[1] < needed else found

    def missing_bytes(
        self, utterances: Sequence[Utterance], width: int = 512, speeds: Sequence[float] = (1.0,)
    ) -> int:
        """Return how many more bytes the states of clips at some speeds will take on the disk."""
        takes = [(u, s) for s in speeds for u in utterances if self.made_by.fits(u.seconds, s)]
        missing = [u.seconds / s for u, s in takes if not self._path(u, s).is_file()]
        return bytes_for(sum(missing), len(missing), width, len(self.made_by.layers))

    def encode(
        self, model: Model, utterances: Sequence[Utterance], speeds: Sequence[float] = (1.0,)
    ) -> Generator[tuple[int, int]]:
        """Encode the clips at some speeds where their states are not here yet.

        Yields after each, and may be closed at any time. A clip that a lower speed makes longer than the
        longest window has no states at that speed.

        Raises:
            PoolError: the pool was deleted meanwhile.
            AudioError: a recording cannot be read.
        """
        of, missing = self.missing(utterances, speeds)
        for done, (name, (audio, speed)) in enumerate(missing.items(), of - len(missing) + 1):
            self.write(name, states_in(model, self.made_by, audio, speed))
            yield done, of

    def missing(
        self, utterances: Sequence[Utterance], speeds: Sequence[float]
    ) -> tuple[int, dict[str, Take]]:
        """Return how many states clips have at some speeds, and by their files' names those that are missing.

        The folder is made for them.

        Raises:
            PoolError: the pool was deleted meanwhile.
            AudioError: a recording cannot be read.
        """
        self._begin()
        takes = [(u, speed) for speed in speeds for u in utterances if self.made_by.fits(u.seconds, speed)]
        missing = [(u, speed) for u, speed in takes if self.found(u, speed) is None]
        return len(takes), {self._path(u, speed).name: (u.audio, speed) for u, speed in missing}

    def write(self, name: str, states: Stored | None) -> None:
        """Write states (layers, frames, d) into the file of a name that `missing` gave; None is nothing."""
        if states is not None:
            write_array(self.folder / name, states)

    def seconds(self, utterances: Sequence[Utterance], enough: float = inf) -> float:
        """Return how much speech clips have, by their states, counted until it is `enough`.

        Raises:
            PoolError: they have not been made, or are damaged.
        """
        seconds = 0.0
        for utterance in utterances:
            seconds += max(0, self.states_of(utterance).shape[1] - AFTER) / STATES_PER_SECOND
            if seconds >= enough:
                break
        return seconds

    def keep_only(self, utterances: Sequence[Utterance]) -> None:
        """Remove the states of recordings that are none of these clips'."""
        kept = set(self.files(utterances))
        for path in self.folder.glob("*.npy"):
            if path not in kept:
                path.unlink()

    def files(self, utterances: Sequence[Utterance]) -> list[Path]:
        """Return the files of these clips' states, at all speeds."""
        names = {_name(u) for u in utterances}
        return [path for path in self.folder.glob("*.npy") if path.stem.partition("-")[0] in names]

    @property
    def bytes(self) -> int:
        """Return how much they take on the disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.npy"))

    def _begin(self) -> None:
        """Make the folder with its header; states made by something else are removed."""
        wanted = {"format": FORMAT, "made_by": self.made_by.to_json(), "values": "layer-normed, float16"}
        header = self.folder / "header.json"
        with suppress(OSError, DamagedError):
            if read_json(header) == wanted:
                return
        if self._pool:
            make_folder(self._pool, self.folder)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
        self.keep_only(())
        write_json(header, wanted)

    def _path(self, utterance: Utterance, speed: float = 1.0) -> Path:
        return self.folder / (_name(utterance) + ("" if speed == 1.0 else f"-{speed:g}") + ".npy")

    def _whole(self, states: NDArray[Any]) -> bool:
        return (
            states.dtype == np.float16
            and states.ndim == 3
            and len(states) == len(self.made_by.layers)
            and states.shape[1] > 0
            and _finite(states)
        )


def _finite(states: Stored) -> bool:
    """Whether no value is infinite or no number, all of whose exponent's bits are set."""
    exponent = np.uint16(0x7C00)
    return bool((states.view(np.uint16) & exponent).max(initial=0) < exponent)


def _name(utterance: Utterance) -> str:
    return digest(utterance.audio)[:16]
