"""Work that is cut into tasks, done by this process, by several, or by workers on a Ray cluster.

A task is a value with a key, which says its content: tasks of one key come to the same result, so each key
is done once and its result written once. Who does a task makes no difference to what it comes to, and a
task whose worker ends before it is done is done again by another. Evaluation, transcription of many
recordings and indexing are users of this; what a task is and what its result means is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from smile.datatypes import SmileError

LOCAL = "local"  # the address of a cluster that is started here and ended with the work
AGAIN = 3  # times that a task is tried after its worker has ended
GAVE_UP = "Workers ended {} times over {}; the same command goes on, or does without it if it is taken out."


class Task(Protocol):
    """A piece of work as a value: it can be pickled, and its key says its content."""

    @property
    def key(self) -> str:
        """Return what tells tasks of different results apart."""
        ...


Do = Callable[[Any], Any]  # does a task in a worker; it is pickled once for each worker
Done = tuple[str, Any]  # a task's key and its result
Work = Callable[[Iterable[Any]], Iterator[Done]]  # the results of tasks, as they come


@dataclass(frozen=True)
class Placement:
    """How many workers there are, of one thread each, and where.

    Attributes:
        jobs: workers.
        cluster: address of a Ray cluster, "local" for one of this machine's own; empty: without Ray.
        gpus: that each worker on a cluster has to itself.
        lanes: tasks that this process does side by side in threads, where a GPU does their steps together.
    """

    jobs: int = 1
    cluster: str = ""
    gpus: int = 0
    lanes: int = 1

    @property
    def one_process(self) -> bool:
        """Return whether this process does all, in threads or one after the other."""
        return self.jobs == 1 and not self.cluster

    @property
    def here(self) -> bool:
        """Return whether this process does all by itself, one after the other."""
        return self.one_process and self.lanes == 1

    @property
    def one_machine(self) -> bool:
        """Return whether the workers see this machine's files; elsewhere tasks carry what they need."""
        return self.cluster in ("", LOCAL)


@dataclass(frozen=True)
class Failed:
    """In place of a result: why there is none. It is told and not written, so that it is tried again."""

    reason: str


def workers(placement: Placement, do: Do) -> AbstractContextManager[Work]:
    """Give who does tasks, by calling `do` with each; workers are kept until the block's end.

    Raises:
        SmileError: Ray is not installed, or no cluster is there; or, from the work, the worker of a task
            has ended time and again.
    """
    if placement.cluster:
        from smile.util.workers.on_ray import on_ray

        return on_ray(placement, do)
    if placement.lanes > 1:
        from smile.util.workers.in_threads import in_threads

        return in_threads(placement.lanes, do)
    if placement.jobs > 1:
        from smile.util.workers.in_processes import in_processes

        return in_processes(placement.jobs, do)
    return nullcontext(partial(by_hand, do))


def by_hand(do: Do, tasks: Iterable[Task]) -> Iterator[Done]:
    """Do tasks one after the other in this process."""
    for task in tasks:
        yield task.key, do(task)


def written_once(work: Work, tasks: Iterable[Task], write: Callable[[str, Any], object]) -> Iterator[Done]:
    """Do tasks, each key once; write each result before it is yielded. What `Failed` is not written."""
    for key, result in work(_distinct(tasks)):
        if not isinstance(result, Failed):
            write(key, result)
        yield key, result


def _distinct(tasks: Iterable[Task]) -> Iterator[Task]:
    seen = set[str]()
    for task in tasks:
        if task.key not in seen:
            seen.add(task.key)
            yield task


def gave_up(key: str) -> SmileError:
    """Return the error of a task whose workers have ended time and again."""
    return SmileError(GAVE_UP.format(AGAIN + 1, key))
