"""Is a recording near a pool at all: its voice, its language, its microphone?

Distances of embeddings to the nearest clips do not tell: a foreign clip is as near as the pool's own are to
each other. They do once directions are scaled down in which clips of any one language differ anyway
(within-class covariance normalisation: Hatch, Kajarekar & Stolcke 2006, "Within-class covariance
normalization for SVM-based speaker recognition"), and once a clip that is near to everything is held less
near to the pool (test normalisation: Auckenthaler, Carey & Lloyd-Thomas 2000, "Score normalization for
text-independent speaker verification systems"). What is measured of this is in docs/nearness.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, Vector
from smile.pools.background import Background, background
from smile.pools.pool import Pool
from smile.retrieval.divergences import SAME, kl

REMOTE = "This recording sounds unlike every example of the pool: expect a wrong transcript."
FEWEST = 8  # clips from which a pool is judged by
FOLDS = 10
RIDGE = 0.5  # of the mean variance, added to every direction's
EXPECTED = 0.9925  # share of the pool's own recordings that should be no farther than the limit
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Metric:
    """Directions scaled by how clips of one language differ, the middle of some clips, and other clips."""

    mean: Array  # (d,)
    scaling: Array  # (d, d)
    middle: Array  # (d,), of length 1
    others: Array  # (m, d), each of length 1: the background's clips

    @classmethod
    def of(cls, clips: Array, known: Background) -> Metric:
        """Fit it to clips (n, d) of one language beside those of the background."""
        deviations = np.concatenate([known.deviations, clips - clips.mean(axis=0)])
        covariance = deviations.T @ deviations / len(deviations)
        width = len(covariance)
        ridge = RIDGE * np.trace(covariance) / width + np.finfo(np.float64).tiny
        scaling = np.linalg.cholesky(np.linalg.inv(covariance + ridge * np.eye(width)))
        middle = _units((clips - known.mean) @ scaling).mean(axis=0)
        middle /= max(float(np.linalg.norm(middle)), 1e-12)
        return cls(known.mean, scaling, middle, _units((known.clips - known.mean) @ scaling))

    def distances(self, clips: Array) -> Array:
        """Return how much less like the middle clips (n, d) are than like the others.

        The unit is the standard deviation of a clip's likeness (cosine) to the others.
        """
        scaled = _units((clips - self.mean) @ self.scaling)
        likeness = scaled @ self.others.T
        spread = np.maximum(likeness.std(axis=1), 1e-12)
        return np.asarray((likeness.mean(axis=1) - scaled @ self.middle) / spread)


@dataclass(frozen=True, eq=False)
class Nearness:
    """What a recording is compared with: the pool's metric, and how far its own clips are from the others."""

    metric: Metric
    usual: float  # mean distance of a clip to the others
    limit: float  # that a recording like the pool's passes in 0.75 of 100 cases

    def remoteness(self, embedding: Vector) -> float:
        """Return how far an embedding (d,) is: 0 as the pool's clips on average, over 1 beyond the limit."""
        distance = self.metric.distances(np.asarray(embedding, np.float64)[None])[0]
        return float((distance - self.usual) / max(self.limit - self.usual, 1e-12))


@lru_cache(maxsize=8)
def nearness(pool: Pool) -> Nearness | None:
    """Return what tells how near a recording is to a pool.

    None where it has too few clips or none that differ, or another encoder than the background's.
    """
    known = background()
    if known is None or pool.header.encoder != known.encoder:
        return None
    return fit(pool.embeddings, known)


def fit(embeddings: Matrix, known: Background, expected: float = EXPECTED) -> Nearness | None:
    """Fit a limit to a pool's embeddings (n, d) by cross-validation; None where they are too few or alike.

    The distances of left-out clips are taken for normal, so that a dozen give a limit as hundreds do: a share
    `expected` keeps it. Of a dozen the spread is not known well; but left-out clips are farther from fewer
    others than new clips are from all, which makes up for it. Copies of a recording count once.
    """
    clips = np.asarray(embeddings, np.float64)
    if len(clips) < FEWEST:
        return None
    clips = clips[_different(embeddings)]
    if len(clips) < FEWEST:
        return None
    distances = _left_out(clips, known)
    usual, spread = float(distances.mean()), float(distances.std(ddof=1))
    return Nearness(Metric.of(clips, known), usual, usual + NormalDist().inv_cdf(expected) * spread)


def _left_out(clips: Array, known: Background) -> Array:
    """Return the distance (n,) of each clip (n, d) by a metric that has not seen it."""
    n = len(clips)
    distances, numbers = np.zeros(n), np.random.default_rng(0).permutation(n) % min(FOLDS, n)
    for number in range(min(FOLDS, n)):
        own = numbers == number
        distances[own] = Metric.of(clips[~own], known).distances(clips[own])
    return distances


def _different(embeddings: Matrix) -> NDArray[np.bool_]:
    """Which clips (n,) are no copy, to judge by embedding, of an earlier one."""
    same = np.tril(kl(embeddings, embeddings) < SAME, -1)
    return np.asarray(~same.any(axis=1))


def _units(rows: Array) -> Array:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
