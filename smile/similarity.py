"""A learned distance between clips: Euclidean, after a projection that was trained on texts.

The projection brings clips together whose transcripts have character n-grams in common. It is trained
on the meta-training languages alone, by `smile similarity`, and belongs to one encoder's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, SmileError

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "similarity.npz"


@dataclass(frozen=True, eq=False)
class Projection:
    """Embeddings less their mean (d,), times a matrix (d, k)."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.floating]

    def distances(self, queries: Matrix, pool: Matrix) -> NDArray[np.float64]:
        """Euclidean (queries, pool), after the projection."""
        matrix = self.matrix.astype(np.float64)
        q, p = ((np.asarray(h, np.float64) - self.mean) @ matrix for h in (queries, pool))
        return np.array([np.linalg.norm(p - row, axis=1) for row in q])


def learned(queries: Matrix, pool: Matrix, path: Path = SHIPPED) -> NDArray[np.float64]:
    """The learned distance of embeddings (queries, d) and (pool, d) -> (queries, pool).

    Raises:
        SmileError: no projection ships, or it is for embeddings of another width.
    """
    projection = _read(path)
    if pool.shape[1] != len(projection.mean):
        raise SmileError(
            f"The learned distance is for embeddings of {len(projection.mean)} values, not {pool.shape[1]}; "
            "choose another distance."
        )
    return projection.distances(queries, pool)


@cache
def _read(path: Path) -> Projection:
    if not path.is_file():
        raise SmileError("There is no learned distance; make it with: smile similarity --data ML_SUPERB")
    with np.load(path, allow_pickle=False) as stored:
        return Projection(stored["mean"], stored["projection"])
