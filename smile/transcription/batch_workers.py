"""Many recordings side by side, a task each, by workers here or on a cluster; the files are the same.

Where workers do not see this machine's disk, a task carries its recording and each worker gets the pool. A
recording that lies at a URL is only named, and fetched by its worker.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from smile.datatypes import AudioError
from smile.exporting import TieredTranscript
from smile.pools.carried import CarriedPool
from smile.pools.fetched import PoolAt
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.transcription.batch import (
    Made,
    Output,
    Step,
    Work,
    ended,
    kept_of,
    key_of,
    logged,
    run,
    unfinished,
)
from smile.transcription.recordings import Recording
from smile.transcription.remote import at_hand
from smile.transcription.times import Times
from smile.util.log import Log
from smile.util.opening import read_bytes
from smile.util.workers import Failed, Placement, workers, written_once
from smile.util.workers import Work as Doing
from smile.util.workers.carried import as_file, sweep
from smile.whisper.carried import CarriedModels, Held
from smile.whisper.engines import one_thread
from smile.whisper.model import Models


@dataclass(frozen=True)
class RecordingTask:
    """A recording to transcribe."""

    key: str  # as in the log
    recording: Recording
    data: bytes | None = None  # of its file; None where the worker sees it, or fetches it


@dataclass(frozen=True, eq=False)
class Transcriber:
    """How a recording is transcribed in a worker."""

    models: CarriedModels | Held
    pool: Pool | CarriedPool | None
    settings: Settings
    times: Times

    def __call__(self, task: RecordingTask) -> dict[str, Any] | Failed:
        """Return what is kept of a recording's transcription; why there is none where it cannot be read."""
        with one_thread():
            pool = _opened(self.pool) if isinstance(self.pool, CarriedPool) else self.pool
            work = Work(self.models.loaded(), pool, self.settings, self.times)
            try:
                with _near(task) as recording:
                    return kept_of(work, recording)
            except AudioError as error:
                return Failed(str(error))


@contextmanager
def _near(task: RecordingTask) -> Iterator[Recording]:
    """Give a task's recording with its file on this machine."""
    if task.data is None:
        with at_hand(task.recording) as recording:
            yield recording
    else:
        with as_file(task.recording.path.name, task.data) as path:
            yield replace(task.recording, path=path)


@lru_cache(maxsize=1)
def _opened(pool: CarriedPool) -> Pool:
    return pool.opened()


@dataclass(frozen=True, eq=False)
class Workers:
    """Who transcribes, and the models and pool that they are given."""

    placement: Placement
    arguments: dict[str, Any]  # of load_models
    models: Models  # as they are loaded here
    pool: Pool | None
    pool_at: PoolAt | None = None  # where the pool was fetched from

    def transcriber(self, settings: Settings, times: Times) -> Transcriber:
        """Return how each of them transcribes.

        Raises:
            OSError: a file of the pool or of the adapter cannot be read.
        """
        if self.placement.one_process:
            return Transcriber(Held(self.models), self.pool, settings, times)
        here = self.placement.one_machine
        pool = self.pool if here or self.pool is None else CarriedPool.of(self.pool, self.pool_at)
        return Transcriber(CarriedModels.of(self.arguments, here, self.models), pool, settings, times)


def run_by(
    given: Workers, recordings: Sequence[Recording], settings: Settings, out: Path, output: Output
) -> Generator[Step, None, None]:
    """Transcribe recordings as `batch.run` does, each by one thread of a worker, and write the same files.

    One worker here is this process, with all its threads.

    A recording is told when it is finished. The recording of a worker that is killed is done again.

    Raises:
        SmileError: the folder cannot be written, no cluster is there, or a recording ended its worker time
            and again.
    """
    work = Work(given.models, given.pool, settings, output.times)
    if given.placement.here:
        yield from run(given.models, recordings, given.pool, settings, out, output)
        return
    try:
        with workers(given.placement, given.transcriber(settings, output.times)) as doing:
            walk = partial(_side_by_side, doing, not given.placement.one_machine)
            yield from logged(work, walk, recordings, out, output)
    finally:
        sweep()  # what workers that were killed here had fetched


def _side_by_side(
    doing: Doing, carried: bool, recordings: Sequence[Recording], log: Log, made: Made
) -> Generator[Step, None, None]:
    walk = _Walk(recordings, log, made, carried)
    for key, result in written_once(doing, walk.tasks(), log.add):
        walk.take(key, result)
        yield from walk.steps()
    yield from walk.steps()


class _Walk:
    """Recordings on their way: a task for each content that has no transcript, a step for each name."""

    def __init__(self, recordings: Sequence[Recording], log: Log, made: Made, carried: bool):
        self._recordings, self._log, self._made, self._carried = recordings, log, made, carried
        self._waiting: dict[str, list[int]] = {}  # places of the recordings of a task in hand
        self._failed: dict[str, str] = {}
        self._ended: list[tuple[int, dict[str, Any] | str]] = []  # what is to be told
        self._done = 0

    def tasks(self) -> Iterator[RecordingTask]:
        """Yield what is to be done; a file is read when its turn comes."""
        for number, recording in enumerate(self._recordings):
            try:
                key = key_of(recording)
                if key in self._failed:
                    self._ended.append((number, self._failed[key]))
                elif key in self._waiting:
                    self._waiting[key].append(number)
                elif unfinished(kept := self._log.get(key), recording):
                    self._waiting[key] = [number]
                    yield self._task(key, recording)
                else:
                    self._ended.append((number, kept))
            except AudioError as error:
                self._ended.append((number, str(error)))

    def _task(self, key: str, recording: Recording) -> RecordingTask:
        if not self._carried:
            return RecordingTask(key, recording)
        data = None if recording.remote else read_bytes(recording.path)
        return RecordingTask(key, replace(recording, segments=None), data)

    def take(self, key: str, result: dict[str, Any] | Failed) -> None:
        """Take the result of a task in."""
        if isinstance(result, Failed):
            self._failed[key] = result.reason
        said = result.reason if isinstance(result, Failed) else result
        self._ended += [(number, said) for number in self._waiting.pop(key)]

    def steps(self) -> Iterator[Step]:
        """Yield the ends of recordings that have not been told."""
        total = len(self._recordings)
        for number, said in self._ended:
            self._done += 1
            if isinstance(said, str):
                yield Step(self._done, total, self._recordings[number].name, problem=said)
            else:
                self._made[number] = TieredTranscript.from_json(said["transcript"])
                yield ended(said, self._made[number], self._done, total)
        self._ended.clear()
