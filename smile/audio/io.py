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
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from smile.audio.formats import CONTAINERS
from smile.datatypes import SAMPLE_RATE, AudioError, Samples
from smile.util.storage import replacing
from smile.util.timing import finished

if TYPE_CHECKING:
    import av

LIMIT = 600.0  # seconds of a recording that are read
SHORTEST = 0.1  # seconds that a recording must have
QUIETEST = 2e-4  # peak to peak; less than this is silence, dithered or not (six steps of 16 bits)
LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000  # Hz
STEP = 30 * SAMPLE_RATE  # samples decoded between two yields
BLOCK = 2**16  # values decoded at a time, all channels together
PLANES = 8  # channels that a frame of PyAV can safely be asked for

UNREADABLE = "{} cannot be decoded; save it as WAV, FLAC, MP3, M4A, Ogg or WebM."
WRITERS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "OPUS")}

Block = tuple[int, Samples]  # sampling rate in Hz, mono samples
Steps = Generator[None, None, "Recording"]  # read in steps


class _DecodeError(AudioError):
    """A decoder cannot open the file, or not go on in it; another one may."""


@dataclass(frozen=True)
class Recording:
    """A decoded file; `cut` says that it was longer than the limit and only its beginning was read."""

    samples: Samples
    cut: bool


def read_audio(path: str | Path, limit: float = LIMIT) -> Samples:
    """Read the first `limit` seconds of a file as samples (n,); content, not suffix, tells the format.

    Raises AudioError, with one sentence, for a file that is missing, empty, damaged beyond use, silent,
    shorter than 0.1 s, without sound or with values that are not numbers.
    """
    return read_recording(path, limit).samples


def read_recording(path: str | Path, limit: float = LIMIT) -> Recording:
    """Read a file as `read_audio` does, and say whether it went on after `limit` seconds."""
    return finished(reading(Path(path), limit))


def reading(path: Path, limit: float = LIMIT, sound: Iterable[Samples] | None = None) -> Steps:
    """Return what `read_recording` does; yields after every half minute that is decoded.

    `sound` is what `stream` gives of the file, where that has been asked for already.
    """
    wanted, pieces, count = round(limit * SAMPLE_RATE), [np.empty(0, np.float32)], 0
    for piece in stream(path) if sound is None else sound:
        pieces.append(piece)
        if (count := count + len(piece)) > wanted:
            break
        if count // STEP > (count - len(piece)) // STEP:
            yield
    samples, pieces = np.concatenate(pieces)[:wanted], []
    return Recording(_checked(samples, repr(path.name)), cut=count > wanted)


def stream(path: Path) -> Generator[Samples, None, None]:
    """Yield a file's sound from its beginning, as pieces (n,) at 16 kHz; hold few seconds at a time.

    Where one decoder cannot go on, the other does. Raises as `read_audio` does, but takes silence and any
    length.
    """
    _check_file(path)
    given = 0
    for blocks in (_soundfile_blocks, _av_blocks):
        passed, error = 0, None
        try:
            for piece in _resampled(blocks(path)):
                yield piece[max(0, given - passed) :]
                passed += len(piece)
                given = max(given, passed)
        except _DecodeError as reason:
            error = reason
        if given and not error:
            return
    if error and not given:
        raise error


def from_array(samples: NDArray[Any], rate: int) -> Samples:
    """Convert samples (n,) or (n, channels), integer or floating, at `rate` Hz -> (m,) at 16 kHz.

    Integers span their type's whole range. Raises AudioError as `read_audio` does.
    """
    values = np.asarray(samples)
    if values.ndim not in (1, 2) or values.dtype.kind not in "iuf":
        raise AudioError("The recording must be an array of numbers with shape (n,) or (n, channels).")
    _check_rate(rate, "The recording")
    if not values.size:
        raise AudioError("The recording holds no sound; record it again.")
    mono = _mono(values if values.ndim == 2 else values[:, None], "The recording")
    pieces = _resampled([(int(rate), mono)])
    return _checked(np.concatenate([np.empty(0, np.float32), *pieces]), "The recording")


def write(path: str | Path, samples: Samples) -> None:
    """Write samples (n,) at 16 kHz: 16-bit .wav or .flac, or .ogg with Opus; the file appears when whole.

    Samples that were read of 16 bits are written as they were, bit by bit.
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


def _check_rate(rate: float, subject: str) -> None:
    """AudioError where a sampling rate cannot be that of speech."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(f"{subject} has a sampling rate of {rate} Hz; export it with 8,000 to 192,000 Hz.")


def _checked(samples: Samples, subject: str) -> Samples:
    """The samples, clipped to [-1, 1] where they lie; AudioError where they are too few or silent."""
    seconds = len(samples) / SAMPLE_RATE
    if not len(samples):
        raise AudioError(f"{subject} holds no sound; record or export it again.")
    if seconds < SHORTEST:
        raise AudioError(f"{subject} is only {seconds:.4f} s long; record at least {SHORTEST} s.")
    if np.ptp(samples) < QUIETEST:
        raise AudioError(f"{subject} is silent; check the microphone and record again.")
    return np.clip(samples, -1.0, 1.0, out=samples)


def _mono(values: NDArray[Any], subject: str) -> Samples:
    """Values (n, channels) of any numeric type -> their mean over channels (n,) in [-1, 1]."""
    if values.dtype.kind in "iu":
        half = (int(np.iinfo(values.dtype).max) + 1) // (1 if values.dtype.kind == "i" else 2)
        values = values.astype(np.float32) / half - (values.dtype.kind == "u")
    if not np.isfinite(values).all():
        raise AudioError(f"{subject} holds values that are not numbers; export it again.")
    mono: Samples = np.clip(values, -1.0, 1.0).mean(axis=1, dtype=np.float32)
    return mono


def _resampled(blocks: Iterable[Block]) -> Iterator[Samples]:
    """Mono blocks at any rate, which may change on the way -> pieces at 16 kHz."""
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


def _soundfile_blocks(path: Path) -> Iterator[Block]:
    """Decode by soundfile; it gets the open file, not the name, so that a wrong suffix cannot mislead it."""
    subject = repr(path.name)
    try:
        with path.open("rb") as file, soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            if sound.format == "MP3":  # it takes a guessed length for the true one, and may stop early
                raise _DecodeError(UNREADABLE.format(subject))
            _check_rate(sound.samplerate, subject)
            while len(block := sound.read(BLOCK // sound.channels or 1, dtype="float32", always_2d=True)):
                yield sound.samplerate, _mono(block, subject)
    except (soundfile.SoundFileError, OSError) as error:
        raise _DecodeError(UNREADABLE.format(subject)) from error


def _av_blocks(path: Path) -> Iterator[Block]:
    """Decode the first audio track by PyAV, leaving out packets that are damaged."""
    import av

    subject = repr(path.name)
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path.absolute()), options=options, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise AudioError(f"{subject} has no audio track; choose a file with sound.")
            for packet in container.demux(container.streams.audio[0]):
                for frame in _packet_frames(packet):
                    _check_rate(frame.sample_rate, subject)
                    yield frame.sample_rate, _mono(_interleaved(frame), subject)
    except av.FFmpegError as error:
        raise _DecodeError(UNREADABLE.format(subject)) from error


def _packet_frames(packet: av.Packet[Any]) -> list[av.AudioFrame]:
    """The frames of a packet; none where it is damaged, and none that PyAV cannot hand to numpy."""
    import av
    from av.audio.frame import format_dtypes

    frames: list[Any] = []
    with suppress(av.FFmpegError):
        frames = packet.decode()
    return [f for f in frames if f.format.name in format_dtypes and f.layout.nb_channels <= PLANES]


def _interleaved(frame: av.AudioFrame) -> NDArray[Any]:
    """A frame's values as (n, channels).

    PyAV's own to_ndarray takes planes up to a null pointer, and so reads past the last of eight.
    """
    from av.audio.frame import format_dtypes

    channels = frame.layout.nb_channels
    count, width = (channels, 1) if frame.format.is_planar else (1, channels)
    planes: Any = frame.planes[:count]
    values = [np.frombuffer(p, format_dtypes[frame.format.name], frame.samples * width) for p in planes]
    return np.stack(values, axis=1).reshape(-1, channels)
