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

from smile.datatypes import DamagedError, Matrix, SmileError
from smile.paths import ASSETS
from smile.util.arrays import Arrays

SHIPPED = ASSETS / "similarity.npz"


@dataclass(frozen=True, eq=False)
class Projection:
    """Embeddings less their mean (d,), times a matrix (d, k)."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.floating]

    def distances(self, queries: Matrix, pool: Matrix) -> NDArray[np.float64]:
        """Return Euclidean distances (queries, pool), after the projection."""
        matrix = self.matrix.astype(np.float64)
        q, p = ((np.asarray(h, np.float64) - self.mean) @ matrix for h in (queries, pool))
        return np.array([np.linalg.norm(p - row, axis=1) for row in q])


def learned(queries: Matrix, pool: Matrix, path: Path = SHIPPED) -> NDArray[np.float64]:
    """Return the learned distance of embeddings (queries, d) and (pool, d) -> (queries, pool).

    Raises:
        SmileError: no projection ships, or it is for embeddings of another width.
    """
    projection = _read_projection(path)
    if pool.shape[1] != len(projection.mean):
        raise SmileError(
            f"The learned distance is for embeddings of {len(projection.mean)} values, not {pool.shape[1]}; "
            "choose another distance."
        )
    return projection.distances(queries, pool)


@cache
def _read_projection(path: Path) -> Projection:
    if not path.is_file():
        raise SmileError("There is no learned distance; make it with: smile similarity --data ML_SUPERB")
    try:
        with Arrays(path) as stored:
            projection = Projection(stored["mean"], stored["projection"])
        mean, matrix = projection.mean, projection.matrix
        numbers = all(a.dtype.kind == "f" and np.isfinite(a).all() for a in (mean, matrix))
        if not numbers or mean.ndim != 1 or matrix.shape[:-1] != mean.shape:
            raise DamagedError(path)
    except (OSError, DamagedError) as error:
        raise SmileError(
            f"{path} is damaged; make it again with: smile similarity --data ML_SUPERB"
        ) from error
    return projection
