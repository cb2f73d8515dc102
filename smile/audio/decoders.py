"""The two decoders of files: soundfile, and PyAV for what that cannot read. Both go block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from smile.audio.beginning import beginning
from smile.audio.chained import Part, links
from smile.audio.channels import Levels, Mixer
from smile.audio.formats import CONTAINERS
from smile.audio.pages import needs_times, placed
from smile.audio.timeline import CLOCKS, Timeline
from smile.audio.tracks import chosen
from smile.datatypes import SAMPLE_RATE, AudioError, Samples

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000  # Hz
BLOCK = 2**16  # values decoded at a time, all channels together
PLANES = 8  # channels that a frame of PyAV can safely be asked for
FLOATS = ("FLOAT", "DOUBLE")  # soundfile's names of values that may go beyond 1

UNREADABLE = "{} cannot be decoded; save it as WAV, FLAC, MP3, M4A, Ogg or WebM."

Block = tuple[int, Samples]  # sampling rate in Hz, mono samples


class DecodeError(AudioError):
    """A decoder cannot open the file, or not go on in it; another one may."""


def check_rate(rate: float, subject: str) -> None:
    """Raise AudioError where a sampling rate cannot be that of speech."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(f"{subject} has a sampling rate of {rate} Hz; export it with 8,000 to 192,000 Hz.")


def soundfile_blocks(path: Path, most: int | None = None) -> Iterator[Block]:
    """Decode by soundfile; it gets the open file, not the name, so that a wrong suffix cannot mislead it.

    Floats over 1 are scaled by the peak, but for clicks, of what makes `most` samples at 16 kHz, or of all.
    """
    subject = repr(path.name)
    try:
        with path.open("rb", buffering=0) as file:  # libsndfile reads on where it is
            parts = links(file, subject)
            for begin, end in parts:
                part = file.fileno() if len(parts) == 1 else Part(file, begin, end)
                _check_times(Part(file, begin, end), len(parts), subject)
                file.seek(begin)
                with soundfile.SoundFile(part, closefd=False) as sound:
                    yield from _sound_blocks(sound, subject, most)
    except (soundfile.SoundFileError, OSError) as error:
        raise DecodeError(UNREADABLE.format(subject)) from error


def _check_times(part: Part, parts: int, subject: str) -> None:
    """See that a file's packets, one after the other, are what it sounds like.

    Raises:
        DecodeError: they are not, so that it is PyAV's.
        AudioError: they are not in one of several links.
    """
    kind = part.read(4)
    part.seek(0)
    if kind != b"OggS" or not needs_times(part):
        return
    if parts == 1:
        raise DecodeError(UNREADABLE.format(subject))
    raise AudioError(f"{subject} has a hole in its sound, or several tracks; save its parts as WAV files.")


def _sound_blocks(sound: soundfile.SoundFile, subject: str, most: int | None) -> Iterator[Block]:
    if sound.format == "MP3":  # it takes a guessed length for the true one, and may stop early
        raise DecodeError(UNREADABLE.format(subject))
    check_rate(sound.samplerate, subject)
    mixer = Mixer(subject, _peak(sound, most) if sound.subtype in FLOATS else 1.0)
    for values in _values(sound):
        yield sound.samplerate, mixer.mono(values)


def _values(sound: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """The blocks (n, channels) of what is left."""
    while len(block := sound.read(BLOCK // sound.channels or 1, dtype="float32", always_2d=True)):
        yield block


def _peak(sound: soundfile.SoundFile, most: int | None) -> float:
    """The peak of so many samples at 16 kHz but for clicks; goes back to the beginning."""
    left = math.inf if most is None else most * sound.samplerate / SAMPLE_RATE
    levels = Levels()
    for block in _values(sound):
        levels.add(block)
        if (left := left - len(block)) <= 0:
            break
    sound.seek(0)
    return levels.peak


def av_blocks(path: Path, most: int | None = None, track: int | None = None) -> Iterator[Block]:
    """Decode an audio track by PyAV, counted from 1, or the default one; leave out packets that are damaged.

    Where a container says when its frames are to be played, what lies between them is silence. Floats over
    1 are scaled as `soundfile_blocks` does it.
    """
    subject = repr(path.name)
    with _opened(path) as container:
        stream = _track(container, subject, track)
        peak = _frame_peak(container, stream, most) if _keeps_floats(stream) else 1.0
    mixer = Mixer(subject, peak)
    with _opened(path) as container:
        timeline = _timeline(container, subject)
    with _opened(path) as container:
        for frame, late in _frames(container, _track(container, subject, track)):
            check_rate(frame.sample_rate, subject)
            if timeline:
                yield from _silence(timeline, frame, late)
            yield frame.sample_rate, mixer.mono(_interleaved(frame))


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """A container of sound.

    Raises:
        DecodeError: it cannot be opened, or not gone on with.
    """
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path.absolute()), options=options, metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        raise DecodeError(UNREADABLE.format(repr(path.name))) from error


def _track(container: InputContainer, subject: str, track: int | None) -> av.AudioStream:
    stream = chosen(container, track)
    if stream is None:
        raise AudioError(f"{subject} has no audio track; choose a file with sound.")
    return stream


def _keeps_floats(track: av.AudioStream) -> bool:
    """Whether a track holds floats as they were, which may go beyond 1."""
    context: Any = track.codec_context  # None where nothing decodes it
    if context is None or context.name != "wavpack":
        return context is not None and context.name.startswith("pcm_f")
    return context.format is not None and context.format.name.startswith("flt")


def _frame_peak(container: InputContainer, track: av.AudioStream, most: int | None) -> float:
    """The peak of so many samples at 16 kHz but for clicks."""
    levels = Levels()
    left = math.inf if most is None else most / SAMPLE_RATE
    for frame, _ in _frames(container, track):
        levels.add(_interleaved(frame))
        if (left := left - frame.samples / frame.sample_rate) <= 0:
            break
    return levels.peak


def _frames(container: InputContainer, track: av.AudioStream) -> Iterator[tuple[av.AudioFrame, float]]:
    """The frames of a track, and the seconds by which each is to be played later than it says."""
    packets = container.demux(track)
    pairs = placed(packets, track) if container.format.name == "ogg" else ((p, 0.0) for p in packets)
    for packet, late in pairs:
        for frame in _packet_frames(packet):
            yield frame, late


def _timeline(container: InputContainer, subject: str) -> Timeline | None:
    """Where its frames lie in time, if it says so."""
    clocks = [CLOCKS[name] for name in container.format.name.split(",") if name in CLOCKS]
    if not clocks or (zero := beginning(container)) is None:
        return None
    alone = container.format.name == "ogg" and len(container.streams) == 1
    return Timeline(subject, None if alone else zero, clocks[0])


def _silence(timeline: Timeline, frame: av.AudioFrame, late: float) -> Iterator[Block]:
    """The blocks of silence before a frame."""
    time = None if frame.time is None else frame.time + late
    left = round(frame.sample_rate * timeline.silence(time, frame.samples / frame.sample_rate))
    while left > 0:
        yield frame.sample_rate, np.zeros(min(left, BLOCK), np.float32)
        left -= BLOCK


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
