"""Evaluates utterances here, or in workers of one thread each; the rows are the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from smile.datatypes import SmileError, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import Made, PoolKey, evaluate
from smile.pools.pool import Pool, open_pool
from smile.pools.subsets import mixed
from smile.util.processes import children_end, end_with_parent
from smile.whisper.engines import one_thread
from smile.whisper.model import Models, load_models


@dataclass(frozen=True)
class Task:
    """An utterance with the conditions that it still lacks, and where their pools are."""

    utterance: Utterance
    conditions: tuple[Condition, ...]
    pools: dict[PoolKey, tuple[Path, ...]]  # of several languages, several
    split: str


class Engines(Protocol):
    """How many workers there are, where, and which models they load."""

    @property
    def jobs(self) -> int: ...
    @property
    def cluster(self) -> str: ...  # address of a Ray cluster, "local" for one of its own, empty without Ray
    @property
    def model(self) -> dict[str, Any]: ...


Work = Callable[[Sequence[Task]], Iterator[list[Made]]]  # the rows of each task, as they come


def work_here(models: Models, tasks: Sequence[Task]) -> Iterator[list[Made]]:
    """Do tasks in this process, in one thread."""
    with one_thread():
        for task in tasks:
            yield done(task, models)


def done(task: Task, models: Models) -> list[Made]:
    """Return the rows of a task."""
    pools = {key: _opened(folders) for key, folders in task.pools.items()}
    return list(evaluate(models, task.utterance, task.conditions, pools, task.split))


@contextmanager
def in_processes(engines: Engines) -> Iterator[Work]:
    """Do tasks in processes of one thread each, which end with the block."""
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the new processes' libraries
    executor = ProcessPoolExecutor(engines.jobs, get_context("spawn"), _begin, (engines.model,))
    try:
        with children_end():
            yield partial(_by_processes, executor)
    finally:
        executor.shutdown(cancel_futures=True)  # its own threads end before the process does
        if threads is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = threads


def _by_processes(executor: ProcessPoolExecutor, tasks: Sequence[Task]) -> Iterator[list[Made]]:
    try:
        for future in as_completed([executor.submit(_do, task) for task in tasks]):
            yield future.result()
    except BrokenProcessPool as error:
        raise SmileError("A process of the evaluation has ended; the same command goes on.") from error


_arguments: dict[str, Any] = {}


def _begin(arguments: dict[str, Any]) -> None:
    """Of a new process: remember which models it is to load, and end quietly when interrupted.

    It ends with its parent too; where the shell has SIGINT ignored, it stays so.
    """
    end_with_parent()
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _arguments.update(arguments)


def _do(task: Task) -> list[Made]:
    return done_alone(task, _arguments)


def done_alone(task: Task, arguments: dict[str, Any]) -> list[Made]:
    """Return the rows of a task, by one thread and with models that this process loads once."""
    with one_thread():
        return done(task, load_models(**arguments))


@lru_cache(maxsize=8)
def _opened(folders: tuple[Path, ...]) -> Pool:
    return mixed([open_pool(folder) for folder in folders])
