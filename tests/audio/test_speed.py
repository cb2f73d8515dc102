"""Samples at another speed."""

from __future__ import annotations

import numpy as np
import pytest

from smile.audio.speed import at_speed
from smile.datatypes import SAMPLE_RATE


def tone(pitch: float, seconds: float) -> np.ndarray:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 * np.sin(2 * np.pi * pitch * at)).astype(np.float32)


@pytest.mark.parametrize("speed", [0.9, 1.1, 2.0])
def test_a_tone_is_as_much_shorter_as_it_is_higher(speed: float) -> None:
    slow = tone(440.0, 2.0)
    fast = at_speed(slow, speed)
    assert len(fast) == pytest.approx(len(slow) / speed, rel=0.01)
    loudest = int(np.abs(np.fft.rfft(fast)).argmax()) * SAMPLE_RATE / len(fast)
    assert loudest == pytest.approx(440.0 * speed, abs=2.0)


def test_its_own_speed_changes_nothing() -> None:
    samples = tone(440.0, 0.1)
    assert at_speed(samples, 1.0) is samples


@pytest.mark.parametrize("count", [0, 1, 20, 40])
def test_samples_that_are_too_few_stay(count: int) -> None:
    assert len(at_speed(np.full(count, 0.5, np.float32), 1.1)) <= count
