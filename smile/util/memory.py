"""Memory that was freed and is still held."""

from __future__ import annotations

import sys
from ctypes import CDLL


def give_back() -> None:
    """Give freed memory back to the system, where the C library keeps it for later, as glibc does.

    Of the weights that models are made of some 270 MB would stay with the process.
    """
    trim = getattr(CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
