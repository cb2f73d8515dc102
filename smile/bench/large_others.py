"""Indexes of other libraries beside SMILE's own, for a benchmark: graphs (HNSW) of hnswlib and usearch."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix

LINKS, BUILDING, SEARCHING = 16, 100, 256  # of the graphs: M, ef_construction, ef
Search = Callable[[Matrix], NDArray[Any]]
Way = tuple[str, float, list[float], Any]  # name, seconds of building and of each search, what was found


def ways(keys: Matrix, queries: Matrix, count: int) -> list[Way]:
    """Return name, seconds of building, seconds of each search, and what was found of what is installed."""
    made: list[Way] = []
    for name, build in (("hnswlib", _hnswlib), ("usearch", _usearch)):
        if find_spec(name):
            began = perf_counter()
            search = build(keys, count)
            made.append((f"{name}, HNSW", perf_counter() - began, *timed(search, queries)))
    return made


def timed(search: Callable[[Matrix], Any], queries: Matrix) -> tuple[list[float], list[Any]]:
    """Return the seconds of a search for each query (d,), and what it found; the first is asked twice."""
    search(queries[0])
    spent, found = [], []
    for query in queries:
        began = perf_counter()
        found.append(search(query))
        spent.append(perf_counter() - began)
    return spent, found


def _hnswlib(keys: Matrix, count: int) -> Search:
    import hnswlib

    index = hnswlib.Index(space="l2", dim=keys.shape[1])
    index.init_index(max_elements=len(keys), M=LINKS, ef_construction=BUILDING)
    index.add_items(keys)
    index.set_ef(SEARCHING)
    return lambda query: np.asarray(index.knn_query(query, k=count, num_threads=1)[0][0])


def _usearch(keys: Matrix, count: int) -> Search:
    from usearch.index import Index

    index = Index(ndim=keys.shape[1], metric="l2sq", dtype="f16", connectivity=LINKS, expansion_add=BUILDING)
    index.add(np.arange(len(keys)), keys)
    index.expansion_search = SEARCHING
    return lambda query: np.asarray(index.search(query, count, threads=1).keys)
