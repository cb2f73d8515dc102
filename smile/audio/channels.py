"""Values of any numeric type and any number of channels as one channel of floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import AudioError, Samples

CANCELLED = 0.1  # of what unrelated channels leave of their power in their mean; less is cancelled
MEMORY = 50_000  # values of a channel over which that is judged; 1 s at 48 kHz
SIZES = 130  # of floats over 1, by powers of 2
FEW, TINY = 32, 1e-4  # values, and a part of all, that are clicks where they are far larger than the others


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


class Levels:
    """Counts the values of a recording by their size, to find its peak but for clicks.

    Clicks are values of more than twice the size that at most so many others go beyond: FEW, or TINY of all
    that are not 0. What is within full scale is one size, so that clicks in it are none.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(SIZES, np.int64)  # by powers of 2: up to 1, up to 2, up to 4
        self._largest = np.zeros(SIZES)

    def add(self, values: NDArray[Any]) -> None:
        """Count floats of any shape; integers, which span their type, and what is no number do not count."""
        if values.dtype.kind != "f" or not values.size:
            return
        sizes = np.abs(values)
        self._counts[0] += np.count_nonzero(sizes) - np.count_nonzero(sizes > 1)
        self._largest[0] = max(self._largest[0], float(sizes.max(initial=0.0, where=sizes <= 1)))
        sizes = sizes[(sizes > 1) & np.isfinite(sizes)]
        places = np.clip(np.ceil(np.log2(sizes)), 0, SIZES - 1).astype(np.int64)
        self._counts += np.bincount(places, minlength=SIZES)
        np.maximum.at(self._largest, places, sizes)

    @property
    def peak(self) -> float:
        """Return the largest absolute value but for clicks; 0 without any."""
        over = np.cumsum(self._counts[::-1])[::-1]  # values of at least that size
        often = np.flatnonzero(over > max(FEW, TINY * over[0]))
        usual = int(often[-1]) if often.size else 0
        return float(self._largest[: usual + 2].max())


def peak(values: NDArray[Any]) -> float:
    """Return the largest absolute value of floats but for clicks; 1 for integers, which span their type."""
    if values.dtype.kind != "f":
        return 1.0
    levels = Levels()
    levels.add(values)
    return levels.peak


def _floats(values: NDArray[Any]) -> NDArray[Any]:
    """Integers divided by the half of their type's range; floats as they are."""
    if values.dtype.kind not in "iu":
        return values
    half = (int(np.iinfo(values.dtype).max) + 1) // (1 if values.dtype.kind == "i" else 2)
    return values.astype(np.float32) / half - (values.dtype.kind == "u")
