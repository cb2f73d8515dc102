"""Evaluates utterances here, or in processes of one thread each; the rows are the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from smile.conditions import Condition
from smile.datatypes import SmileError, Utterance
from smile.evaluate import Made, evaluate
from smile.models import Models, load_models
from smile.pool import Pool, open_pool
from smile.recognizers import one_thread
from smile.subpools import mixed


@dataclass(frozen=True)
class Task:
    """An utterance with the conditions that it still lacks, and where their pools are."""

    utterance: Utterance
    conditions: tuple[Condition, ...]
    pools: dict[tuple[str, str], tuple[Path, ...]]  # by language and adapter; of several languages, several
    split: str


class Engines(Protocol):
    """How many processes, and which models they load."""

    @property
    def jobs(self) -> int: ...
    @property
    def model(self) -> dict[str, Any]: ...


def worked(tasks: Sequence[Task], models: Models, engines: Engines) -> Iterator[list[Made]]:
    """The rows of each task, as they come.

    Raises:
        SmileError: a process has ended before its work was done.
    """
    return _here(tasks, models) if engines.jobs == 1 else _processes(tasks, engines)


def _here(tasks: Sequence[Task], models: Models) -> Iterator[list[Made]]:
    with one_thread():
        for task in tasks:
            yield done(task, models)


def done(task: Task, models: Models) -> list[Made]:
    """The rows of a task."""
    pools = {key: _opened(folders) for key, folders in task.pools.items()}
    return list(evaluate(models, task.utterance, task.conditions, pools, task.split))


def _processes(tasks: Sequence[Task], engines: Engines) -> Iterator[list[Made]]:
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the new processes' libraries
    executor = ProcessPoolExecutor(engines.jobs, get_context("spawn"), _begin, (engines.model,))
    try:
        futures = [executor.submit(_do, task) for task in tasks]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise SmileError("A process of the evaluation has ended; the same command goes on.") from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        if threads is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = threads


_arguments: dict[str, Any] = {}


def _begin(arguments: dict[str, Any]) -> None:
    """Of a new process: remember which models it is to load, and end quietly when interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _arguments.update(arguments)


def _do(task: Task) -> list[Made]:
    with one_thread():
        return done(task, load_models(**_arguments))


@lru_cache(maxsize=8)
def _opened(folders: tuple[Path, ...]) -> Pool:
    return mixed([open_pool(folder) for folder in folders])
