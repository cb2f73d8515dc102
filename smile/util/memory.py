"""Memory that was freed and is still held."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from ctypes import CDLL
from threading import Lock

EVERY = 30.0  # seconds between two times that memory is given back


def give_back() -> None:
    """Give freed memory back to the system, where the C library keeps it for later, as glibc does.

    Of the weights that models are made of some 270 MB would stay with the process.
    """
    trim = getattr(CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


class NowAndThen:
    """Gives memory back when it is called, but no more often than `EVERY` seconds.

    What visitors leave lies in pieces between what is still needed: 3 MB more after every hundred.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock, self._last = clock, Lock(), clock()

    def __call__(self) -> None:
        """Give back, if the last time is long enough ago."""
        with self._lock:
            now = self._clock()
            if now - self._last < EVERY:
                return
            self._last = now
        give_back()
