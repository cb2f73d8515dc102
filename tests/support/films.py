"""Films whose tracks have tones at known times, and no packets in between."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.support.sounds import Signal

CODECS = {  # rates and frames of sound
    "libopus": (48_000, 960),
    "aac": (44_100, 1024),
    "flac": (16_000, 1152),
    "libmp3lame": (44_100, 1152),
    "vorbis": (44_100, 1024),
    "pcm_s16le": (16_000, 320),
    "pcm_f32le": (16_000, 320),
}
PICTURES = {"ogg": "vp8", "asf": "msmpeg4v3"}  # where it is not mpeg4
OPTIONS = {"ogg": {"page_duration": "1"}}  # a packet a page, as a page that holds a hole does not say where
Tone = tuple[float, float]  # when it begins, and the seconds that it lasts
NEAR = 0.02  # seconds


def tone(seconds: float, rate: int) -> Signal:
    wave: Signal = (0.4 * np.sin(2 * np.pi * 500 * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )
    return wave


def film(
    path: Path, kind: tuple[str, str], tracks: list[list[Tone]], default: int = 0, jitter: float = 0.0
) -> Path:
    """A video that begins at 0, and tracks of tones, with no packets where no tone is."""
    container, codec = kind
    rate, size = CODECS[codec]
    with av.open(str(path), "w", format=container, options=OPTIONS.get(container, {})) as output:
        video: Any = output.add_stream(PICTURES.get(container, "mpeg4"), rate=10)
        video.width = video.height = 64
        channels = "stereo" if codec == "vorbis" else "mono"  # FFmpeg's own encoder takes no other
        sounds: list[Any] = [output.add_stream(codec, rate=rate, layout=channels) for _ in tracks]
        for number, sound in enumerate(sounds):
            sound.disposition = 1 if number == default else 0
        packets = []
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            packets += video.encode(picture)
        packets += video.encode(None)
        for sound, tones in zip(sounds, tracks, strict=True):
            packets += spread(sound, tones, rate, size)
        for number, packet in enumerate(packets):
            packet.pts += round((number % 5) * jitter / packet.time_base) if packet.stream in sounds else 0
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            output.mux(packet)
    return path


def spread(sound: Any, tones: list[Tone], rate: int, size: int) -> list[Any]:
    """The packets of tones, encoded one after the other, each moved to its time."""
    lengths = [-(-round(seconds * rate) // size) * size for _, seconds in tones]
    samples = np.concatenate([np.resize(tone(size / rate, rate), n) for n in lengths])
    packets = encoded(sound, samples, rate, size)
    ends = np.cumsum(lengths)
    for packet in packets:
        part = min(int(np.searchsorted(ends, max(packet.pts, 0), "right")), len(tones) - 1)
        shift = round(tones[part][0] * rate) - (ends[part] - lengths[part])
        packet.pts += int(shift)
        packet.dts = packet.pts
    return packets


def encoded(sound: Any, samples: Signal, rate: int, size: int) -> list[Any]:
    """The packets of samples, of frames of so many."""
    if sound.name == "vorbis":
        sound.codec_context.options = {"strict": "experimental"}
    channels = 2 if sound.name == "vorbis" else 1
    packets = []
    for at in range(0, len(samples), size):
        piece = np.tile(samples[at : at + size], (channels, 1))
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo" if channels == 2 else "mono")
        frame.sample_rate, frame.pts = rate, at
        packets += sound.encode(frame)
    return [*packets, *sound.encode(None)]


def loud(samples: Signal) -> list[Tone]:
    """The tones in samples, as runs of 5 ms that are loud."""
    blocks = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    edges = np.flatnonzero(np.diff(np.abs(blocks).max(1) > 0.1, prepend=False, append=False)) / 200
    return [(float(a), float(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
