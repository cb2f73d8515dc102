"""Containers of sound: tracks that begin late or early, with holes, and bursts at known times."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from smile.datatypes import SAMPLE_RATE
from tests.support.sounds import Signal

RATES = {  # that an encoder takes
    "libopus": (8_000, 12_000, 16_000, 24_000, 48_000),
    "aac": (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
    "libmp3lame": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    "mp2": (16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    "ac3": (32_000, 44_100, 48_000),
    "vorbis": (16_000, 22_050, 44_100, 48_000),
    "wmav2": (22_050, 44_100, 48_000),
}
ANY = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
PICTURES = {"ogg": "vp8", "webm": "vp8", "asf": "msmpeg4v3", "flv": "flv"}  # where it is not mpeg4
OPTIONS = {"ogg": {"page_duration": "1"}}  # a packet a page, as a page that holds a hole does not say where
PITCHES = (600, 1_100, 1_700)  # Hz, by which a track is known
BURST, EDGE = 0.12, 0.1  # seconds that a burst lasts, and of silence behind it at least
# Containers with a list of what is played, which leaves out what is before 0, and those without.
EDITED = ("mp4", "ipod", "mov", "3gp")
UNTOLD = ("avi", "asf", "mpegts", "flv", "adts", "ac3")
FILLED = 0.1  # of full scale, what is more is sound


@dataclass(frozen=True)
class Piece:
    """Silence and a burst, encoded, behind a hole in the time stamps; seconds."""

    hole: float
    silence: float


@dataclass(frozen=True)
class Made:
    """A file to be written, and what is in it."""

    container: str
    codec: str
    rate: int
    layout: str
    tracks: tuple[tuple[Piece, ...], ...]
    default: int = 0
    video: bool = False

    @property
    def facts(self) -> tuple[int, int]:
        """Return the samples of a frame, and those that the encoder puts before the first one."""
        return _facts(self.codec, self.rate, self.layout)


@cache
def _facts(codec: str, rate: int, layout: str) -> tuple[int, int]:
    """The samples of a frame that a hole can come behind, and of what an encoder puts first."""
    context: Any = av.CodecContext.create(codec, "w")
    context.sample_rate, context.layout, context.format = rate, layout, context.codec.audio_formats[0]
    context.time_base, context.options = Fraction(1, rate), {"strict": "experimental"}
    size = context.frame_size if context.open() is None and context.frame_size else 1024
    frame = av.AudioFrame.from_ndarray(
        np.zeros((1, size * context.layout.nb_channels), np.float32), "flt", layout
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    first = [*context.encode(frame), *context.encode(None)][0]
    return size, -round(first.pts * first.time_base * rate)


def bursts(made: Made, track: int) -> list[float]:
    """Return when the middle of each burst of a track is to be played, in seconds from the beginning."""
    times, at = [], 0.0
    for piece in made.tracks[track]:
        at += hole_of(made, piece) / made.rate
        times.append(at + piece.silence + BURST / 2)
        at += _length(made, piece) / made.rate
    if made.container in EDITED:
        times = [time for time in times if time > 0]  # what is before is cut off
    zero = min([*(_begin(made, track) for track in made.tracks), *[0.0] * made.video])
    return [time - zero for time in times]


def _begin(made: Made, track: tuple[Piece, ...]) -> float:
    """When a track begins, with what the encoder puts first where the container does not leave it out."""
    begin, before = hole_of(made, track[0]) / made.rate, made.facts[1] / made.rate
    if made.container in UNTOLD:
        return begin - before
    alone = len(made.tracks) == 1 and not made.video
    if made.container == "ogg" and made.codec == "flac" and not alone:
        return 0.0  # where FFmpeg has its header
    if made.container in EDITED or (made.container == "ogg" and made.codec == "vorbis" and not alone):
        return max(0.0, begin - before)
    return begin


def hole_of(made: Made, piece: Piece) -> int:
    """Return the samples of a hole."""
    return round(piece.hole * made.rate)


def _length(made: Made, piece: Piece) -> int:
    """The samples of a piece, whole frames."""
    return -(-round((piece.silence + BURST + EDGE) * made.rate) // made.facts[0]) * made.facts[0]


def write(path: Path, made: Made) -> Path:
    """Write a file."""
    options = OPTIONS.get(made.container, {})
    with av.open(str(path), "w", format=made.container, options=options) as output:
        packets = _pictures(output, made) if made.video else []
        sounds: list[Any] = [
            output.add_stream(made.codec, rate=made.rate, layout=made.layout) for _ in made.tracks
        ]
        for number, sound in enumerate(sounds):
            sound.disposition = 1 if number == made.default else 0
            sound.bit_rate = 64_000 * sound.layout.nb_channels
            sound.codec_context.options = {"strict": "experimental"}
        for number, sound in enumerate(sounds):
            packets += _packets(sound, made, number)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            output.mux(packet)
    return path


def _pictures(output: Any, made: Made) -> list[Any]:
    """The packets of a video from 0 on."""
    video: Any = output.add_stream(PICTURES.get(made.container, "mpeg4"), rate=10)
    video.width = video.height = 64
    packets = []
    for number in range(5):
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        picture.pts, picture.time_base = number, Fraction(1, 10)
        packets += video.encode(picture)
    return [*packets, *video.encode(None)]


def _signal(made: Made, track: int) -> Signal:
    """The samples of a track, without its holes."""
    wave = 0.5 * np.sin(2 * np.pi * PITCHES[track] * np.arange(round(BURST * made.rate)) / made.rate)
    pieces = []
    for piece in made.tracks[track]:
        samples = np.zeros(_length(made, piece), np.float32)
        begin = round(piece.silence * made.rate)
        samples[begin : begin + len(wave)] = wave
        pieces.append(samples)
    return np.concatenate(pieces)


def _packets(sound: Any, made: Made, track: int) -> list[Any]:
    """The packets of a track, each moved to its time."""
    packets, samples = [], _signal(made, track)
    for at in range(0, len(samples), made.facts[0]):
        piece = np.tile(samples[at : at + made.facts[0]], (sound.layout.nb_channels, 1))
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=made.layout)
        frame.sample_rate, frame.pts, frame.time_base = made.rate, at, Fraction(1, made.rate)
        packets += sound.encode(frame)
    packets += sound.encode(None)
    ends = np.cumsum([_length(made, piece) for piece in made.tracks[track]])
    holes = np.cumsum([hole_of(made, piece) for piece in made.tracks[track]])
    for packet in packets:
        place = packet.pts * packet.time_base * made.rate
        part = min(int(np.searchsorted(ends, float(max(place, 0)), "right")), len(ends) - 1)
        packet.pts += round(int(holes[part]) / made.rate / packet.time_base)
        packet.dts = packet.pts
    return packets


def found(samples: Signal) -> list[tuple[float, int]]:
    """Return the bursts in samples at 16 kHz: the middle of each in seconds, and the nearest of PITCHES."""
    loud = np.flatnonzero(np.abs(samples) > FILLED)
    runs = np.split(loud, np.flatnonzero(np.diff(loud) > EDGE / 2 * SAMPLE_RATE) + 1) if len(loud) else []
    return [_burst(samples, int(run[0]), int(run[-1]) + 1) for run in runs]


def _burst(samples: Signal, begin: int, end: int) -> tuple[float, int]:
    power = samples[begin:end].astype(np.float64) ** 2
    middle = begin + float((power * np.arange(len(power))).sum() / power.sum())
    spectrum = np.abs(np.fft.rfft(samples[begin:end], 8 * SAMPLE_RATE))
    pitch = float(spectrum.argmax()) / 8
    return middle / SAMPLE_RATE, min(PITCHES, key=lambda known: abs(known - pitch))
