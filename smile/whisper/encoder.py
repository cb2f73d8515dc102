"""A clip's encoder states, and the one vector of them that retrieval compares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smile.audio.features import STATES_PER_SECOND, log_mel
from smile.datatypes import SAMPLE_RATE, LayerStates, Matrix, Recognizer, Samples, Vector
from smile.settings import WINDOWS

SILENCE = 1.0  # seconds of silence that a short window keeps after the speech


def window_for(seconds: float, windows: Sequence[float] = WINDOWS) -> float:
    """Return the shortest window that holds so much audio and the silence after it; else the longest."""
    return next((w for w in sorted(windows) if seconds + SILENCE <= w), max(windows))


def encode(recognizer: Recognizer, samples: Samples, windows: Sequence[float] = WINDOWS) -> Matrix:
    """Return the states (frames, d) of the whole window that holds samples (n,), silence included."""
    window = window_for(len(samples) / SAMPLE_RATE, windows)
    return recognizer.encode(log_mel(samples, window, recognizer.mels))


def encode_layers(
    recognizer: Recognizer, samples: Samples, layers: Sequence[int], windows: Sequence[float] = WINDOWS
) -> tuple[Matrix, LayerStates]:
    """Return what `encode` does, and in the same pass the outputs (layers, frames, d) of encoder layers."""
    window = window_for(len(samples) / SAMPLE_RATE, windows)
    return recognizer.encode_layers(log_mel(samples, window, recognizer.mels), layers)


def own_frames(states: Matrix, seconds: float) -> Matrix:
    """Return the states (frames, d) of the audio itself, without those of the silence after it."""
    return states[: max(1, round(seconds * STATES_PER_SECOND))]


def pooled(states: Matrix, seconds: float) -> Vector:
    """Return the mean (d,) over a clip's own frames: the embedding of METHOD (mean of the last states)."""
    return own_frames(states, seconds).mean(axis=0, dtype=np.float64).astype(np.float32)
