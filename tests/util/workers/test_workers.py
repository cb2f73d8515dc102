"""Tasks are done once each whoever does them, also when workers end; what fails is told and not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smile.datatypes import SmileError
from smile.util.workers import AGAIN, Failed, Placement, workers, written_once
from smile.util.workers.ray_tasks import Crew
from tests.support.toy_tasks import Mortal, Number, refused, squared

NUMBERS = [Number(n) for n in (3, 1, 2, -1, 5, 1)]
SQUARES = {"3": 9, "1": 1, "2": 4, "5": 25}


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_key_is_done_and_written_once_and_a_failure_is_told(jobs: int) -> None:
    log: list[tuple[str, Any]] = []
    with workers(Placement(jobs), squared) as work:
        results = list(written_once(work, NUMBERS, lambda key, value: log.append((key, value))))
    assert dict(log) == SQUARES
    assert len(log) == len(SQUARES)
    assert dict(results) == {**SQUARES, "-1": Failed("It is negative.")}
    assert len(results) == len(SQUARES) + 1


def test_a_result_is_written_before_it_is_told() -> None:
    log: dict[str, Any] = {}
    with workers(Placement(), squared) as work:
        for key, value in written_once(work, NUMBERS[:3], log.__setitem__):
            assert log[key] == value


def test_no_more_tasks_are_taken_than_there_are_workers(tmp_path: Path) -> None:
    taken: list[int] = []

    def told() -> Any:
        for number in range(8):
            taken.append(number)
            yield Number(number)

    with workers(Placement(2), squared) as work:
        for done, _ in enumerate(work(told()), 1):
            assert len(taken) <= done + 2


@pytest.mark.parametrize("times", [1, AGAIN])
def test_the_task_of_a_killed_process_is_done_again(tmp_path: Path, times: int) -> None:
    with workers(Placement(2), Mortal(tmp_path, 2, times)) as work:
        assert dict(work([Number(n) for n in range(5)])) == {str(n): n * n for n in range(5)}
    assert len(list(tmp_path.glob("2-*"))) == times + 1


def test_a_task_that_ends_every_process_is_a_sentence_that_names_it(tmp_path: Path) -> None:
    with (
        workers(Placement(2), Mortal(tmp_path, 2, 99)) as work,
        pytest.raises(SmileError, match=r"ended 4 times over 2; the same"),
    ):
        list(work([Number(2)]))


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_task_is_raised_as_it_is(jobs: int) -> None:
    with workers(Placement(jobs), refused) as work, pytest.raises(SmileError, match=r"^[13] is refused\.$"):
        list(work(NUMBERS))  # of the two that are tried at once, either may be the first


class RayError(Exception):
    pass


class RayTaskError(RayError):
    cause = SmileError("A task failed.")


class FakeRay:
    """Does in this process what is asked of Ray; promises are kept in the order in which they were made."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, do: Callable[[Number], Any], room: int):
        self.do, self.room = do, room  # workers that there is room for; others wait for ever
        self.hired: list[Any] = []

    def hire(self) -> Any:
        self.hired.append(FakeWorker(self, len(self.hired)))
        return self.hired[-1]

    def wait(self, promised: list[Any], num_returns: int, timeout: float = 0) -> tuple[list[Any], list[Any]]:
        there = [p for p in promised if p.worker.alive or p.worker.number < self.room]
        assert there, "it would wait for ever"
        return there[:1], there[1:]

    def get(self, promise: Any) -> Any:
        return promise.kept()


class FakePromise:
    def __init__(self, worker: FakeWorker, kept: Callable[[], Any]):
        self.worker, self.kept = worker, kept


class FakeWorker:
    def __init__(self, ray: FakeRay, number: int):
        self.ray, self.number, self.alive = ray, number, True
        self.alive = number < ray.room

    @property
    def ready(self) -> Any:
        return self._asked(lambda: None)

    @property
    def end(self) -> Any:
        return self._asked(lambda: None)

    @property
    def do(self) -> Any:
        return self._asked(self._do)

    def _do(self, task: Number) -> Any:
        assert self.alive, "a task was given to a worker that is not there"
        return self.ray.do(task)

    def _asked(self, what: Callable[..., Any]) -> Any:
        class Method:
            @staticmethod
            def remote(*given: Any) -> FakePromise:
                return FakePromise(self, lambda: what(*given))

        return Method


def test_without_room_for_another_worker_those_that_are_left_do_all() -> None:
    lost: list[int] = []

    def once(task: Number) -> int | Failed:
        if task.number == 2 and not lost:
            lost.append(2)
            raise RayError("The actor died.")
        return squared(task)

    ray = FakeRay(once, room=2)
    crew = Crew(ray, ray.hire, 2)
    assert dict(crew.work([Number(n) for n in range(6)])) == {str(n): n * n for n in range(6)}
    assert lost == [2]
    assert len(ray.hired) == 3
    assert dict(crew.work([Number(7)])) == {"7": 49}


def test_a_task_that_ends_every_worker_on_ray_is_a_sentence() -> None:
    def dead(task: Number) -> int:
        raise RayError("The actor died.")

    ray = FakeRay(dead, room=99)
    with pytest.raises(SmileError, match="ended 4 times over 2; the same"):
        list(Crew(ray, ray.hire, 2).work([Number(2)]))
    assert len(ray.hired) == 2 + AGAIN


def test_workers_that_end_as_soon_as_they_begin_are_a_sentence() -> None:
    ray = FakeRay(squared, room=99)

    def stillborn() -> Any:
        worker = ray.hire()
        worker.__class__ = type("Stillborn", (FakeWorker,), {"ready": property(_stillborn)})
        return worker

    with pytest.raises(SmileError, match=r"as soon as they begin \(No module.*this version of SMILE"):
        list(Crew(ray, stillborn, 1).work([Number(2)]))


def _stillborn(worker: FakeWorker) -> Any:
    def fail() -> None:
        raise RayError("No module named smile")

    return worker._asked(fail)
