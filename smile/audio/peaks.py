"""The outline of a recording, as a waveform shows it."""

from __future__ import annotations

import math

import numpy as np

from smile.datatypes import SAMPLE_RATE, Samples

PER_SECOND, MOST = 50, 4000  # values of a second, and of a recording, however long


def peaks(samples: Samples, per_second: int = PER_SECOND, most: int = MOST) -> tuple[int, ...]:
    """Return how loud each of some equal stretches of samples (n,) is, in percent of the loudest.

    They are so many a second, and `most` in all, where they would be more.
    """
    if not len(samples):
        return ()
    step = max(SAMPLE_RATE // per_second, math.ceil(len(samples) / most))
    loud = np.maximum.reduceat(np.abs(samples), np.arange(0, len(samples), step))
    top = float(loud.max())
    return () if top <= 0 else tuple(np.rint(100 * loud / top).astype(int).tolist())
