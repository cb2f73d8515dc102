"""How many threads the libraries of a process compute with, and how these wait for work."""

from __future__ import annotations

import os
from math import inf

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
