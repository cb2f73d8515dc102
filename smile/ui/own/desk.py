"""Where visitors' own pools meet the engine: their folders, and heavy work in its turn."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from smile.datatypes import PoolError
from smile.own.workspace import Workspace, Workspaces
from smile.transcription import Settings
from smile.ui.turns import Progress, Watched, lines

if TYPE_CHECKING:
    from smile.batch import Step
    from smile.leave_one_out import Check
    from smile.models import Models
    from smile.ui.engine import Engine

SWEEP = 600.0  # seconds between two looks for what nobody uses any more
T = TypeVar("T")


class Desk:
    """Serves visitors with pools of their own."""

    def __init__(self, engine: Engine, visitors: Workspaces):
        self.engine, self.visitors = engine, visitors
        self._closed = Event()

    def begin(self) -> None:
        """Delete what has not been used for the set time, now and from time to time."""
        Thread(target=self._sweep, daemon=True).start()

    def close(self) -> None:
        """End what `begin` began."""
        self._closed.set()

    def _sweep(self) -> None:
        while not self._closed.is_set():
            self.visitors.sweep()
            self._closed.wait(SWEEP)

    def models(self) -> Models:
        """The models, once `engine.load` has loaded them."""
        return self.engine.warm().result()

    def work(self, what: str, work: Callable[[Models, Progress], T]) -> Generator[str, None, T]:
        """Do work over clips when its turn comes; says what is done and how far it is, for a person.

        Closing it ends the work after the clip at hand.
        """
        with self.engine.turns.visit():
            yield from self.engine.load()
            progress = Watched(0)
            job = self.engine.turns.start(partial(work, self.models(), progress))
            try:
                yield from lines(job, lambda: f"{what}: {progress}")
                return job.result()
            finally:
                progress.stop()

    def ready(self, workspace: Workspace) -> Generator[str, None, None]:
        """Read what the pool's examples have not been read of."""
        from smile.own import growing

        yield from self.work("Reading the examples", lambda m, p: growing.ready(workspace, m, p))

    def batch(
        self, workspace: Workspace, settings: Settings, names: list[str] | None = None
    ) -> Iterator[Step]:
        """Transcribe what waits, or the recordings of these names (again), each kept as it is done."""
        from smile import batch
        from smile.own import transcripts

        if names is None:
            found = transcripts.waiting(workspace)
        else:
            found = [item.recording for item in transcripts.items(workspace) if item.recording.name in names]
        models = self.models()
        pool = workspace.pool(models.smile.info.encoder)
        versions = workspace.state().versions
        version, size = (versions[-1].folder if versions else ""), len(pool) if pool else 0
        # its log is its own: another batch, with other examples, may begin before this one has ended
        with TemporaryDirectory(dir=workspace.folder, prefix=".batch-", ignore_cleanup_errors=True) as log:
            steps = batch.run(models, found, pool, settings, Path(log))
            with self.engine.turns.visit(), closing(self.engine.turns.each(steps)) as paced:
                for step in paced:
                    if step.transcript or step.problem:
                        transcripts.keep(workspace, step, version, size)
                    workspace.touch()
                    yield step

    def check(self, workspace: Workspace) -> Iterator[Check]:
        """Leave each example out in turn; the setting that does best becomes the pool's.

        Raises:
            PoolError: there are too few, or no setting came to a result.
        """
        from smile import leave_one_out
        from smile.pool_setting import write_setting

        models = self.models()
        pool = workspace.pool(models.smile.info.encoder)
        if pool is None or len(pool) < 2:
            raise PoolError("A check needs two examples at least; add some first.")
        tried, found = leave_one_out.conditions(models.smile.info), leave_one_out.Check(0, 0)
        steps = leave_one_out.leave_one_out(models, pool, tried)
        with self.engine.turns.visit(), closing(self.engine.turns.each(steps)) as paced:
            for found in paced:
                yield found
        write_setting(pool.folder, leave_one_out.best(found, tried, pool, models.smile.info))
