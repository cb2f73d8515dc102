"""Log-mel features, as Whisper's encoder takes them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import SAMPLE_RATE, Matrix, Samples

N_FFT = 400  # samples under the window of one frame, 25 ms
HOP = 160  # samples from one frame to the next, 10 ms
FRAMES_PER_SECOND = SAMPLE_RATE // HOP  # 100 log-mel frames
STATES_PER_SECOND = FRAMES_PER_SECOND // 2  # 50 encoder states: its second convolution has stride 2
WINDOW = 30.0  # seconds that Whisper was trained on
HANN = np.hanning(N_FFT + 1)[:-1].astype(np.float32)  # periodic


def log_mel(samples: Samples, seconds: float = WINDOW, mels: int = 80) -> Matrix:
    """Return Whisper's features (mels, 100 * seconds) of samples (n,), padded with zeros or cut to `seconds`.

    The recipe of openai/whisper, audio.py; a window other than 30 s ends in the same reflected padding.
    """
    frames = round(seconds * FRAMES_PER_SECOND)
    padded = np.zeros(frames * HOP, np.float32)
    samples = samples[: len(padded)]
    padded[: len(samples)] = samples
    padded = np.pad(padded, N_FFT // 2, mode="reflect")
    sounding = min(frames, (len(samples) + N_FFT // 2) // HOP + 1)  # the rest sees zeros only
    pieces = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:sounding]
    spectrum = np.fft.rfft(pieces * HANN, axis=1)  # (sounding, 201)
    power = spectrum.real**2 + spectrum.imag**2
    features = np.full((mels, frames), -10.0, np.float32)
    features[:, :sounding] = np.log10(np.maximum(mel_filters(mels) @ power.T, 1e-10))
    scaled: Matrix = (np.maximum(features, features.max() - 8.0) + 4.0) / 4.0
    return scaled


@lru_cache(maxsize=4)
def mel_filters(mels: int = 80) -> Matrix:
    """Return Slaney's mel filter bank (mels, 201) with area normalisation, 0 to 8 kHz."""
    bins = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    top = 15.0 + 27.0 * np.log(SAMPLE_RATE / 2 / 1000.0) / np.log(6.4)
    edges = _hertz(np.linspace(0.0, top, mels + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    bank: Matrix = (triangles * 2.0 / (edges[2:] - edges[:-2])[:, None]).astype(np.float32)
    return bank


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Hz of Slaney's mel scale: linear up to 1 kHz at 15 mels, then a factor of 6.4 in 27."""
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * 6.4 ** ((mel - 15.0) / 27.0))
