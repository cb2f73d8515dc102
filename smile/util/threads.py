"""How many threads the libraries of a process compute with, and how these wait for work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import inf
from threading import Lock
from typing import Any

from smile.util.machine import cores, quota

COUNTS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")  # OpenBLAS and MKL go by the first, too
WAIT, PASSIVE = "OMP_WAIT_POLICY", "passive"


def settle() -> None:
    """Have this process, and those that it starts, compute with a thread a core, and sleep while they wait.

    Threads that spin at the end of a parallel region take the cores from another job's. Libraries read this
    once, when they are loaded: it has to come before torch. What the environment says already stands.
    """
    counted = COUNTS[0] in os.environ
    os.environ.setdefault(WAIT, PASSIVE)
    for name in COUNTS:
        os.environ.setdefault(name, str(cores()))
    if quota() < inf and not counted:
        from threadpoolctl import threadpool_limits

        threadpool_limits(cores(), user_api="blas")  # numpy's has been loaded, and knows of no quota


def computing() -> int:
    """Return how many threads a job may compute with: as the environment says, else a core each."""
    said = os.environ.get(COUNTS[0], "").split(",")[0].strip()  # OpenMP takes a number for each level
    return max(1, int(said)) if said.isdecimal() else cores()


class _Alone:
    """How many are computing alone now, and what numpy's library computed with before."""

    def __init__(self) -> None:
        self.lock, self.inside, self.before = Lock(), 0, [0]


_ALONE = _Alone()


@contextmanager
def alone() -> Iterator[None]:
    """Have numpy compute products with the calling thread alone, while anybody is in such a block.

    A product of a millisecond would else wait, where another job has the other core, for a helper thread
    to get its turn, which takes 16. Each value of a product is the same by one thread and by many.
    """
    libraries = _libraries()
    with _ALONE.lock:
        if not _ALONE.inside:
            _ALONE.before = [library.get_num_threads() for library in libraries]
            for library in libraries:
                library.set_num_threads(1)
        _ALONE.inside += 1
    try:
        yield
    finally:
        with _ALONE.lock:
            _ALONE.inside -= 1
            if not _ALONE.inside:
                for library, threads in zip(libraries, _ALONE.before, strict=True):
                    library.set_num_threads(threads)


@cache
def _libraries() -> tuple[Any, ...]:
    """The OpenBLAS that numpy computes with."""
    import numpy as np
    from threadpoolctl import ThreadpoolController

    assert np.__version__
    found = ThreadpoolController().lib_controllers
    return tuple(each for each in found if each.internal_api == "openblas" and "numpy" in each.filepath)
