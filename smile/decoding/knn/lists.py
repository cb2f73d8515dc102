"""Many keys in lists, each of the keys nearest to one centroid, a bit a dimension: what faiss searches.

It is searched by faiss (IVF and RaBitQ), and kept as plain arrays, which are checked like any others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix

PROBED = 64  # lists that a search reads
PER_LIST = 50  # keys a list by which the centroids are found
ROUNDS = 8  # of k-means
BATCH = 1 << 14  # keys read at a time: 32 MB of float32 for 512 dimensions
ARRAYS = {"centroids": ("<f4", 2), "sizes": ("<i8", 1), "rows": ("<i8", 1), "codes": ("|u1", 2)}


@dataclass(frozen=True, eq=False)
class Lists:
    """Keys (n, d) by lists: which they are and their codes, list after list."""

    centroids: Matrix  # (lists, d)
    sizes: NDArray[np.int64]  # (lists,)
    rows: NDArray[np.int64]  # (n,)
    codes: NDArray[np.uint8]  # (n, bytes)

    @classmethod
    def of(cls, keys: NDArray[np.floating[Any]]) -> Lists:
        """Put keys (n, d) in 2 sqrt(n) lists; memory holds a sample, a batch and the codes."""
        import faiss

        n, width = keys.shape
        count = max(1, round(2 * math.sqrt(n)))
        quantizer = faiss.IndexFlatL2(width)
        index: Any = faiss.IndexIVFRaBitQ(quantizer, width, count, faiss.METRIC_L2)
        index.cp.niter, index.cp.min_points_per_centroid = ROUNDS, 1
        sample = np.linspace(0, n - 1, min(n, PER_LIST * count)).astype(np.int64)
        index.train(keys[sample].astype(np.float32))
        for start in range(0, n, BATCH):
            index.add(keys[start : start + BATCH].astype(np.float32))
        found = index.invlists
        sizes = np.array([found.list_size(i) for i in range(count)], np.int64)
        ids = [faiss.rev_swig_ptr(found.get_ids(i), int(size)).copy() for i, size in enumerate(sizes)]
        codes = [
            faiss.rev_swig_ptr(found.get_codes(i), int(size) * index.code_size).copy()
            for i, size in enumerate(sizes)
        ]
        centroids = quantizer.reconstruct_n(0, count)
        packed = np.concatenate(codes).reshape(n, index.code_size)
        return cls(centroids, sizes, np.concatenate(ids), packed)

    @classmethod
    def checked(cls, arrays: Mapping[str, NDArray[Any]], n: int, width: int) -> Lists:
        """Return lists of arrays from a file, of n keys of a width.

        Raises:
            ValueError: they do not fit each other or the keys.
        """
        if any((a.dtype, a.ndim) != (np.dtype(t), dims) for (t, dims), a in zip_named(arrays)):
            raise ValueError("types")
        lists = cls(*(arrays[name] for name in ARRAYS))
        shapes = (lists.centroids.shape, lists.rows.shape, lists.codes.shape)
        if shapes != ((len(lists.sizes), width), (n,), (n, lists.code_size(width))):
            raise ValueError(shapes)
        sizes, rows = lists.sizes, lists.rows
        if not len(sizes) or sizes.min() < 0 or sizes.max() > n or sum(sizes.tolist()) != n:
            raise ValueError("sizes")
        if rows.min(initial=0) < 0 or rows.max(initial=0) >= max(1, n):
            raise ValueError("rows")
        if not np.isfinite(lists.centroids).all() or (np.bincount(lists.rows, minlength=n) != 1).any():
            raise ValueError("values")
        return lists

    @staticmethod
    def code_size(width: int) -> int:
        """Return the bytes of a code."""
        import faiss

        return int(faiss.RaBitQuantizer(width).code_size)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `checked` reads."""
        return {name: np.asarray(getattr(self, name), kind) for name, (kind, _) in ARRAYS.items()}

    @cached_property
    def index(self) -> tuple[Any, Any]:
        """Faiss's index of the same, and its quantizer, which it does not keep alive."""
        import faiss

        width = self.centroids.shape[1]
        quantizer = faiss.IndexFlatL2(width)
        quantizer.add(self.centroids)
        index: Any = faiss.IndexIVFRaBitQ(quantizer, width, len(self.centroids), faiss.METRIC_L2)
        ends = np.cumsum(self.sizes)
        for number, (size, end) in enumerate(zip(self.sizes.tolist(), ends.tolist(), strict=True)):
            if size:
                ids, codes = (np.ascontiguousarray(a[end - size : end]) for a in (self.rows, self.codes))
                index.invlists.add_entries(number, size, faiss.swig_ptr(ids), faiss.swig_ptr(codes))
        index.ntotal, index.is_trained, index.nprobe = len(self.rows), True, PROBED
        return index, quantizer

    def near(self, hidden: Matrix, count: int) -> NDArray[np.int64]:
        """Return keys that look near to hidden states (m, d) -> (m, count); -1 where there are no more."""
        found: NDArray[np.int64] = self.index[0].search(np.ascontiguousarray(hidden, np.float32), count)[1]
        return found


def zip_named(arrays: Mapping[str, NDArray[Any]]) -> list[tuple[tuple[str, int], NDArray[Any]]]:
    """Return what each array has to be, beside it."""
    return [(wanted, arrays[name]) for name, wanted in ARRAYS.items()]
