"""Waiting for what another process does, on a machine that may be busy."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds in which a process has to come and go on a machine that is busy


def until(come: Callable[[], bool]) -> None:
    """Wait until something has come; AssertionError where it takes longer than `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.02)
