"""Values of any numeric type and any number of channels as one channel of floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import AudioError, Samples

CANCELLED = 0.1  # of what unrelated channels leave of their power in their mean; less is cancelled
MEMORY = 50_000  # values of a channel over which that is judged; 1 s at 48 kHz


class Mixer:
    """Mixes the blocks of one recording to their mean over channels, or to one where channels cancel out."""

    def __init__(self, subject: str, peak: float = 1.0):
        """Take what errors call the recording, and its peak, which is scaled to 1 where over it."""
        self._subject, self._peak = subject, max(peak, 1.0)
        self._mean_power, self._powers = 0.0, np.zeros(1)
        self._one: int | None = None  # the channel that stands for all

    def mono(self, values: NDArray[Any]) -> Samples:
        """Return values (n, channels) of any numeric type as (n,) in [-1, 1].

        Raises:
            AudioError: there are values that are not numbers.
        """
        values = _floats(values)
        if not np.isfinite(values).all():
            raise AudioError(f"{self._subject} holds values that are not numbers; export it again.")
        if self._peak > 1.0:
            values = values / self._peak
        values = np.clip(values, -1.0, 1.0)
        mean: Samples = values.mean(axis=1, dtype=np.float32)
        if values.shape[1] == 1 or not len(values):
            return mean
        self._judge(values, mean)
        return mean if self._one is None else values[:, self._one].astype(np.float32)

    def _judge(self, values: NDArray[Any], mean: Samples) -> None:
        """Decide whether channels cancel out, by their powers of late, and if so choose the loudest."""
        if len(self._powers) != values.shape[1]:
            self._mean_power, self._powers, self._one = 0.0, np.zeros(values.shape[1]), None
        left = np.exp(-len(values) / MEMORY)
        self._mean_power = left * self._mean_power + len(mean) * float(mean.var())
        self._powers = left * self._powers + len(values) * values.var(axis=0)
        if self._mean_power * len(self._powers) >= CANCELLED * self._powers.mean():
            self._one = None
        elif self._one is None:
            self._one = int(self._powers.argmax())


def peak(values: NDArray[Any]) -> float:
    """Return the largest absolute value of floats, 0 without any; 1 for integers, which span their type."""
    if values.dtype.kind != "f":
        return 1.0
    return float(np.abs(values).max(initial=0.0))


def _floats(values: NDArray[Any]) -> NDArray[Any]:
    """Integers divided by the half of their type's range; floats as they are."""
    if values.dtype.kind not in "iu":
        return values
    half = (int(np.iinfo(values.dtype).max) + 1) // (1 if values.dtype.kind == "i" else 2)
    return values.astype(np.float32) / half - (values.dtype.kind == "u")
