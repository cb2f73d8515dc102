"""Large pools: what retrieval asks of them is found by an index, made when a pool is first asked."""

from __future__ import annotations

from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Neighbour, Vector
from smile.pools.pool import Pool
from smile.retrieval.bounded import BoundedIndex
from smile.retrieval.products import PRODUCTS

LARGE_POOL = 20_000  # clips from which a pool is searched by an index; a smaller one is measured whole


class LargePool:
    """The indexes of one pool, and its clips' lengths; several threads may ask it."""

    def __init__(self, pool: Pool):
        self._embeddings, self._making = pool.embeddings, Lock()
        self._indexes: dict[str, BoundedIndex] = {}
        self._seconds = np.array([u.seconds for u in pool.utterances])

    def index(self, measure: str) -> BoundedIndex:
        """Return the index of a measure, which is made now where it is first asked for."""
        with self._making:
            if measure not in self._indexes:
                self._indexes[measure] = BoundedIndex.of(measure, self._embeddings)
            return self._indexes[measure]

    def same_recording(self, embedding: Vector, seconds: float, near: float, tolerance: float) -> set[int]:
        """Return the clips nearer than a KL whose length differs by at most a share of these seconds."""
        rows, _ = self.index("kl").within(embedding, near)
        alike = np.abs(self._seconds[rows] - seconds) <= tolerance * seconds
        return set(rows[alike].tolist())

    def fitting(self, longest: float, without: set[int]) -> NDArray[np.bool_]:
        """Return which clips (n,) are no longer than some seconds, less some."""
        fits = self._seconds <= longest
        fits[list(without)] = False
        return fits


def is_large(pool: Pool) -> bool:
    """Return whether a pool is searched by an index."""
    return len(pool) >= LARGE_POOL


def indexed(sampler: str, measure: str) -> bool:
    """Return whether a sampler by a measure is answered by an index; others measure every clip."""
    return sampler == "nearest" and measure in PRODUCTS


_KNOWN: WeakKeyDictionary[Pool, LargePool] = WeakKeyDictionary()
_LOCK = Lock()


def large_pool(pool: Pool) -> LargePool:
    """Return what is known of an open pool."""
    with _LOCK:
        if pool not in _KNOWN:
            _KNOWN[pool] = LargePool(pool)
        return _KNOWN[pool]


def nearest(
    pool: Pool, embedding: Vector, shots: int, measure: str, fits: NDArray[np.bool_]
) -> tuple[Neighbour, ...]:
    """Return the nearest clips of those that fit (n,), as `samplers.choose` does of all of them."""
    rows, distances = large_pool(pool).index(measure).nearest(embedding, shots, fits)
    return tuple(
        Neighbour(pool.utterances[row], row, rank, distance)
        for rank, (row, distance) in enumerate(zip(rows.tolist(), distances.tolist(), strict=True), 1)
    )
