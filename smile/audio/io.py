"""Sound in and out: what browsers and phones record as samples, and samples as files.

soundfile decodes where it can and PyAV where it cannot; both stream in blocks and stop at a limit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from smile.audio.channels import Mixer, peak
from smile.audio.decoders import Block, DecodeError, av_blocks, check_rate, soundfile_blocks
from smile.audio.tracks import ONE, Tracks, tracks_of
from smile.datatypes import SAMPLE_RATE, AudioError, Samples
from smile.util.storage import replacing
from smile.util.timing import finished

LIMIT = 600.0  # seconds of a recording that are read
SHORTEST = 0.1  # seconds that a recording must have
QUIETEST = 2e-4  # peak to peak; less than this is silence, dithered or not (six steps of 16 bits)
QUIET = 2.0**-5  # peak to peak; what is less is amplified, as the level shifts Whisper's features
STEP = 30 * SAMPLE_RATE  # samples decoded between two yields

WRITERS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "OPUS")}

Steps = Generator[None, None, "Recording"]  # read in steps


@dataclass(frozen=True)
class Recording:
    """A decoded file; `cut` says that it was longer than the limit and only its beginning was read.

    `tracks` are those of a stranger's file; of others, `smile.audio.tracks` tells them.
    """

    samples: Samples
    cut: bool
    tracks: Tracks = ONE


def read_audio(path: str | Path, limit: float = LIMIT) -> Samples:
    """Read the first `limit` seconds of a file as samples (n,); content, not suffix, tells the format.

    Quiet recordings are amplified. Raises AudioError, with one sentence, for a file that is missing, empty,
    damaged beyond use, silent, shorter than 0.1 s, without sound or with values that are not numbers.
    """
    return read_recording(path, limit).samples


def read_recording(path: str | Path, limit: float = LIMIT, track: int | None = None) -> Recording:
    """Read a file as `read_audio` does, and say whether it went on after `limit` seconds.

    Of several audio tracks it reads that of this number, counted from 1, or the default one.
    """
    return finished(reading(Path(path), limit, track=track))


def reading(
    path: Path, limit: float = LIMIT, sound: Iterable[Samples] | None = None, track: int | None = None
) -> Steps:
    """Return what `read_recording` does; yields after every half minute that is decoded.

    `sound` is what `stream` gives of the file, where that has been asked for already.
    """
    wanted, pieces, count = round(limit * SAMPLE_RATE), [np.empty(0, np.float32)], 0
    for piece in stream(path, wanted + 1, track) if sound is None else sound:
        pieces.append(piece)
        if (count := count + len(piece)) > wanted:
            break
        if count // STEP > (count - len(piece)) // STEP:
            yield
    samples, pieces = np.concatenate(pieces)[:wanted], []
    return Recording(_checked(samples, repr(path.name)), cut=count > wanted)


def stream(path: Path, most: int | None = None, track: int | None = None) -> Generator[Samples, None, None]:
    """Yield a file's sound from its beginning, as pieces (n,) at 16 kHz; hold few seconds at a time.

    Where one decoder cannot go on, the other does. `most` samples, or all, are looked at for the peak by
    which floats over 1 are scaled. Raises as `read_audio` does, or if there is no such `track`, counted
    from 1; but takes silence and any length.
    """
    _check_file(path)
    given = 0
    for blocks in _decoders(path, most, track):
        passed, error = 0, None
        try:
            for piece in resampled(blocks):
                yield piece[max(0, given - passed) :]
                passed += len(piece)
                given = max(given, passed)
        except DecodeError as reason:
            error = reason
        if given and not error:
            return
    if error and not given:
        raise error


def _decoders(path: Path, most: int | None, track: int | None) -> list[Iterator[Block]]:
    """What may decode a track, in the order in which it is tried; soundfile knows of one only."""
    if track is not None and tracks_of(path, track).count > 1:
        return [av_blocks(path, most, track)]
    return [soundfile_blocks(path, most), av_blocks(path, most)]


def from_array(samples: NDArray[Any], rate: int) -> Samples:
    """Convert samples (n,) or (n, channels), integer or floating, at `rate` Hz -> (m,) at 16 kHz.

    Integers span their type's whole range. Raises AudioError as `read_audio` does.
    """
    values = np.asarray(samples)
    if values.ndim not in (1, 2) or values.dtype.kind not in "iuf":
        raise AudioError("The recording must be an array of numbers with shape (n,) or (n, channels).")
    check_rate(rate, "The recording")
    if not values.size:
        raise AudioError("The recording holds no sound; record it again.")
    mixer = Mixer("The recording", peak(values))
    mono = mixer.mono(values if values.ndim == 2 else values[:, None])
    pieces = resampled([(int(rate), mono)])
    return _checked(np.concatenate([np.empty(0, np.float32), *pieces]), "The recording")


def write(path: str | Path, samples: Samples) -> None:
    """Write samples (n,) at 16 kHz: 16-bit .wav or .flac, or .ogg with Opus; the file appears when whole.

    Samples that were read of 16 bits are written as they were, bit by bit, but for quiet ones, which are
    amplified when they are read.
    """
    path = Path(path)
    if path.suffix not in WRITERS:
        raise AudioError(f"{path.name!r} cannot be written; end its name in {' or '.join(WRITERS)}.")
    container, subtype = WRITERS[path.suffix]
    try:
        with replacing(path) as temporary:
            values = _sixteen_bits(samples) if subtype == "PCM_16" else samples
            soundfile.write(temporary, values, SAMPLE_RATE, format=container, subtype=subtype)
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path.name!r} cannot be written; check its folder and the space left.") from error


def _sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    """The nearest integers, as libsndfile reads them; by itself it would write others for loud samples."""
    return np.clip(np.rint(samples * np.float32(2**15)), -(2**15), 2**15 - 1).astype(np.int16)


def _check_file(path: Path) -> None:
    """AudioError where there is no file, or an empty one."""
    size = None
    with suppress(OSError, ValueError):
        size = path.stat().st_size if path.is_file() else None
    if size is None:
        raise AudioError(f"There is no recording {path.name!r}; check its path or upload it again.")
    if size == 0:
        raise AudioError(f"{path.name!r} is an empty file; record or export it again.")


def _checked(samples: Samples, subject: str) -> Samples:
    """The samples, changed where they lie to a level that can be heard; AudioError where they are too few."""
    seconds = len(samples) / SAMPLE_RATE
    if not len(samples):
        raise AudioError(f"{subject} holds no sound; record or export it again.")
    if seconds < SHORTEST:
        raise AudioError(f"{subject} is only {seconds:.4f} s long; record at least {SHORTEST} s.")
    if np.ptp(samples) < QUIETEST:
        raise AudioError(f"{subject} is silent; check the microphone and record again.")
    _amplify(samples)
    return np.clip(samples, -1.0, 1.0, out=samples)


def _amplify(samples: Samples) -> None:
    """Centre quiet samples and raise their peak to between 1/2 and 1; 16 bits stay 16 bits."""
    if np.ptp(samples) < QUIET:
        samples -= np.rint(samples.mean(dtype=np.float64) * 2**15).astype(np.float32) / 2**15
        samples *= gain(np.abs(samples).max())


def gain(peak: float) -> np.float32:
    """Return the power of two that raises a peak, of quiet samples, to between 1/2 and 1."""
    return np.float32(2.0 ** (-np.frexp(peak)[1]))


def resampled(blocks: Iterable[Block]) -> Iterator[Samples]:
    """Yield mono blocks at any rate (Hz), which may change on the way, as pieces at 16 kHz."""
    for rate, group in groupby(blocks, key=itemgetter(0)):
        pieces = (samples for _, samples in group)
        yield from pieces if rate == SAMPLE_RATE else _resample(pieces, rate)


def _resample(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    """Mono blocks at one rate -> pieces at 16 kHz."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    for block in blocks:
        if len(block):
            frame = av.AudioFrame.from_ndarray(block[None], format="flt", layout="mono")
            frame.sample_rate = rate
            yield from (piece.to_ndarray()[0] for piece in resampler.resample(frame))
    yield from (piece.to_ndarray()[0] for piece in resampler.resample(None))
