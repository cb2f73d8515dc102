"""The kNN-LM: exact search, a weight only where they help, a mixture that adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.decoding.knn.datastore import NEIGHBOURS, AdaptiveWeight, Datastore, KnnLM, Observed, fit
from smile.decoding.search import Beam
from smile.whisper.logits import softmax

D, VOCABULARY = 8, 50


def store(helpful: bool, seed: int = 0) -> tuple[Datastore, Observed]:
    """Keys in 20 clusters over 30 clips; the token follows from the cluster, or from nothing."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(0, 10, (20, D))
    cluster = generator.integers(0, 20, 600)
    keys = (centres[cluster] + generator.normal(0, 0.5, (600, D))).astype(np.float32)
    tokens = cluster if helpful else generator.integers(0, 50, 600)
    clips = np.repeat(np.arange(30), 20)
    made = Datastore(keys, tokens.astype(np.int64), clips)
    doubtful = np.full(600, np.log(0.2)), np.full(600, 0.3)
    return made, Observed(*doubtful)


def test_the_nearest_are_those_of_a_slow_search_without_the_clip_itself() -> None:
    made, _ = store(True)
    hidden = made.keys[:3] + 0.1
    squares, indices = made.nearest(hidden, without=0)
    for row, state in enumerate(hidden):
        slow = ((made.keys - state) ** 2).sum(axis=1)
        slow[made.clips == 0] = np.inf
        assert set(indices[row]) == set(np.argsort(slow)[:NEIGHBOURS])
        np.testing.assert_allclose(squares[row], slow[indices[row]], rtol=1e-3, atol=1e-2)
    assert not np.isin(indices, np.flatnonzero(made.clips == 0)).any()


def test_the_weight_is_high_where_neighbours_help_and_low_where_they_do_not() -> None:
    weights = {}
    for helpful in (True, False):
        made, observed = store(helpful)
        fitted = fit(made, observed)
        weights[helpful] = fitted(np.array([fitted.scale]), np.array([0.3]))[0]
    assert weights[True] > 0.7
    assert weights[False] < 0.1


@given(st.integers(0, 1000))
def test_a_mixture_is_a_distribution_and_keeps_the_mask(seed: int) -> None:
    made, _ = store(True)
    made = replace(made, weight=AdaptiveWeight(0.5, 0.0, 0.0, 1.0, 1.0))
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, VOCABULARY).astype(np.float32)
    logits[generator.permutation(VOCABULARY)[:15]] = -np.inf
    mixed = softmax(KnnLM(made)(logits, Beam(), made.keys[seed % 600]))
    assert mixed.sum() == pytest.approx(1.0, abs=1e-4)
    assert (mixed[~np.isfinite(logits)] == 0).all()


def test_no_weight_or_no_strength_changes_nothing() -> None:
    made, _ = store(True)
    logits = np.arange(VOCABULARY, dtype=np.float32)
    assert KnnLM(made)(logits, Beam(), made.keys[0]) is logits
    open_ = replace(made, weight=AdaptiveWeight(5.0, 0.0, 0.0, 1.0, 1.0))
    assert KnnLM(open_, strength=0.0)(logits, Beam(), made.keys[0]) is logits
