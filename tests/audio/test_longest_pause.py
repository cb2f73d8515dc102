"""A piece of speech is cut in two at its longest pause, and nothing that was said is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from smile.audio import vad
from smile.audio.vad import CHUNK, at_longest_pause
from smile.datatypes import SAMPLE_RATE, Speech

Plan = Sequence[tuple[float, float]]  # seconds, and the probability of speech


def piece(monkeypatch: pytest.MonkeyPatch, plan: Plan, start: float = 0.0) -> Speech:
    """A piece of a recording in which speech is as probable as planned."""
    counts = [(round(seconds * SAMPLE_RATE / CHUNK), p) for seconds, p in plan]
    probabilities = np.concatenate([np.full(count, p, np.float32) for count, p in counts])
    monkeypatch.setattr(vad, "speech_probabilities", lambda *_: probabilities)
    samples = np.arange(len(probabilities) * CHUNK, dtype=np.float32)
    return Speech(start, start + len(samples) / SAMPLE_RATE, samples)


def spans(monkeypatch: pytest.MonkeyPatch, plan: Plan, start: float = 0.0) -> list[object]:
    """Where the two are, in seconds of the recording."""
    speech = piece(monkeypatch, plan, start)
    halves = at_longest_pause(speech)
    assert halves is not None
    for half in halves:
        first = round((half.start - start) * SAMPLE_RATE)
        assert half.samples[0] == first
        assert half.end - half.start == pytest.approx(len(half.samples) / SAMPLE_RATE)
    return [(half.start, half.end) for half in halves]


def near(*wanted: tuple[float, float]) -> list[object]:
    return [pytest.approx(span, abs=0.07) for span in wanted]


def test_the_longest_pause_is_cut_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(2, 1), (0.3, 0), (2, 1), (0.8, 0), (2, 1)]
    assert spans(monkeypatch, plan) == near((0, 4.7), (4.7, 7.1))
    assert spans(monkeypatch, plan, 30.5) == near((30.5, 35.2), (35.2, 37.6))


def test_a_long_silence_between_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spans(monkeypatch, [(2, 1), (2.4, 0), (2, 1)]) == near((0, 2.3), (4.1, 6.4))


@pytest.mark.parametrize(
    "plan",
    [
        [(6, 1)],
        [(3, 1), (0.1, 0), (3, 1)],
        [(0.3, 1), (0.4, 0), (5, 1)],
        [(0.8, 0), (5, 1), (0.8, 0)],
        [(5, 0)],
    ],
    ids=["no pause", "too short a pause", "a scrap before it", "silence at the ends", "no speech"],
)
def test_without_a_pause_between_speech_it_is_not_cut(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    assert at_longest_pause(piece(monkeypatch, plan)) is None


def test_nothing_is_cut_of_next_to_nothing() -> None:
    assert at_longest_pause(Speech(0.0, 0.0, np.zeros(0, np.float32))) is None
    assert at_longest_pause(Speech(0.0, 0.01, np.zeros(160, np.float32))) is None


def test_a_place_has_one_time_whatever_it_is_counted_from(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(2, 1), (0.8, 0), (2, 1)]
    for first in range(0, 40 * CHUNK, CHUNK):
        speech = piece(monkeypatch, plan)
        last = first + len(speech.samples)
        halves = at_longest_pause(Speech(first / SAMPLE_RATE, last / SAMPLE_RATE, speech.samples))
        assert halves is not None
        assert halves[0].start == first / SAMPLE_RATE
        assert halves[1].end == last / SAMPLE_RATE, "or what is kept of it would not lie in its segment"
