"""The index of a large pool finds what measuring every clip finds: the same, at the same distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.retrieval import bounded
from smile.retrieval.bounded import BoundedIndex
from smile.retrieval.divergences import distances
from smile.retrieval.leaves import LEAF, leaves
from smile.retrieval.products import PRODUCTS

WIDTH = 24


def embeddings(n: int, seed: int, spread: float = 1.0) -> np.ndarray:
    """Rows that lie mostly in few dimensions, as encoder states do, some of them twice."""
    generator = np.random.default_rng(seed)
    inside = generator.normal(0, 1, (n, 6)) @ generator.normal(0, spread, (6, WIDTH))
    rows = (inside + generator.normal(0, 0.2 * spread, (n, WIDTH))).astype(np.float32)
    rows[n // 2 : n // 2 + 5] = rows[:5]
    return rows


def slow(measure: str, query: np.ndarray, pool: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    row = distances(measure, query[None], pool)[0]
    order = np.argsort(row, kind="stable")[:count]
    return order, row[order]


@pytest.mark.parametrize("measure", PRODUCTS)
@given(seed=st.integers(0, 99), count=st.integers(1, 60), spread=st.sampled_from((0.1, 1.0, 4.0)))
def test_the_nearest_are_those_of_the_slow_search(measure: str, seed: int, count: int, spread: float) -> None:
    pool = embeddings(1500, seed, spread)
    query = pool[seed] + np.random.default_rng(seed).normal(0, 0.1, WIDTH).astype(np.float32)
    rows, found = BoundedIndex.of(measure, pool).nearest(query, count)
    expected, far = slow(measure, query, pool, count)
    np.testing.assert_allclose(found, far, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(distances(measure, query[None], pool[rows])[0], far, rtol=1e-9, atol=1e-12)
    assert set(rows[found < far[-1] - 1e-9].tolist()) == set(expected[far < far[-1] - 1e-9].tolist())


def test_of_equal_clips_the_earlier_comes_first() -> None:
    pool = embeddings(1000, 0)
    rows, far = BoundedIndex.of("kl", pool).nearest(pool[2], 2)
    assert rows.tolist() == [2, 502]
    assert far[0] == far[1]


@given(seed=st.integers(0, 99))
def test_clips_that_may_not_be_chosen_are_not(seed: int) -> None:
    pool, generator = embeddings(1200, seed), np.random.default_rng(seed)
    allowed = generator.random(1200) < generator.choice((0.5, 0.02, 0.001))
    rows, far = BoundedIndex.of("kl", pool).nearest(pool[7], 5, allowed)
    kept = np.flatnonzero(allowed)
    expected, distance = slow("kl", pool[7], pool[kept], 5)
    assert rows.tolist() == kept[expected].tolist()
    np.testing.assert_allclose(far, distance, rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 99))
def test_all_clips_nearer_than_a_distance_are_found(seed: int) -> None:
    pool = embeddings(1200, seed, 0.5)
    row = distances("kl", pool[3][None], pool)[0]
    radius = float(np.sort(row)[40:42].mean())
    rows, far = BoundedIndex.of("kl", pool).within(pool[3], radius)
    assert sorted(rows.tolist()) == np.flatnonzero(row < radius).tolist()
    np.testing.assert_allclose(far, row[rows], rtol=1e-9, atol=1e-12)


def test_clips_are_found_also_where_a_probability_is_0() -> None:
    pool = np.random.default_rng(0).normal(scale=2000, size=(1200, 16)).astype(np.float32)
    row = distances("kl", pool[3][None], pool)[0]
    radius = float(np.median(row))
    rows, _ = BoundedIndex.of("kl", pool).within(pool[3], radius)
    assert sorted(rows.tolist()) == np.flatnonzero(row < radius).tolist()


def test_a_search_in_few_leaves_finds_nearly_all_and_measures_truly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "VISITED", 8)
    pool = embeddings(20_000, 1, 0.5)
    index, hits = BoundedIndex.of("kl", pool), []
    for number in range(50):
        query = pool[number] + np.random.default_rng(number).normal(0, 0.05, WIDTH).astype(np.float32)
        rows, far = index.approximate(query, 3)
        np.testing.assert_allclose(far, distances("kl", query[None], pool[rows])[0], rtol=1e-9, atol=1e-12)
        hits.append(rows[0] == slow("kl", query, pool, 1)[0][0])
    assert np.mean(hits) > 0.9


def test_most_clips_are_ruled_out_by_their_bounds() -> None:
    pool = embeddings(20_000, 2, 0.5)
    index = BoundedIndex.of("kl", pool)
    asked = index._asked(pool[9])
    best = float(np.sort(index._products(asked, np.arange(20_000)))[-3])
    possible = index._possible(asked, best)
    assert 3 <= len(possible) < 2_000


@given(n=st.integers(1, 3000), seed=st.integers(0, 9))
def test_leaves_hold_every_row_once(n: int, seed: int) -> None:
    order, ends = leaves(np.random.default_rng(seed).normal(0, 1, (n, 3)).astype(np.float32))
    assert sorted(order.tolist()) == list(range(n))
    assert ends[-1] == n
    assert np.diff(ends, prepend=0).max() <= LEAF


def test_an_index_of_one_clip_finds_it() -> None:
    pool = embeddings(1000, 0)[:1]
    rows, far = BoundedIndex.of("kl", pool).nearest(pool[0], 3)
    assert rows.tolist() == [0]
    assert far[0] == pytest.approx(0, abs=1e-9)
