"""Test recordings: a signal with the rhythm of speech, and files of it as browsers and phones write them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from smile.audio.io import SHORTEST
from smile.datatypes import SAMPLE_RATE

Signal = NDArray[np.float32]

SOUNDFILE = {
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "pcm16.flac": ("FLAC", "PCM_16"),
    "vorbis.ogg": ("OGG", "VORBIS"),
    "opus.ogg": ("OGG", "OPUS"),
    "layer3.mp3": ("MP3", "MPEG_LAYER_III"),
}
PYAV = {  # container and codec
    "aac.m4a": ("ipod", "aac"),
    "adts.aac": ("adts", "aac"),
    "aac.mp4": ("mp4", "aac"),
    "opus.webm": ("webm", "libopus"),
    "lame.mp3": ("mp3", "libmp3lame"),
    "alac.m4a": ("ipod", "alac"),
}
RATES = {  # what an encoder takes, where it does not take any rate
    "opus.ogg": (8_000, 16_000, 48_000),
    "opus.webm": (8_000, 16_000, 48_000),
    "layer3.mp3": (8_000, 16_000, 44_100, 48_000),
    "lame.mp3": (8_000, 16_000, 44_100, 48_000),
    "aac.m4a": (8_000, 16_000, 44_100, 48_000, 96_000),
    "aac.mp4": (8_000, 16_000, 44_100, 48_000, 96_000),
    "adts.aac": (8_000, 16_000, 44_100, 48_000, 96_000),
}
ANY_RATE = (8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 192_000)
FORMATS = (*SOUNDFILE, *PYAV)


def signal(seconds: float = 2.0, rate: int = SAMPLE_RATE) -> Signal:
    """Syllables of a gliding voice below 3 kHz, the same at every rate -> (seconds * rate,)."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 140 * time + 8 * np.sin(2 * np.pi * 0.7 * time)
    voice = sum(np.sin(2 * np.pi * k * pitch) / k for k in range(1, 16))
    syllables = np.sin(np.pi * 3.1 * time) ** 2 * (0.6 + 0.4 * np.sin(2 * np.pi * 0.37 * time))
    shaped: Signal = (0.25 * voice * syllables).astype(np.float32)
    return shaped


def encode(path: Path, samples: Signal, rate: int, kind: str) -> Path:
    """Write samples (n,) or (n, channels) as one of FORMATS."""
    samples = samples if samples.ndim == 2 else samples[:, None]
    if kind in SOUNDFILE:
        container, subtype = SOUNDFILE[kind]
        soundfile.write(path, samples, rate, format=container, subtype=subtype)
    else:
        _encode_av(path, samples, rate, *PYAV[kind])
    return path


def write_video(path: Path, samples: Signal | None, rate: int = SAMPLE_RATE) -> Path:
    """An MP4 file with ten black frames, and with AAC sound where samples (n,) are given."""
    with av.open(str(path), "w", format="mp4") as container:
        video: Any = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        sound: Any = None if samples is None else container.add_stream("aac", rate=rate, layout="mono")
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if samples is not None:
            encode_stream(container, sound, samples[:, None])
    return path


def _encode_av(path: Path, samples: Signal, rate: int, container: str, codec: str) -> None:
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[1]]
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 96_000 * samples.shape[1]
        encode_stream(output, stream, samples)


def encode_stream(container: Any, stream: Any, samples: Signal) -> None:
    """Encode samples (n, channels) in one go; PyAV cuts them into the encoder's frames."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=stream.layout.name)
    frame.sample_rate, frame.pts = stream.rate, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def similarity(heard: Signal, meant: Signal) -> float:
    """Correlation at the best lag of up to 0.15 s."""
    size = 2 * max(len(heard), len(meant))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(meant, size))
    lags = np.fft.irfft(spectrum, size)[: round(0.15 * SAMPLE_RATE)]
    return float(lags.max() / (np.linalg.norm(heard) * np.linalg.norm(meant)))


def assert_sound(samples: Signal) -> None:
    """What `audio` promises of samples."""
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) >= SHORTEST * SAMPLE_RATE
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


CODECS = {
    **{
        "asf": "wmav2",
        "aiff": "pcm_s16be",
        "caf": "pcm_s16be",
        "au": "pcm_s16be",
        "flv": "aac",
        "tta": "tta",
    },
    **{"wav": "pcm_s16le", "w64": "pcm_s16le", "avi": "pcm_s16le", "matroska": "pcm_s16le", "ogg": "libopus"},
    **{"mpegts": "mp2", "vob": "mp2", "mp3": "libmp3lame", "adts": "aac", "ac3": "ac3", "3gp": "aac"},
    **{"mov": "aac", "wv": "wavpack", "tta": "tta"},
}
"""A codec for each container that PyAV writes."""


def contained(path: Path, container: str, seconds: float = 1.0) -> Path:
    """Write the signal in one of the containers of CODECS, whatever the path ends in."""
    rate = 44_100 if container in ("asf", "flv", "ac3", "mpegts", "vob") else 16_000
    with av.open(str(path), "w", format=container) as file:
        stream: Any = file.add_stream(CODECS[container], rate=rate, layout="mono")
        stream.bit_rate = 64_000
        wave = (32767 * np.clip(signal(seconds, rate), -1, 1)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        frame.sample_rate = rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
