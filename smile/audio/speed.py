"""Speed perturbation (Ko et al. 2015): the same speech said faster or slower, pitch and all."""

from __future__ import annotations

import numpy as np

from smile.audio.io import resampled
from smile.datatypes import SAMPLE_RATE, Samples


def at_speed(samples: Samples, speed: float) -> Samples:
    """Return samples (n,) at so many times their speed: about n / speed of them."""
    if speed == 1.0:
        return samples
    said = np.concatenate([samples[:0], *resampled([(round(SAMPLE_RATE * speed), samples)])])
    return said if len(said) else samples  # too few to be resampled
