"""The tasks of an evaluation: an utterance each with all its conditions, which share its encoder states."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import Made, PoolKey, evaluate
from smile.pools.pool import Pool, open_pool
from smile.pools.subsets import mixed
from smile.util.workers import Placement, Work, workers
from smile.whisper.carried import CarriedModels
from smile.whisper.engines import one_thread
from smile.whisper.model import Models


@dataclass(frozen=True)
class EvaluationTask:
    """An utterance with the conditions that it still lacks, and where their pools are."""

    utterance: Utterance
    conditions: tuple[Condition, ...]
    pools: dict[PoolKey, tuple[Path, ...]]  # of several languages, several
    split: str

    @property
    def key(self) -> str:
        """Return what its rows are told apart by."""
        hashes = " ".join(condition.hash for condition in self.conditions)
        return f"{self.split} {self.utterance.language} {self.utterance.id} {hashes}"


@dataclass(frozen=True)
class Evaluator:
    """How a task is done in a worker, with models that it loads once."""

    models: CarriedModels
    folder: str = ""  # which relative paths start from, of a worker that may be on another machine

    def __call__(self, task: EvaluationTask) -> list[Made]:
        """Return the rows of a task.

        Raises:
            SmileError: this machine has not the folders that the task names.
        """
        if self.folder:
            _move(self.folder, task)
        with one_thread():
            return done(task, self.models.loaded())


def _move(folder: str, task: EvaluationTask) -> None:
    needed = [pool for pools in task.pools.values() for pool in pools]
    try:
        os.chdir(folder)
        present = all(path.is_dir() for path in (task.utterance.audio.parent, *needed))
    except OSError:
        present = False
    if not present:
        raise SmileError(
            f"The worker on {socket.gethostname()} does not see the corpus and the pools; all machines "
            "of the cluster must have them, and this repository, under the same paths."
        )


@dataclass(frozen=True)
class Here:
    """How a task is done in this process, in one thread, with its models."""

    models: Models

    def __call__(self, task: EvaluationTask) -> list[Made]:
        """Return the rows of a task."""
        with one_thread():
            return done(task, self.models)


def done(task: EvaluationTask, models: Models) -> list[Made]:
    """Return the rows of a task."""
    pools = {key: _opened(folders) for key, folders in task.pools.items()}
    return list(evaluate(models, task.utterance, task.conditions, pools, task.split))


@contextmanager
def worker_pool(models: Models, placement: Placement, arguments: dict[str, Any]) -> Iterator[Work]:
    """Give who does tasks: this process, several, or workers on Ray; they keep their models until the end.

    Raises:
        SmileError: Ray is not there; or, from the work, a worker has ended before it was done.
    """
    folder = str(Path.cwd()) if placement.cluster else ""
    do = (
        Here(models)
        if placement.one_process
        else Evaluator(CarriedModels.of(arguments, True, models), folder)
    )
    with workers(placement, do) as work:
        yield work


@lru_cache(maxsize=8)
def _opened(folders: tuple[Path, ...]) -> Pool:
    return mixed([open_pool(folder) for folder in folders])
