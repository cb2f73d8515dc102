"""A scheduler: visitors come first, and pools are prefetched while nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from threading import Condition, Event, Thread, local
from typing import TypeVar
from weakref import WeakValueDictionary

from smile.datatypes import Progress
from smile.transcription.preparing import ENCODED
from smile.util.memory import NowAndThen
from smile.util.pace import Pace, said

TELLING = 5.0  # seconds of some work that tell how long the rest of it takes
PART = 0.05  # share of it that does
POLL = 0.25  # seconds between two looks at work in the background
T = TypeVar("T")


class StoppedError(Exception):
    """Work over clips that was broken off between two of them, because nobody waits or somebody does."""


class Scheduler:
    """One piece of work at a time, in threads that end with the process."""

    def __init__(self) -> None:
        self._working = FairLock()
        self._steps = FairLock()
        self._changed = Condition()
        self._visitors = 0
        self._closed = False
        self._on: WeakValueDictionary[str, FairLock] = WeakValueDictionary()
        self._here = local()  # whether this thread is at a visitor's step
        self._give_back = NowAndThen()

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Serve a visitor for as long as this lasts; prefetching waits."""
        with self._changed:
            self._visitors += 1
        try:
            yield
        finally:
            with self._changed:
                self._visitors -= 1
                self._changed.notify_all()
            self._give_back()

    def each(self, work: Iterator[T]) -> Generator[T, None, None]:
        """Yield what a visitor's work yields, one step at a time in turn with other visitors' steps."""
        with closing(work):  # type: ignore[type-var]
            while True:
                with self._steps:
                    self._here.stepping = True
                    try:
                        step = next(work)
                    except StopIteration:
                        return
                    finally:
                        self._here.stepping = False
                yield step

    def lines(self, job: Future[T], line: Callable[[], str]) -> Iterator[str]:
        """Yield a line now and then until the job is done; none where it is soon done.

        A visitor's step that waits for it lets others' steps go on meanwhile.
        """
        while True:
            with self._aside():
                done = wait([job], timeout=POLL).done
            if done:
                return
            yield line()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        stepping = getattr(self._here, "stepping", False)
        if stepping:
            self._steps.__exit__()
        try:
            yield
        finally:
            if stepping:
                self._steps.__enter__()

    def start(self, work: Callable[[], T], on: str = "") -> Future[T]:
        """Do a piece of work in a thread of its own when its turn comes; return its future.

        Of pieces of work `on` the same, one begins when the other has ended, also where that makes pauses.
        """
        future: Future[T] = Future()

        def fulfil() -> None:
            with self._lock_on(on), self._working:
                try:
                    future.set_result(work())
                except Exception as error:
                    future.set_exception(error)

        Thread(target=fulfil, daemon=True).start()
        return future

    def over_clips(self, work: Callable[[Progress], T], progress: Progress, on: str = "") -> Future[T]:
        """Do as `start` does a piece of work that tells its progress, and pauses whenever it does."""

        def clip_done(done: int, total: int) -> None:
            progress(done, total)
            self.pause()

        return self.start(lambda: work(clip_done), on)

    def pause(self) -> None:
        """Let others who wait go first, from within a piece of work; return when its turn comes again."""
        self._working.__exit__()
        self._working.__enter__()

    def _lock_on(self, name: str) -> FairLock:
        """The lock of what bears a name; without one, a lock that nobody else has."""
        with self._changed:
            return self._on.setdefault(name, FairLock()) if name else FairLock()

    def prefetch(self, work: Callable[[Progress], object], on: str = "") -> None:
        """Do work in this thread while nobody is served; begin it again as often as a visitor breaks it off.

        The work reports after every clip, and finds what was done before.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or not self._visitors)
            if self._closed:
                return
            try:
                with self._lock_on(on), self._working:
                    work(self._give_way)
                return
            except StoppedError:
                continue

    def close(self) -> None:
        """End prefetching after the clip at hand, and begin none."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _give_way(self, done: int, total: int) -> None:
        if self._closed or self._visitors:
            raise StoppedError


class FairLock:
    """A lock that is given to those who wait for it in the order in which they came."""

    def __init__(self) -> None:
        self._changed, self._next, self._serving = Condition(), 0, 0

    def __enter__(self) -> None:
        with self._changed:
            mine = self._next
            self._next += 1
            self._changed.wait_for(lambda: self._serving == mine)

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._serving += 1
            self._changed.notify_all()


class Watched:
    """Progress that can be asked how far it is and how long the rest may take, and told to stop."""

    def __init__(self, total: int, share: bool = False, now: Callable[[], float] = time.monotonic):
        self._done, self._total, self._stop = 0, total, Event()
        self.share = share  # whether it is told in hundredths of the work, not in clips
        self._now, self._pace = now, Pace(PART, TELLING, steady=100 * ENCODED if share else 0)

    def __call__(self, done: int, total: int) -> None:
        """Note so many clips; ends the work where it was told to."""
        self._done, self._total = done, total
        self._pace.note(done, self._now())
        if self._stop.is_set():
            raise StoppedError

    def stop(self) -> None:
        """End the work after the clip at hand."""
        self._stop.set()

    def __str__(self) -> str:
        if not self._done:
            return "waiting for its turn"
        place = f"{self._done} %" if self.share else f"{self._done} of {self._total} clips"
        if self._done == self._total:
            return place
        return ", ".join(filter(None, (place, said(self._pace.left(self._done, self._total, self._now())))))
