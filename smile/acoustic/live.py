"""Text while somebody speaks: a head over a sliding window of what has been said so far, greedy.

A step encodes the newest seconds. What lies behind by `settled` seconds and ends in a pause between two
characters is committed and never read again; what comes after it is tentative, and each step writes it anew.
Cuts fall into the middle of runs of blanks, so that a character which another window puts a frame earlier or
later is neither lost nor written twice. Memory and the time of a step are bounded, whatever is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK
from smile.acoustic.head import Head
from smile.acoustic.states import of_outputs
from smile.audio.features import STATES_PER_SECOND
from smile.audio.io import QUIET, QUIETEST, gain
from smile.datatypes import SAMPLE_RATE, Samples
from smile.whisper.encoder import SILENCE, encode_layers
from smile.whisper.model import Model

FRAME = SAMPLE_RATE // STATES_PER_SECOND  # samples of a state
GAP = " \u2026 "  # stands for sound that was not read
Symbols = NDArray[np.int64]  # (frames,), the likeliest symbol of each


@dataclass(frozen=True)
class LiveSettings:
    """How a window slides; all times in seconds."""

    windows: tuple[float, ...] = (5.0, 6.0, 8.0, 10.0)  # that may be encoded: the shortest which holds
    step: float = 0.25  # new sound after which the next step is taken
    settled: float = 1.5  # of the newest sound, which may still be written otherwise
    context: float = 2.0  # before what is tentative that is encoded with it
    pause: float = 0.08  # of blanks that a cut needs
    parted: float = 0.5  # of blanks after which another word begins, whatever the head says

    @property
    def longest(self) -> float:
        """Return how much sound the longest window holds, with the silence after it."""
        return max(self.windows) - SILENCE


DEFAULTS = LiveSettings()


@dataclass(frozen=True)
class LiveText:
    """What a step has written."""

    added: str  # to what was committed before; it stays
    tentative: str  # comes after it, and the next step may write it otherwise
    seconds: float  # of sound that have come
    skipped: float = 0.0  # seconds of them that were never read, since steps took too long


class LiveTranscriber:
    """Writes the text of sound as it comes."""

    def __init__(self, model: Model, head: Head, settings: LiveSettings = DEFAULTS):
        self._model, self._head, self._settings = model, head, settings
        self._sound = np.zeros(0, np.float32)  # what may be encoded again, and what is new
        self._first = 0  # frame of the recording where `_sound` begins
        self._frontier = 0  # frame before which all is committed
        self._end = _End()  # of the text before that
        self._tentative: Symbols = np.zeros(0, np.int64)  # from the frontier on
        self._read = 0  # samples that the last step has seen
        self._taken = 0  # samples that have come
        self._loudest = 0.0  # from peak to peak
        self._lost, self._skipped = "", 0  # text to be committed as its sound is gone; frames never read

    @property
    def seconds(self) -> float:
        """Return how much sound has come."""
        return self._taken / SAMPLE_RATE

    @property
    def due(self) -> bool:
        """Return whether enough sound has come for another step."""
        return self._taken - self._read >= self._settings.step * SAMPLE_RATE

    def take(self, samples: Samples) -> None:
        """Take samples (n,) at 16 kHz; what no window holds any more is dropped.

        Raises:
            ValueError: they have another shape.
        """
        samples = np.asarray(samples)
        if samples.ndim != 1:
            raise ValueError(f"Live samples have the shape (n,), not {samples.shape}.")
        self._taken += len(samples)
        most = round(self._settings.longest * SAMPLE_RATE) // FRAME * FRAME
        kept = np.nan_to_num(samples[-most:]).clip(-1.0, 1.0).astype(np.float32)
        if len(kept):
            self._loudest = max(self._loudest, float(np.ptp(kept)))
        self._sound = np.concatenate([self._sound, kept])[-most - FRAME :]
        self._align(most)

    def _align(self, most: int) -> None:
        """Let the sound begin at a frame and be no longer than a window."""
        begins = self._taken - len(self._sound)
        first = max(-(-begins // FRAME), -(-(self._taken - most) // FRAME), self._first)
        self._sound = self._sound[first * FRAME - begins :]
        self._first = first
        if first > self._frontier:
            self._skip(first)

    def _skip(self, first: int) -> None:
        """Go on at a frame: what was tentative is committed, what nobody has read is lost."""
        known = self._tentative[: first - self._frontier]
        self._skipped += first - self._frontier - len(known)
        self._lost += self._collapsed(known, self._end)
        if len(known) < first - self._frontier:
            self._lost, self._end = self._lost.rstrip(" \u2026") + GAP, _End()
        self._tentative = self._tentative[len(known) :]
        self._frontier = first

    def step(self) -> LiveText:
        """Read the newest window and commit what is settled."""
        path = self._path()
        end = min(len(path), self._taken // FRAME - self._frontier)
        return self._committed(path, self._cut(path, end - self._frames(self._settings.settled)))

    def finish(self) -> LiveText:
        """Read the newest window and commit all; the recording has ended."""
        path = self._path()
        return self._committed(path, len(path))

    def _committed(self, path: Symbols, cut: int) -> LiveText:
        added, self._lost = self._lost + self._collapsed(path[:cut], self._end), ""
        self._frontier += cut
        self._tentative = path[cut:]
        tentative = self._collapsed(self._tentative, replace(self._end))
        skipped, self._skipped = self._skipped, 0
        return LiveText(added, tentative, self.seconds, skipped / STATES_PER_SECOND)

    def _path(self) -> Symbols:
        """Return the likeliest symbols (frames,) from the frontier on, those after the end with them."""
        self._read = self._taken
        first = max(self._first, self._frontier - self._frames(self._settings.context))
        sound = self._sound[(first - self._first) * FRAME :]
        if not len(sound) or np.ptp(sound) < QUIETEST:
            path = np.zeros(len(sound) // FRAME, np.int64)
        else:
            path = self._symbols(sound)
        self._sound, self._first = sound, first
        return path[self._frontier - first :]

    def _symbols(self, sound: Samples) -> Symbols:
        if self._loudest < QUIET:  # as every recording is raised that is read
            sound = (sound - sound.mean()) * gain(self._loudest / 2)
        layers = self._head.reads.layers
        outputs = encode_layers(self._model.recognizer, sound, layers, self._settings.windows)[1]
        return np.asarray(self._head(of_outputs(outputs, len(sound) / SAMPLE_RATE)).argmax(axis=1), np.int64)

    def _cut(self, path: Symbols, limit: int) -> int:
        """Return how many frames to commit: up to the last pause before the limit, or as many as must be."""
        if limit <= 0:
            return 0
        runs, pause = _blanks(path, limit), self._frames(self._settings.pause)
        pauses = [run for run in runs if _length(run) >= pause and limit - run[0] >= pause // 2]
        if pauses:
            return min(limit, sum(pauses[-1]) // 2)
        room = self._frames(self._settings.longest - self._settings.context) - 1
        if len(path) < room:
            return 0
        if not runs:
            return limit
        first, last = max(runs, key=_length)
        return min(limit, (first + last) // 2)

    def _collapsed(self, path: Symbols, end: _End) -> str:
        """Return the text of frames after an `end`, and move it: repeats and blanks taken out.

        A space comes in where a long pause has none, as between two recordings' texts.
        """
        alphabet, most, text = self._head.alphabet, self._frames(self._settings.parted), ""
        for symbol in path.tolist():
            if symbol == BLANK:
                end.blanks += 1
            elif symbol != end.symbol or end.blanks:
                character = alphabet.decode([symbol])
                parted = end.blanks >= most and " " in alphabet.characters
                text += f" {character}" if parted and " " not in (character, end.character) else character
                end.character = character
            if symbol != BLANK:
                end.symbol, end.blanks = symbol, 0
        return text

    @staticmethod
    def _frames(seconds: float) -> int:
        return round(seconds * STATES_PER_SECOND)


@dataclass
class _End:
    """How a text ends: its last symbol and character, and the frames of blanks after it."""

    symbol: int = BLANK
    character: str = " "  # none is parted from the first word
    blanks: int = 0


def _blanks(path: Symbols, limit: int) -> list[tuple[int, int]]:
    """Return the runs of blanks (first frame, the one after the last) that begin before a frame."""
    edges = np.flatnonzero(np.diff(path == BLANK, prepend=False, append=False)).tolist()
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < limit]


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]
