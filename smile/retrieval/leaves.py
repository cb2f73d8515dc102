"""Rows in leaves: near ones lie side by side, so that a search may read a few stretches of a large table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix

LEAF = 256  # rows that a leaf has at most
LOOKED_AT = 1024  # rows by which a split chooses its dimension


def leaves(points: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return an order of points (n, k) and where in it each leaf ends.

    A table is halved at the median of its widest dimension until no part has more than LEAF rows.
    """
    waiting, found = [np.arange(len(points))], []
    while waiting:
        rows = waiting.pop()
        if len(rows) <= LEAF:
            found.append(rows)
            continue
        some = points[rows[:: max(1, len(rows) // LOOKED_AT)]]
        along, middle = points[rows, int(some.var(axis=0).argmax())], len(rows) // 2
        parted = np.argpartition(along, middle)
        waiting += [rows[parted[middle:]], rows[parted[:middle]]]
    return np.concatenate(found), np.cumsum([len(rows) for rows in found])
