"""Probabilities of what a decoder gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_softmax(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log probabilities (vocabulary,) of logits (vocabulary,)."""
    shifted = row - row.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def softmax(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities (vocabulary,) of logits (vocabulary,)."""
    return np.exp(log_softmax(row))
