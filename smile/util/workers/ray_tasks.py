"""Tasks among workers on Ray: who is free takes the next; what a worker leaves undone is done again."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from smile.datatypes import SmileError
from smile.util.workers import AGAIN, Done, Task, gave_up

PATIENCE = 5  # seconds for workers to end


class Crew:
    """Workers, each replaced by another when it has ended.

    One that waits for room, as after its machine has ended, gets no task before it is there.

    Args:
        ray: the package, or what does as it does.
        hire: gives a new worker.
        jobs: how many there are at a time.
    """

    def __init__(self, ray: Any, hire: Callable[[], Any], jobs: int):
        self._ray, self._hire, self._jobs = ray, hire, jobs
        self._running: dict[Any, tuple[Any, Task | None]] = {}  # by what Ray promises
        self._free: list[Any] = []
        self._lost: Counter[str] = Counter()  # how often a task's worker has ended, by its key
        self._ended = 0  # workers since the last result
        for _ in range(jobs):
            self._begin()

    def work(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield results as they come; no more tasks are taken than there are workers.

        Raises:
            SmileError: a task's worker, or one worker after the other, has ended time and again.
        """
        todo, again = iter(tasks), deque[Task]()
        while True:
            while self._free and (task := again.popleft() if again else next(todo, None)) is not None:
                worker = self._free.pop()
                self._running[worker.do.remote(task)] = (worker, task)
            if not again and not any(task is not None for _, task in self._running.values()):
                if (task := next(todo, None)) is None:
                    return
                again.append(task)
            (ready,), _ = self._ray.wait(list(self._running), num_returns=1)
            worker, done = self._running.pop(ready)
            if self._ended_with(ready, done):
                again += [] if done is None else [done]
                self._begin()
                continue
            self._free.append(worker)
            if done is not None:
                self._ended = 0
                yield done.key, self._result

    def _begin(self) -> None:
        worker = self._hire()
        self._running[worker.ready.remote()] = (worker, None)

    def _ended_with(self, ready: Any, task: Task | None) -> bool:
        """Take a result in; return whether the worker has ended instead."""
        try:
            self._result = self._ray.get(ready)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self._ray.exceptions.RayError as error:
            self._ended += 1
            if task is not None:
                self._lost[task.key] += 1
                if self._lost[task.key] > AGAIN:
                    raise gave_up(task.key) from error
            if self._ended > AGAIN * self._jobs:
                reason = str(error).strip().split("\n")[0].rstrip(".")
                raise SmileError(
                    f"Workers on the cluster end as soon as they begin ({reason}); all its machines need "
                    "this version of SMILE and of Python."
                ) from error
            return True
        return False

    def end(self) -> None:
        """Let the workers clear away."""
        asked = [worker.end.remote() for worker in self._free]
        with suppress(self._ray.exceptions.RayError):
            self._ray.wait(asked, num_returns=len(asked), timeout=PATIENCE) if asked else None
