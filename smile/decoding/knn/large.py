"""Large datastores: keys stay on the disk, mapped into memory, searched by lists that lie beside them.

The lists are made with the datastore, and belong to one file of it; those of another are refused.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError, Matrix
from smile.decoding.knn.copied import groups_in, owners_of
from smile.decoding.knn.datastore import NEIGHBOURS, AdaptiveWeight, Datastore, Observed, Weights, fit
from smile.decoding.knn.lists import ARRAYS, Lists
from smile.util.arrays import Arrays, write_arrays
from smile.util.fields import from_json
from smile.util.storage import set_aside

LARGE_DATASTORE = 30_000  # keys beyond which the search is approximate
CANDIDATES = 256  # keys that look near, which are measured
FITTED_ON = 4_000  # positions, evenly spaced, on which the adaptive weight is fitted
FORMAT = 1


@dataclass(frozen=True, eq=False)
class LargeDatastore(Datastore):
    """A datastore whose nearest keys are sought among CANDIDATES; distances to those found are exact.

    A clip of -1 is none of the pool's: its keys do not count.
    """

    lists: Lists | None = None

    def nearest(self, hidden: Matrix, without: int = -1) -> tuple[Weights, NDArray[np.int64]]:
        """Find near keys of hidden states (m, d): their squared distances and indices (m, k).

        Keys of the clip `without` do not count; of equally far ones the first do. Where the lists give fewer
        than k, all keys are measured.
        """
        assert self.lists is not None
        k = min(NEIGHBOURS, len(self.keys))
        squares, indices = np.empty((len(hidden), k)), np.empty((len(hidden), k), np.int64)
        for row, found in enumerate(self.lists.near(hidden, CANDIDATES)):
            rows = np.sort(self._counted(found[found >= 0], without))
            far = self._squares(hidden[row], rows)
            if len(rows) < k:
                rows, far = self._all(hidden[row], without)
            best = np.argsort(far, kind="stable")[:k]
            short = k - len(best)
            squares[row] = np.pad(far[best], (0, short), constant_values=np.inf)
            indices[row] = np.pad(rows[best], (0, short))
        return squares, indices

    def _counted(self, rows: NDArray[np.int64], without: int) -> NDArray[np.int64]:
        owners = self.clips[rows]
        return rows[(owners >= 0) & (owners != without)]

    def _squares(self, hidden: NDArray[np.float32], rows: NDArray[np.int64]) -> Weights:
        """Squared distances (n,) of some keys; what is no number is infinitely far."""
        apart = self.keys[rows].astype(np.float32) - hidden
        squares = np.einsum("nd,nd->n", apart, apart).astype(np.float64)
        return np.where(np.isfinite(squares), squares, np.inf)

    def _all(self, hidden: NDArray[np.float32], without: int) -> tuple[NDArray[np.int64], Weights]:
        rows = self._counted(np.arange(len(self.keys)), without)
        parts = np.array_split(rows, max(1, len(rows) // LARGE_DATASTORE))
        return rows, np.concatenate([self._squares(hidden, part) for part in parts])


def lists_path(path: Path) -> Path:
    """Return where the lists of a datastore's file lie."""
    return path.with_suffix(".lists.npz")


def is_large(stored: Arrays) -> bool:
    """Return whether an open datastore has so many keys that it is searched by lists."""
    shape = stored.shape("keys")
    return len(shape) == 2 and shape[0] > LARGE_DATASTORE


def write_lists(path: Path) -> None:
    """Make the lists of a datastore's file, where it is large, and fit the adaptive weight with them."""
    with Arrays(path) as stored:
        if not is_large(stored):
            return
        names = stored["clips"].tolist()
        owners = np.repeat(np.arange(len(names)), stored["lengths"])
        clips = owners_of(groups_in(stored.text("header"), names) or (), owners)
        keys, tokens = stored.mapped("keys"), stored["tokens"].astype(np.int64)
        observed = Observed(*(stored[name].astype(np.float64) for name in ("logprob", "top")))
        header = _header(stored)
    store = LargeDatastore(keys, tokens, clips, lists=Lists.of(keys))
    assert store.lists is not None
    some = np.linspace(0, len(keys) - 1, min(len(keys), FITTED_ON)).astype(np.int64)
    some = some[np.isfinite(keys[some]).all(axis=1)]
    weight = fit(store, observed, some) if len(some) and len(np.unique(clips)) > 1 else None
    header |= {"weight": asdict(weight) if weight else None}
    write_arrays(lists_path(path), store.lists.arrays() | {"header": np.array(json.dumps(header))})


def _header(stored: Arrays) -> dict[str, Any]:
    """What tells the file of a datastore apart from one that was made later."""
    sums = {name: stored.checksum(name) for name in ("keys", "tokens", "clips", "lengths")}
    return {"format": FORMAT, "sums": sums}


def has_lists(stored: Arrays) -> bool:
    """Return whether the lists of an open datastore are there and its own; damaged ones are set aside."""
    return _read(stored) is not None


def open_large(stored: Arrays, clips: NDArray[np.int64], tokens: NDArray[np.int64]) -> Datastore | None:
    """Open a large datastore with its clips (n,) and tokens (n,); None where its lists are not there."""
    read = _read(stored)
    if read is None:
        return None
    lists, weight = read
    store = LargeDatastore(stored.mapped("keys"), tokens, clips, lists=lists)
    _ = lists.index  # made now, so that the first step does not wait for it
    return replace(store, weight=weight)


def _read(stored: Arrays) -> tuple[Lists, AdaptiveWeight | None] | None:
    path = lists_path(stored.path)
    if not path.is_file():
        return None
    try:
        with Arrays(path) as file:
            header = json.loads(file.text("header"))
            if {name: header[name] for name in ("format", "sums")} != _header(stored):
                return None
            weight = header["weight"] and from_json(AdaptiveWeight, json.dumps(header["weight"]))
            if weight and not np.isfinite([*asdict(weight).values()]).all():
                raise ValueError("weight")
            return Lists.checked({name: file[name] for name in ARRAYS}, *stored.shape("keys")), weight
    except (DamagedError, ValueError, TypeError, KeyError, RecursionError):
        set_aside(path)
        return None
