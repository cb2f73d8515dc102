"""Work that is done in steps, and the seconds spent on it, whatever the caller does in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TypeVar

from smile.datatypes import Progress

S = TypeVar("S")
T = TypeVar("T")
U = TypeVar("U")


class Stopwatch:
    """A watch that adds up the seconds spent inside its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self._began


def seconds_of(work: Callable[[], object]) -> float:
    """Do some work and return the seconds that it took."""
    with Stopwatch() as watch:
        work()
    return watch.seconds


def finished(steps: Generator[object, None, T]) -> T:
    """Do all steps, one after the other, and return what they come to."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def telling(steps: Generator[object, None, T], what: U) -> Generator[U, None, T]:
    """Say the same after every step, and return what they come to; closing this closes them."""
    return (yield from relayed(steps, lambda _: what))


def relayed(steps: Generator[S, None, T], said: Callable[[S], U]) -> Generator[U, None, T]:
    """Yield what is `said` of every step, and return what they come to; closing this closes them."""
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                result: T = done.value
                return result
            yield said(step)


def in_hundredths(progress: Progress | None) -> Callable[[float], None]:
    """Return what tells a progress, if there is one, a share of the whole, 0 to 1, in hundredths."""

    def told(share: float) -> None:
        if progress:
            progress(round(100 * share), 100)

    return told


def timed(items: Iterator[T], watch: Stopwatch) -> Iterator[T]:
    """Yield the same items while the watch counts the seconds of making them; closing this closes them."""
    end = object()
    while True:
        with watch:
            item = next(items, end)
        if item is end:
            return
        yield item  # type: ignore[misc]
