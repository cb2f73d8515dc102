"""The tasks of an evaluation: an utterance each with all its conditions, which share its encoder states.

Where workers do not see this machine's disk, a task carries its recording, and the workers of each language
get its pools with all that was made of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from smile.datatypes import DamagedError, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import Made, PoolKey, evaluate
from smile.pools.carried import whole
from smile.pools.pool import Pool, open_pool
from smile.pools.subsets import mixed
from smile.util.opening import read_bytes
from smile.util.workers import Done, Placement, Work, workers
from smile.util.workers.carried import Parcel, as_file
from smile.whisper.carried import CarriedModels
from smile.whisper.engines import one_thread
from smile.whisper.model import Models

Folders = tuple[Path, ...]  # of pools; of several languages, several


@dataclass(frozen=True)
class EvaluationTask:
    """An utterance with the conditions that it still lacks, and where their pools are."""

    utterance: Utterance
    conditions: tuple[Condition, ...]
    pools: dict[PoolKey, Folders]
    split: str
    data: bytes | None = None  # of its recording, where the worker does not see it

    @property
    def key(self) -> str:
        """Return what its rows are told apart by."""
        hashes = " ".join(condition.hash for condition in self.conditions)
        return f"{self.split} {self.utterance.language} {self.utterance.id} {hashes}"


@dataclass(frozen=True, eq=False)
class Evaluator:
    """How a task is done in a worker, with models that it loads once."""

    models: CarriedModels
    folder: str = ""  # which relative paths start from, of a worker on this machine
    pools: dict[Path, Parcel] = field(default_factory=dict)  # those that the worker does not see

    def __call__(self, task: EvaluationTask) -> list[Made]:
        """Return the rows of a task."""
        if self.folder:
            os.chdir(self.folder)
        with one_thread(), _sound(task) as audio:
            pools = {key: tuple(map(self._there, folders)) for key, folders in task.pools.items()}
            utterance = replace(task.utterance, audio=audio)
            return done(replace(task, utterance=utterance, pools=pools), self.models.loaded())

    def _there(self, folder: Path) -> Path:
        """The folder of a pool as this worker sees it."""
        return self.pools[folder].unpacked() if folder in self.pools else folder


def _sound(task: EvaluationTask) -> AbstractContextManager[Path]:
    """The file of a task's recording on this machine."""
    audio = task.utterance.audio
    return nullcontext(audio) if task.data is None else as_file(audio.name, task.data)


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

    Of workers on other machines there are new ones for each language's tasks.

    Raises:
        SmileError: Ray is not there; or, from the work, a worker has ended before it was done.
    """
    if not placement.one_machine:
        with workers(placement, len):  # whether the cluster can be had at all
            pass
        yield _Away(CarriedModels.of(arguments, False, models), placement)
        return
    folder = str(Path.cwd()) if placement.cluster else ""
    here, away = Here(models), Evaluator(CarriedModels.of(arguments, True, models), folder)
    with workers(placement, here if placement.one_process else away) as work:
        yield work


@dataclass(frozen=True, eq=False)
class _Away:
    """Workers on machines that do not see this one's disk."""

    models: CarriedModels
    placement: Placement

    def __call__(self, tasks: Iterable[EvaluationTask]) -> Iterator[Done]:
        """Do tasks that have their pools in common; raises as workers do."""
        given = list(tasks)
        folders = {folder for task in given for several in task.pools.values() for folder in several}
        do = Evaluator(self.models, pools={folder: whole(folder) for folder in folders})
        with workers(self.placement, do) as work:
            yield from work(map(_with_sound, given))


def _with_sound(task: EvaluationTask) -> EvaluationTask:
    """A task with its recording; one that cannot be read is told by the worker, in its rows."""
    with suppress(OSError, DamagedError):
        return replace(task, data=read_bytes(task.utterance.audio))
    return task


@lru_cache(maxsize=8)
def _opened(folders: Folders) -> Pool:
    return mixed([open_pool(folder) for folder in folders])
