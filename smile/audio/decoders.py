"""The two decoders of files: soundfile, and PyAV for what that cannot read. Both go block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from smile.audio.chained import Part, links
from smile.audio.channels import Levels, Mixer
from smile.audio.formats import CONTAINERS
from smile.audio.timeline import RESTARTING, TIMED, Timeline
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
                with soundfile.SoundFile(part, closefd=False) as sound:
                    yield from _sound_blocks(sound, subject, most)
    except (soundfile.SoundFileError, OSError) as error:
        raise DecodeError(UNREADABLE.format(subject)) from error


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


def av_blocks(path: Path) -> Iterator[Block]:
    """Decode the default audio track by PyAV, or the first, leaving out packets that are damaged.

    Where a container says when its frames are to be played, what lies between them is silence.
    """
    import av

    subject = repr(path.name)
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path.absolute()), options=options, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise AudioError(f"{subject} has no audio track; choose a file with sound.")
            timeline, mixer = _timeline(container, subject), Mixer(subject)
            for packet in container.demux(_track(container)):
                for frame in _packet_frames(packet):
                    check_rate(frame.sample_rate, subject)
                    if timeline:
                        yield from _silence(timeline, frame)
                    yield frame.sample_rate, mixer.mono(_interleaved(frame))
    except av.FFmpegError as error:
        raise DecodeError(UNREADABLE.format(subject)) from error


def _track(container: InputContainer) -> av.AudioStream:
    from av.stream import Disposition

    tracks = container.streams.audio
    return next((track for track in tracks if track.disposition & Disposition.default), tracks[0])


def _timeline(container: InputContainer, subject: str) -> Timeline | None:
    """Where its frames lie in time, if it says so."""
    names = set(container.format.name.split(","))
    if not names & TIMED or container.start_time is None:
        return None
    return Timeline(subject, container.start_time / 1e6, restarting=bool(names & RESTARTING))


def _silence(timeline: Timeline, frame: av.AudioFrame) -> Iterator[Block]:
    """The blocks of silence before a frame."""
    left = round(frame.sample_rate * timeline.silence(frame.time, frame.samples / frame.sample_rate))
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
