"""The place of a clip among a map's fixed points, and figures of how far to trust a map.

Distances are matrices (points, points) with anything on the diagonal, coordinates (points, 2 or 3).
Nothing is fitted here; `smile.maps.fit` makes the maps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix
from smile.retrieval.divergences import Distances

NEAR = 10  # neighbours that the trust figures look at
SUPPORT = 15  # neighbours between which a query is placed
SHARPNESS = 4.0  # a neighbour twice as far as the nearest counts e^-4 as much


def place(coordinates: Matrix, row: Distances, support: int = SUPPORT) -> NDArray[np.float32]:
    """Return where a query belongs on a map (2 or 3,): its neighbours' mean place, weighted by distance.

    Args:
        coordinates: of the points, (points, 2 or 3).
        row: the query's divergence from every point (points,), in the embedding space.
        support: how many neighbours count.

    The weight is exp(-4 (d - d0) / d0), d0 the nearest one's distance, so that a clip that is one of the
    points lands on it.
    """
    support = min(support, len(row))
    nearest = np.argpartition(row, support - 1)[:support]
    d = np.maximum(row[nearest], 0.0)
    weights = np.exp(-SHARPNESS * (d - d.min()) / max(float(d.min()), 1e-9))
    return np.asarray(weights @ coordinates[nearest] / weights.sum(), np.float32)


@dataclass(frozen=True)
class Trust:
    """Figures of how well a map keeps the embedding space's neighbourhoods; all but silhouettes in [0, 1].

    The first two are those of Venna and Kaski (2001), each lowered by the ranks of false neighbours.
    """

    neighbours: int  # k
    trustworthiness: float  # whether those near on the map are near in truth
    continuity: float  # whether those near in truth are near on the map
    share: float  # of each point's true k nearest, those among its k nearest on the map
    silhouette: float | None = None  # by language on the map, in [-1, 1]; None for one language
    silhouette_truth: float | None = None  # the same in the embedding space

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as they stand in a manifest, rounded to four places."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def trust(true: Distances, shown: Distances, near: int = NEAR) -> Trust:
    """Compare true distances with those on the map, without silhouettes.

    Continuity needs ranks by the true distances, which scikit-learn's trustworthiness takes from places only.
    `near` is lowered for maps of few points, for which the figures are not defined otherwise.
    """
    size = len(true)
    k = max(1, min(near, (size - 1) // 2))
    false, missed, kept = 0, 0, 0
    for i in range(size):
        true_rank, shown_rank = _ranks(true[i], i), _ranks(shown[i], i)
        near_shown, near_true = _within(shown_rank, k), _within(true_rank, k)
        false += int(np.maximum(true_rank[near_shown] - k, 0).sum())
        missed += int(np.maximum(shown_rank[near_true] - k, 0).sum())
        kept += int((near_shown & near_true).sum())
    worst = size * k * (2 * size - 3 * k - 1) / 2
    if worst <= 0:
        return Trust(k, 1.0, 1.0, 1.0)
    return Trust(k, 1 - false / worst, 1 - missed / worst, kept / (size * k))


def _ranks(row: Distances, itself: int) -> NDArray[np.int64]:
    """The rank of every point by distance, from 1; that of the point itself is 0."""
    row = np.array(row, np.float64)
    row[itself] = -np.inf
    ranks = np.empty(len(row), np.int64)
    ranks[np.argsort(row, kind="stable")] = np.arange(len(row))
    return ranks


def _within(ranks: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    return (ranks >= 1) & (ranks <= k)
