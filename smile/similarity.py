"""A learned distance between clips: Euclidean, after a projection that was trained on texts.

The projection brings clips together whose transcripts have character n-grams in common. It is trained
on the meta-training languages alone, by `smile similarity`, and belongs to one encoder's width.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, SmileError

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "similarity.npz"


def learned(queries: Matrix, pool: Matrix, path: Path = SHIPPED) -> NDArray[np.float64]:
    """The learned distance of embeddings (queries, d) and (pool, d) -> (queries, pool).

    Raises:
        SmileError: no projection ships, or it is for embeddings of another width.
    """
    mean, projection = _read(path)
    if pool.shape[1] != len(projection):
        raise SmileError(
            f"The learned distance is for embeddings of {len(projection)} values, not {pool.shape[1]}; "
            "choose another distance."
        )
    q, p = ((np.asarray(h, np.float64) - mean) @ projection for h in (queries, pool))
    return np.array([np.linalg.norm(p - row, axis=1) for row in q])


@cache
def _read(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (d,) and projection (d, k)."""
    if not path.is_file():
        raise SmileError("There is no learned distance; make it with: smile similarity --data ML_SUPERB")
    with np.load(path, allow_pickle=False) as stored:
        return stored["mean"].astype(np.float64), stored["projection"].astype(np.float64)
