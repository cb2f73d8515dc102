"""Work in steps that is done side by side, in threads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, Queue
from threading import Event
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
PATIENCE = 0.05  # seconds between two looks whether a thread has ended


def side_by_side(
    works: Sequence[Generator[S, None, T]], threads: int
) -> Generator[tuple[int, S], None, list[T]]:
    """Do works in so many threads at once; yield each's number and step, and return what they come to.

    A step waits until the one before it has been taken, so that others' work may come in between. An error
    of one ends all and is raised. Closing this closes them after their steps at hand.
    """
    said: Queue[tuple[int, S]] = Queue(1)
    ended = Event()

    def done(number: int) -> T | None:
        steps = works[number]
        try:
            while not ended.is_set():
                said.put((number, next(steps)))
        except StopIteration as end:
            result: T = end.value
            return result
        except BaseException:
            ended.set()
            raise
        finally:
            steps.close()
        return None

    with ThreadPoolExecutor(max(1, threads)) as pool:
        jobs = [pool.submit(done, number) for number in range(len(works))]
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
    failed = next((error for job in jobs if (error := job.exception())), None)
    if failed:
        raise failed
    return [job.result() for job in jobs]  # type: ignore[misc]  # none was ended before its end


def _over(jobs: Sequence[Future[T | None]]) -> bool:
    return not wait(jobs, timeout=0).not_done
