"""What several threads ask for at about the same time, done as one: on a GPU many cost little more than one.

A thread takes part while it is within `lane`. What is asked for is done as soon as every lane has asked, or
after a moment, so that a lane which is busy elsewhere keeps nobody waiting for long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import Any, Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")
MOMENT = 0.005  # seconds

_changed = Condition()
_lanes = [0]  # how many threads are within one


@contextmanager
def lane() -> Iterator[None]:
    """Count this thread among those that are waited for, until the block ends."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def in_lane(do: Callable[[A], B], wanted: A) -> B:
    """Return what a function comes to, called within a lane."""
    with lane():
        return do(wanted)


def _count(more: int) -> None:
    with _changed:
        _lanes[0] += more
        _changed.notify_all()


@dataclass(eq=False)
class _Asked:
    """What a thread has asked for, and what came of it."""

    wanted: Any
    done: bool = False
    result: Any = None
    error: BaseException | None = None


@dataclass(eq=False)
class Together(Generic[A]):
    """Does what threads ask for, by a function from all that is asked to all that comes of it."""

    do: Callable[[Sequence[A]], Sequence[Any]]
    most: int = 64  # at a time
    _working: Lock = field(default_factory=Lock)
    _waiting: list[_Asked] = field(default_factory=list)

    def ask(self, wanted: A) -> Any:
        """Return what comes of it, done with what other threads ask for; raises what `do` raises."""
        asked = _Asked(wanted)
        with _changed:
            self._waiting.append(asked)
            _changed.notify_all()
            _changed.wait_for(lambda: asked.done or len(self._waiting) >= _lanes[0], MOMENT)
        while not asked.done:
            self._work(asked)
        if asked.error:
            raise asked.error
        return asked.result

    def _work(self, own: _Asked) -> None:
        """Do what is waiting; one thread does at a time, and those that come after it find their own done.

        These leave what others ask for meanwhile to the others, who wait until all have asked.
        """
        with self._working:
            if own.done:
                return
            some: list[_Asked] = []
            try:
                with _changed:
                    some, self._waiting[: self.most] = self._waiting[: self.most], []
                for one, result in zip(some, self.do([one.wanted for one in some]), strict=True):
                    one.result = result
            except BaseException as error:
                for one in some:
                    one.error = error
                if not isinstance(error, Exception):
                    raise  # this thread was interrupted, whoever's work it did
            finally:
                with _changed:
                    for one in some:
                        one.done = True
                    _changed.notify_all()
