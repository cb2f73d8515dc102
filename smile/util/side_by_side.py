"""Work in steps that is done side by side, in threads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, Queue, SimpleQueue
from threading import Event
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
PATIENCE = 0.05  # seconds between two looks whether a thread has ended


def side_by_side(
    works: Sequence[Generator[S, None, T]], threads: int
) -> Generator[tuple[int, S], None, list[T]]:
    """Do works in so many threads at once; yield each's number and step, and return what they come to.

    Works take turns step by step, so that of more works than threads all end at about the same time. A step
    waits until the one before it has been taken, so that others' work may come in between. An error of one
    ends all and is raised. Closing this closes them after their steps at hand.
    """
    said: Queue[tuple[int, S]] = Queue(1)
    waiting, made, ended = SimpleQueue[int](), dict[int, T](), Event()
    for number in range(len(works)):
        waiting.put(number)

    def take_turns() -> None:
        with suppress(Empty):
            while not ended.is_set():
                number = waiting.get_nowait()
                try:
                    step = next(works[number])
                except StopIteration as end:
                    made[number] = end.value
                    continue
                except BaseException:
                    ended.set()
                    raise
                said.put((number, step))
                waiting.put(number)

    count = max(1, min(threads, len(works)))
    with ThreadPoolExecutor(count) as pool:
        jobs = [pool.submit(take_turns) for _ in range(count)]
        try:
            while not _over(jobs):
                with suppress(Empty):
                    yield said.get(timeout=PATIENCE)
            while not said.empty():
                yield said.get()
        finally:
            ended.set()
            while not _over(jobs):  # one may be waiting with a step
                with suppress(Empty):
                    said.get(timeout=PATIENCE)
            for work in works:
                work.close()
    failed = next((error for job in jobs if (error := job.exception())), None)
    if failed:
        raise failed
    return [made[number] for number in range(len(works))]


def _over(jobs: Sequence[Future[None]]) -> bool:
    return not wait(jobs, timeout=0).not_done
