"""Workers that are threads of this process, for tasks whose steps a GPU does together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any

from smile.util.together import in_lane
from smile.util.workers import Do, Done, Task, Work


@contextmanager
def in_threads(lanes: int, do: Do) -> Iterator[Work]:
    """Do so many tasks at a time; those that are begun are done before the block ends."""

    def work(tasks: Iterable[Task]) -> Iterator[Done]:
        todo, running = iter(tasks), dict[Future[Any], Task]()
        while True:
            for task in islice(todo, lanes - len(running)):
                running[threads.submit(in_lane, do, task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future).key, future.result()

    with ThreadPoolExecutor(lanes) as threads:
        yield work
