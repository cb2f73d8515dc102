"""Workers that are processes of this machine, of one thread each."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any

from smile.util.processes import children_end, end_with_parent
from smile.util.workers import AGAIN, Do, Done, Task, Work, gave_up

THREADS = "OMP_NUM_THREADS"


@contextmanager
def in_processes(jobs: int, do: Do) -> Iterator[Work]:
    """Do tasks in so many processes, which end with the block."""
    threads = os.environ.get(THREADS)
    os.environ[THREADS] = "1"  # read by the new processes' libraries
    crew = _Crew(jobs, do)
    try:
        with children_end():
            yield crew.work
    finally:
        crew.end()
        if threads is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = threads


class _Crew:
    """Processes, all replaced when one of them has ended: the others are then told to end, too."""

    def __init__(self, jobs: int, do: Do):
        self._jobs, self._do = jobs, do
        self._executor = self._begun()
        self._lost: Counter[str] = Counter()  # how often a task's worker has ended, by its key

    def _begun(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._jobs, get_context("spawn"), begin, (self._do,))

    def end(self) -> None:
        """End the processes; the executor's own threads end before this process does."""
        self._executor.shutdown(cancel_futures=True)

    def work(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield results as they come; no more tasks are taken than the processes have in hand."""
        todo, running = iter(tasks), dict[Future[Any], Task]()
        while True:
            for task in islice(todo, self._jobs - len(running)):
                running[self._submitted(task)] = task
            if not running:
                return
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            lost = list[Task]()
            for future in ready:
                task = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.append(task)
                else:
                    yield task.key, result
            if lost:
                lost += running.values()
                running.clear()
                self._replace(lost)
                todo = chain(lost, todo)

    def _submitted(self, task: Task) -> Future[Any]:
        try:
            return self._executor.submit(_do, task)
        except BrokenProcessPool as error:  # between two tasks
            broken = Future[Any]()
            broken.set_exception(error)
            return broken

    def _replace(self, lost: list[Task]) -> None:
        """Begin with new processes.

        Raises:
            SmileError: a task's worker has ended time and again.
        """
        self._lost.update(task.key for task in lost)
        for task in lost:
            if self._lost[task.key] > AGAIN:
                raise gave_up(task.key)
        self.end()
        self._executor = self._begun()


_given: list[Do] = []


def begin(do: Do) -> None:
    """Of a new process: remember how tasks are done, and end quietly when interrupted.

    It ends with its parent too; where the shell has SIGINT ignored, it stays so.
    """
    end_with_parent()
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _given[:] = [do]


def _do(task: Task) -> Any:
    return _given[0](task)
