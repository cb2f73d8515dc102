"""Placing a query among fixed points, and trust figures against scikit-learn's and slow ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score

from smile.maps.fit import silhouette
from smile.maps.placement import place, trust
from smile.pools.pool import open_pool
from smile.retrieval.divergences import euclidean, kl
from tests.conftest import POOLS

POOL = open_pool(POOLS / "gla")


@pytest.fixture
def cloud():
    """60 embeddings in three clusters, and a poor map of them: their first two dimensions with noise."""
    rng = np.random.default_rng(3)
    centres = rng.normal(0, 1, (3, 24))
    embeddings = (centres.repeat(20, axis=0) + rng.normal(0, 0.4, (60, 24))).astype(np.float32)
    shown = (embeddings[:, :2] + rng.normal(0, 0.2, (60, 2))).astype(np.float32)
    return embeddings, shown, ["a"] * 20 + ["b"] * 20 + ["c"] * 20


# Placing


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_pools_own_clip_lands_on_its_own_point(dimensions):
    points = np.random.default_rng(0).normal(0, 5, (len(POOL), dimensions)).astype(np.float32)
    rows = kl(POOL.embeddings, POOL.embeddings)
    placed = np.array([place(points, row) for row in rows])
    assert np.abs(placed - points).max() < 1e-3


def test_a_slightly_other_embedding_of_a_clip_lands_near_it():
    points = np.random.default_rng(0).normal(0, 5, (len(POOL), 2)).astype(np.float32)
    heard = POOL.embeddings + np.random.default_rng(1).normal(0, 0.02, POOL.embeddings.shape)
    placed = np.array([place(points, row) for row in kl(heard.astype(np.float32), POOL.embeddings)])
    assert np.linalg.norm(placed - points, axis=1).max() < 0.5


def test_a_query_between_two_points_lands_between_them():
    points = np.array([[0, 0], [2, 0], [90, 90]], np.float32)
    assert place(points, np.array([0.5, 0.5, 9.0])) == pytest.approx([1.0, 0.0], abs=1e-3)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(1, 20))
def test_a_query_stays_within_the_map(row, support):
    points = np.random.default_rng(len(row)).normal(0, 5, (len(row), 2)).astype(np.float32)
    placed = place(points, np.array(row), support)
    assert np.isfinite(placed).all()
    assert (placed >= points.min(axis=0) - 1e-3).all()
    assert (placed <= points.max(axis=0) + 1e-3).all()


# Trust


@pytest.mark.parametrize("near", [1, 5, 10, 25])
def test_trust_agrees_with_scikit_learn(cloud, near):
    embeddings, shown, _ = cloud
    true, seen = kl(embeddings, embeddings), euclidean(shown, shown)
    np.fill_diagonal(true, 0)
    trusted = trust(true, seen, near)
    assert trusted.trustworthiness == pytest.approx(
        trustworthiness(true, shown, n_neighbors=near, metric="precomputed")
    )
    turned = trust(seen, euclidean(embeddings, embeddings), near)
    reference = trustworthiness(embeddings, shown, n_neighbors=near)
    assert turned.continuity == pytest.approx(reference), "continuity is trustworthiness, sides exchanged"


def test_the_share_of_near_ones_against_a_slow_count(cloud):
    embeddings, shown, _ = cloud
    true, seen = kl(embeddings, embeddings), euclidean(shown, shown)
    both = 0
    for i in range(len(shown)):
        others = [j for j in range(len(shown)) if j != i]
        near_true = set(sorted(others, key=lambda j: true[i, j])[:7])
        near_seen = set(sorted(others, key=lambda j: seen[i, j])[:7])
        both += len(near_true & near_seen)
    assert trust(true, seen, 7).share == pytest.approx(both / (7 * len(shown)))


def test_a_map_that_is_the_truth_is_trusted(cloud):
    embeddings, *_ = cloud
    true = euclidean(embeddings, embeddings)
    trusted = trust(true, true)
    assert (trusted.trustworthiness, trusted.continuity, trusted.share) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_few_points_have_figures_too(size):
    points = np.random.default_rng(0).normal(0, 1, (size, 2)).astype(np.float32)
    seen = euclidean(points, points)
    assert trust(seen, seen).trustworthiness == 1.0


def test_silhouettes_of_distances_are_those_of_points(cloud):
    _, shown, labels = cloud
    distances = euclidean(shown, shown) + np.eye(len(shown), dtype=np.float32)
    assert silhouette(distances, labels) == pytest.approx(silhouette_score(shown, labels), abs=1e-5)
    alone = ["d", *labels[1:]]
    assert silhouette(distances, alone) == pytest.approx(silhouette_score(shown, alone), abs=1e-5)
    assert silhouette(distances, ["a"] * 60) is None
    assert silhouette(distances, [str(n) for n in range(60)]) == 0.0
