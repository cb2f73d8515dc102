"""The outline of a recording: as many values as a waveform can show, the loudest 100."""

from __future__ import annotations

import numpy as np
import pytest

from smile.audio.peaks import MOST, peaks
from smile.datatypes import SAMPLE_RATE


def test_each_value_is_the_loudest_of_its_stretch() -> None:
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[10], samples[-1] = -0.5, 0.25
    found = peaks(samples, per_second=4)
    assert found == (100, 0, 0, 50)


@pytest.mark.parametrize("seconds", [1, 30, 600])
def test_there_are_no_more_than_may_be(seconds: int) -> None:
    noise = np.random.default_rng(seconds).uniform(-1, 1, seconds * SAMPLE_RATE).astype(np.float32)
    found = peaks(noise)
    assert len(found) == min(50 * seconds, MOST)
    assert max(found) == 100
    assert min(found) > 50


def test_silence_and_nothing_have_no_outline() -> None:
    assert peaks(np.zeros(100, np.float32)) == ()
    assert peaks(np.zeros(0, np.float32)) == ()
