"""Alignment by Viterbi, against a search that tries every way of the frames through a trellis."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.acoustic import viterbi
from smile.acoustic.trellis import INSIDE, LINE, WILD, WORD, Prices, Trellis
from smile.acoustic.viterbi import best_path
from smile.datatypes import SmileError
from smile.util.timing import finished

SPACE, SYMBOLS = 1, 5
words = st.lists(st.sampled_from([2, 3, 4, WILD]), min_size=0, max_size=2)
texts = st.lists(st.lists(words, max_size=2), max_size=3)


def logprobs_of(frames: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(scale=2.5, size=(frames, SYMBOLS))
    return (values - np.logaddexp.reduce(values, axis=1, keepdims=True)).astype(np.float32)


def worth(path: tuple[int, ...], logprobs: np.ndarray, trellis: Trellis) -> float:
    """The score of states of frames, by the rules as the module says them; -inf where they break one."""
    total, before = 0.0, 0
    for frame, state in enumerate(path):
        row = logprobs[frame]
        spoken = trellis.prices.speech * (1 - np.exp(row[0]))
        anything = max(row[0], row[SPACE], row.max() - spoken)
        if state % 2:
            label = trellis.labels[state // 2]
            total += anything if label == WILD else row[label]
        else:
            total += {INSIDE: row[0], WORD: max(row[0], row[SPACE]), LINE: anything}[trellis.gaps[state // 2]]
        total -= moved(before, state, frame, trellis)
        before = state
    return total - ended(before, trellis)


def moved(before: int, state: int, frame: int, trellis: Trellis) -> float:
    """What a move costs; inf where none is allowed."""
    leap = state % 2 == 1 and state > 1
    if leap:
        a, b = trellis.labels[state // 2 - 1], trellis.labels[state // 2]
        leap = a != b or b == WILD
    if state - before in (0, 1) or (state - before == 2 and leap):
        return 0.0
    gaps = trellis.line_gaps.tolist()
    costs = [np.inf]
    for middle in gaps:  # over lines, in the frame before, and then on
        if frame and before in gaps and before < middle <= state:
            lines = gaps.index(middle) - gaps.index(before)
            costs.append(lines * trellis.prices.line + moved(middle, state, 0, trellis))
    return min(costs)


def ended(state: int, trellis: Trellis) -> float:
    """What it costs to end in a state."""
    gaps = trellis.line_gaps.tolist()
    if state >= trellis.states - 2:
        return 0.0
    return (len(gaps) - 1 - gaps.index(state)) * trellis.prices.line if state in gaps else np.inf


@settings(max_examples=40)
@given(texts, st.integers(1, 4), st.integers(0, 99), st.sampled_from([0.5, 3.0, np.inf]))
def test_it_finds_the_best_of_all_ways(text: list, frames: int, seed: int, price: float) -> None:
    trellis, logprobs = Trellis.of(text, SPACE, Prices(1.0, price)), logprobs_of(frames, seed)
    if trellis.states > 9:
        trellis = Trellis.of(text[:1], SPACE, trellis.prices)
    best = max(
        worth(path, logprobs, trellis)
        for path in product(range(trellis.states), repeat=frames)
        if list(path) == sorted(path)
    )
    if best == -np.inf:
        with pytest.raises(SmileError, match="too long"):
            finished(best_path(logprobs, trellis))
        return
    found = finished(best_path(logprobs, trellis))
    assert worth(tuple(found.tolist()), logprobs, trellis) == pytest.approx(best, abs=2e-3)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    lines = [[rng.integers(2, SYMBOLS, 4).tolist() for _ in range(3)] for _ in range(12)]
    trellis, logprobs = Trellis.of(lines, SPACE, Prices(1.0, 2.0)), logprobs_of(300, 1)
    steps = list(best_path(logprobs, trellis))
    path = finished(best_path(logprobs, trellis))
    assert steps[-1] == (600, 600)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    monkeypatch.setattr(viterbi, "isqrt", lambda frames: frames)
    np.testing.assert_array_equal(path, finished(best_path(logprobs, trellis)))


def test_a_line_that_is_not_spoken_is_passed_over_and_speech_of_no_line_is_left() -> None:
    spoken = [2, 3, 2, 4, 4, 3, 3, 2]
    logprobs = np.full((2 * len(spoken), SYMBOLS), -9.0, np.float32)
    logprobs[0::2, 0] = logprobs[np.arange(1, 2 * len(spoken), 2), spoken] = 0.0
    lines = [[[2, 3, 2]], [[4, 2, 4, 2, 4]], [[3, 3, 2]]]
    path = finished(best_path(logprobs, Trellis.of(lines, SPACE, Prices(1.0, 2.0))))
    labels = list(dict.fromkeys(path[path % 2 == 1].tolist()))
    assert labels == [1, 3, 5, 17, 19, 21], "the first line and the last, and nothing of the second"
    assert set(path[6:10]) <= {6, 16}, "the two fours in the middle belong to no line"


def test_words_of_nothing_and_no_text_at_all() -> None:
    assert Trellis.of([[[], []], []]).states == 1
    assert finished(best_path(logprobs_of(4, 0), Trellis.of([]))).tolist() == [0] * 4
    trellis = Trellis.of([[[2], [], [3, 3]]], SPACE)
    assert trellis.gaps.tolist() == [LINE, WORD, INSIDE, LINE]
    assert (
        replace(trellis, prices=Prices(line=np.inf)).leaps.tolist()
        == [False, False, False, True] + [False] * 3
    )
