"""A pool's clips read side by side, by workers here or on a cluster; who asked writes the datastore."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from smile.decoding.knn.teacher_forcing import TeacherForcedPass
from smile.pools.carried import CarriedPool
from smile.pools.copies import Groups
from smile.pools.pool import Pool
from smile.util.workers import workers
from smile.whisper.carried import CarriedModels, ModelWorkers
from smile.whisper.engines import one_thread
from smile.whisper.model import Model

CLIPS = 4  # of a task
Reading = tuple[int, dict[str, str]]  # a clip's number, and `ClipStates` as JSON has them


@dataclass(frozen=True)
class ReadingTask:
    """Clips to read, by their numbers in the pool."""

    numbers: tuple[int, ...]

    @property
    def key(self) -> str:
        """Return what tells it from the other tasks of this pool."""
        return "clips " + " ".join(map(str, self.numbers))


@dataclass(frozen=True, eq=False)
class ClipsReader:
    """How clips are read in a worker."""

    models: CarriedModels
    pool: Pool | CarriedPool
    language: str
    copies: Groups
    windows: tuple[float, ...]

    def __call__(self, task: ReadingTask) -> list[Reading]:
        """Return what the decoder makes of each clip.

        Raises:
            AudioError: a recording cannot be read.
        """
        with one_thread():
            reader = _reader(self)
            return [(number, reader(number).to_json()) for number in task.numbers]


@lru_cache(maxsize=1)
def _reader(given: ClipsReader) -> TeacherForcedPass:
    pool = given.pool.opened() if isinstance(given.pool, CarriedPool) else given.pool
    model = given.models.loaded().smile.within(given.windows)
    return TeacherForcedPass(pool, model, given.language, given.copies)


class ReadingWorkers(ModelWorkers):
    """Who reads, with which models."""

    def read(
        self, pool: Pool, model: Model, language: str, copies: Groups, numbers: Sequence[int]
    ) -> Generator[Reading]:
        """Yield what is read of clips as `TeacherForcedPass` reads them, in any order.

        Raises:
            AudioError: a recording cannot be read.
            SmileError: no cluster is there, or a task ended its worker time and again.
        """
        if not numbers:
            return
        away = pool if self.placement.one_machine else CarriedPool.of(pool)
        do = ClipsReader(self.carried(), away, language, copies, tuple(model.windows))
        with workers(self.placement, do) as work:
            for _, readings in work(_tasks(numbers)):
                yield from readings


def _tasks(numbers: Sequence[int]) -> Iterator[ReadingTask]:
    todo = iter(numbers)
    while some := tuple(islice(todo, CLIPS)):
        yield ReadingTask(some)
