"""How live text is measured: what is shown when, on a clock of the computing's own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

import numpy as np
import pytest

from smile.acoustic.live import LiveTranscriber
from smile.bench.live import CHUNK, Measured, Shown, delays, measure, simulated
from smile.datatypes import SAMPLE_RATE
from tests.support.tones import head, models, spoken

TEXT = "abc def gab fed cab bad cafe fade deed facade bee cage"


def clock(took: float) -> Callable[[], float]:
    """A clock by which each step takes so long."""
    times = chain.from_iterable((0.0, took) for _ in repeat(None))
    return lambda: next(times)


@pytest.mark.parametrize("took", [0.0, 0.1, 0.9])
def test_answers_come_after_the_sound_and_the_seconds_of_their_steps(took: float) -> None:
    samples = spoken(TEXT)
    seconds = len(samples) / SAMPLE_RATE
    shown, steps, skipped = simulated(LiveTranscriber(models().smile, head()), samples, clock(took))
    assert shown[-1].text == TEXT
    assert set(steps) == {took}
    assert skipped == 0
    at = np.array([one.at for one in shown])
    assert np.diff(at)[:-1].min() >= max(took, CHUNK) - 1e-9
    assert at[0] == pytest.approx(CHUNK + took)
    assert seconds + took <= at[-1] <= seconds + 2 * took + CHUNK
    assert len(steps) <= seconds / max(took, CHUNK) + 2


def test_steps_that_take_longer_than_a_window_skip() -> None:
    shown, _, skipped = simulated(LiveTranscriber(models().smile, head()), spoken(TEXT * 4), clock(12.0))
    assert skipped > 0
    assert "\u2026" in shown[-1].text


def test_a_word_has_appeared_when_it_is_shown_as_it_stays() -> None:
    shown = [
        Shown(1.0, "a"),
        Shown(1.5, "ab c"),
        Shown(2.0, "ab cd"),
        Shown(2.5, "ax cd"),
        Shown(3.0, "ab cd e"),
    ]
    half, whole, stays = zip(*delays([0.8, 1.9, 2.9], ["ab", "cd", "e"], shown), strict=True)
    assert half == pytest.approx([0.2, -0.4, 0.1])
    assert whole == pytest.approx([0.7, 0.1, 0.1])
    assert stays == pytest.approx([2.2, 0.1, 0.1])
    assert delays([0.8], ["ab", "cd"], shown) == []


def test_words_of_tones_appear_within_a_second() -> None:
    measured = Measured()
    text = measure(models().smile, head(), spoken(TEXT), measured)
    assert text == TEXT
    assert len(measured.delays) == len(TEXT.split())
    assert measured.seconds == pytest.approx(len(spoken(TEXT)) / SAMPLE_RATE)
    assert min(delay.whole for delay in measured.delays) > -0.2
    assert all(delay.half <= delay.whole <= delay.stays for delay in measured.delays)
    assert measured.row()["words"] == len(TEXT.split())
