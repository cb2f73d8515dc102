"""Seconds spent on one's own work, whatever the caller does in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    """Adds up the seconds spent inside its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self._began


def timed(items: Iterator[T], watch: Stopwatch) -> Iterator[T]:
    """The same items, their making counted by the watch; closing this closes them."""
    end = object()
    while True:
        with watch:
            item = next(items, end)
        if item is end:
            return
        yield item  # type: ignore[misc]
