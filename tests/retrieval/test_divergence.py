"""Every measure against a slow reference by scipy, and what makes it a divergence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cosine, euclidean, jensenshannon
from scipy.special import softmax
from scipy.stats import entropy

from smile.datatypes import SmileError
from smile.retrieval.divergences import DIVERGENCES, distances, log_softmax

SLOW = {
    "kl": lambda a, b: entropy(softmax(a), softmax(b)),
    "kl-reverse": lambda a, b: entropy(softmax(b), softmax(a)),
    "js": lambda a, b: jensenshannon(softmax(a), softmax(b)) ** 2,
    "cosine": cosine,
    "euclidean": euclidean,
}


def embeddings(n: int, d: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (n, d)).astype(np.float32)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_equals_a_slow_reference(name: str) -> None:
    queries, pool = embeddings(7, seed=1), embeddings(20, seed=2)
    slow = [[SLOW[name](q.astype(float), p.astype(float)) for p in pool] for q in queries]
    np.testing.assert_allclose(distances(name, queries, pool), slow, rtol=1e-6, atol=1e-9)


def test_kl_ranks_as_one_inner_product_does() -> None:
    queries, pool = embeddings(5, seed=3), embeddings(40, seed=4)
    lifted = np.hstack([pool, -np.log(np.exp(pool.astype(float)).sum(1))[:, None]])
    probes = np.hstack([np.exp(log_softmax(queries)), np.ones((5, 1))])
    by_product = np.argsort(-(probes @ lifted.T), axis=1, kind="stable")
    by_kl = np.argsort(distances("kl", queries, pool), axis=1, kind="stable")
    np.testing.assert_array_equal(by_product, by_kl)


@pytest.mark.parametrize("name", DIVERGENCES)
@given(data=st.data())
@settings(max_examples=30)
def test_never_negative_and_zero_on_itself(name: str, data: st.DataObject) -> None:
    finite = st.floats(-30, 30, width=32)
    h = data.draw(arrays(np.float32, (4, 8), elements=finite)) + np.float32(0.01)
    matrix = distances(name, h, h)
    assert matrix.min() > -1e-6
    np.testing.assert_allclose(np.diag(matrix), 0, atol=1e-6 if name != "cosine" else 1e-5)


def test_temperature_softens() -> None:
    queries, pool = embeddings(3), embeddings(9, seed=5)
    assert distances("kl", queries, pool, tau=4.0).mean() < distances("kl", queries, pool).mean()


def test_unknown_name_says_which_there_are() -> None:
    with pytest.raises(SmileError, match="kl, kl-reverse, js"):
        distances("manhattan", embeddings(1), embeddings(1))
