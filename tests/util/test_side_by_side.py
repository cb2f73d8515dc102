"""Works in steps side by side: all steps, all results, one's error, and the end of all."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from smile.util.side_by_side import side_by_side
from smile.util.timing import finished


def counted(to: int, closed: list[int] | None = None, fails: bool = False) -> Generator[int, None, str]:
    try:
        yield from range(to)
        if fails:
            raise ValueError(to)
        return f"{to} done"
    finally:
        if closed is not None:
            closed.append(to)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_all_steps_come_in_their_order_and_all_results(threads: int) -> None:
    steps = side_by_side([counted(3), counted(0), counted(5)], threads)
    said: dict[int, list[int]] = {0: [], 1: [], 2: []}
    while True:
        try:
            number, step = next(steps)
        except StopIteration as end:
            results = end.value
            break
        said[number].append(step)
    assert said == {0: [0, 1, 2], 1: [], 2: [0, 1, 2, 3, 4]}
    assert results == ["3 done", "0 done", "5 done"]


def test_an_error_of_one_ends_all_and_is_raised() -> None:
    closed: list[int] = []
    with pytest.raises(ValueError, match="2"):
        finished(side_by_side([counted(2, closed, fails=True), counted(10**9, closed)], 2))
    assert sorted(closed) == [2, 10**9]


def test_closing_it_closes_all_and_leaves_no_thread() -> None:
    closed: list[int] = []
    before = threading.active_count()
    steps = side_by_side([counted(10**9, closed), counted(10**8, closed)], 2)
    next(steps)
    steps.close()
    assert sorted(closed) == [10**8, 10**9]
    assert threading.active_count() == before


def test_works_take_turns_where_there_are_more_than_threads() -> None:
    steps = side_by_side([counted(2), counted(3), counted(1)], 1)
    assert [number for number, _ in steps] == [0, 1, 2, 0, 1, 1]
