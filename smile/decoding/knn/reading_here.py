"""Clips of a pool read by threads of this process, a clip each; a GPU does their steps together."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from smile.decoding.knn.teacher_forcing import ClipStates, TeacherForcedPass
from smile.util.together import in_lane

if TYPE_CHECKING:
    from smile.decoding.knn.reading_workers import Reading


def readings(reader: TeacherForcedPass, threads: int, numbers: Sequence[int]) -> Generator[Reading]:
    """Read clips, in order; yields each by its number, as JSON has it."""
    with closing(in_threads(reader, numbers, threads)) as read:
        for number, reading in zip(numbers, read, strict=True):
            yield number, reading.to_json()


def in_threads(reader: TeacherForcedPass, numbers: Sequence[int], threads: int) -> Generator[ClipStates]:
    """Yield clips read, in order; no more is begun than one beside those at work, so that it soon ends."""
    from smile.whisper.engines import compute_alone

    executor, begun = ThreadPoolExecutor(threads, initializer=compute_alone), deque[Future[ClipStates]]()
    try:
        for number in numbers:
            begun.append(executor.submit(in_lane, reader, number))
            if len(begun) > threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)
