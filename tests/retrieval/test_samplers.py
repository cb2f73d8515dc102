"""Nearest is nearest, random is repeatable, and neither invents an utterance."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import entropy

from smile.datatypes import Neighbour, SmileError, Utterance
from smile.retrieval.samplers import SPARE, Query, choose, of_length, random_sample
from smile.settings import Settings

POOL = np.random.default_rng(0).normal(0, 2, (30, 16)).astype(np.float32)
UTTERANCES = [Utterance(f"u{i}", Path(f"{i}.wav"), f"text {i}") for i in range(30)]


def chosen(sampler: str, query: np.ndarray, shots: int, seed: int = 0, **known: str) -> tuple[Neighbour, ...]:
    wanted = Settings(sampler=sampler, shots=shots, seed=seed)
    return choose(Query(query, **known), POOL, UTTERANCES, wanted)


def test_nearest_equals_a_slow_search() -> None:
    query = POOL[3] + 0.1
    slow = sorted(range(30), key=lambda i: entropy(softmax(query), softmax(POOL[i])))[:5]
    nearest = chosen("nearest", query, 5)
    assert [n.index for n in nearest] == slow
    assert [n.rank for n in nearest] == [1, 2, 3, 4, 5]
    assert [n.utterance.id for n in nearest] == [f"u{i}" for i in slow]
    assert all(a.distance <= b.distance for a, b in itertools.pairwise(nearest))


def test_random_repeats_with_its_seed_and_differs_with_another() -> None:
    def ids(seed: int, key: str = "a") -> list[int]:
        return [n.index for n in chosen("random", POOL[0], 10, seed, key=key)]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    assert ids(1, "a") != ids(1, "b")


def test_random_neighbours_carry_their_true_rank() -> None:
    by_index = {n.index: n.rank for n in chosen("nearest", POOL[0], 30)}
    assert all(by_index[n.index] == n.rank for n in chosen("random", POOL[0], 10))


@given(size=st.integers(1, 50), shots=st.integers(0, 60), seed=st.integers(0, 9))
def test_more_shots_only_add(size: int, shots: int, seed: int) -> None:
    some, more = random_sample(size, shots, seed), random_sample(size, shots + 1, seed)
    assert len(some) == min(size, shots)
    assert len(set(some.tolist())) == len(some)
    np.testing.assert_array_equal(some, more[: len(some)])


def test_unknown_sampler_says_which_there_are() -> None:
    with pytest.raises(SmileError, match="nearest, random, draft, mixed"):
        chosen("best", POOL[0], 1)


def test_a_draft_finds_the_text_that_it_is_like() -> None:
    nearest = chosen("draft", POOL[0], 1, draft="text 17")
    assert nearest[0].utterance.id == "u17"
    assert nearest[0].distance == pytest.approx(0)


def test_a_mixture_goes_by_both_measures() -> None:
    by_sound, by_draft = (chosen(s, POOL[3], 30, draft="text 21") for s in ("nearest", "draft"))
    rows = []
    for ranked in (by_sound, by_draft):
        row = np.array([n.distance for n in sorted(ranked, key=lambda n: n.index)])
        rows.append((row - row.mean()) / row.std())
    mixed = chosen("mixed", POOL[3], 30, draft="text 21")
    assert [n.index for n in mixed] == np.argsort(rows[0] + rows[1], kind="stable").tolist()


@given(
    seconds=st.lists(st.floats(0.5, 20), min_size=1, max_size=60),
    shots=st.integers(0, 10),
    total=st.floats(1, 25),
)
def test_clips_of_a_length_come_to_the_total(seconds: list[float], shots: int, total: float) -> None:
    indices = of_length(seconds, shots, total)
    assert indices == sorted(set(indices))
    assert len(indices) == min(len(seconds), SPARE * shots)
    if indices:
        worst = max(abs(seconds[i] - total / shots) for i in indices)
        assert all(abs(s - total / shots) >= worst for i, s in enumerate(seconds) if i not in indices)
