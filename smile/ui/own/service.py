"""The link between visitors' own pools and the engine: their folders, and heavy work in its turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from smile.audio.signatures import may_be_sound
from smile.datatypes import PoolError, Progress
from smile.importing import NO_HINTS, Hints, Imported
from smile.importing.isolated import read_apart, unpack_apart
from smile.importing.limits import Limits
from smile.own.quota import FullError
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.settings import Settings
from smile.ui.files import discard, playable, sweep
from smile.ui.scheduler import Watched
from smile.util import leftovers

if TYPE_CHECKING:
    from smile.evaluation.conditions import Condition
    from smile.own.check import Check
    from smile.pools.pool import Pool
    from smile.transcription.batch import Step
    from smile.transcription.recordings import Sources
    from smile.ui.engine import Engine
    from smile.whisper.model import Models

LOGGER = logging.getLogger(__name__)
LOG = logging.getLogger(__name__)
SWEEP = 600.0  # seconds between two looks for what nobody uses any more
KEEP_UPLOADS = 12 * 3600.0  # seconds that an upload stays which nobody has used
UNTRIED = "No acoustic model was tried, though it may be better. {}"
UNKEPT = "The kNN-LM, or the acoustic model, is left out: {}."
T = TypeVar("T")


class VisitorService:
    """A service for visitors with pools of their own."""

    def __init__(self, engine: Engine, visitors: Workspaces):
        self.engine, self.visitors = engine, visitors
        visitors.forget = discard
        self._samples: dict[str, str] = {}  # by kind, where gradio serves from
        self._closed = Event()

    def begin(self) -> None:
        """Take the visitors' folder; delete, now and from time to time, what has not been used for a while.

        Raises:
            PoolError: the folder holds something else, or cannot be used.
        """
        self.visitors.claim()
        Thread(target=self._sweep, daemon=True).start()

    def close(self) -> None:
        """End what `begin` began."""
        self._closed.set()
        self.visitors.close()

    def _sweep(self) -> None:
        while not self._closed.is_set():
            try:
                self.visitors.sweep()
                sweep(KEEP_UPLOADS)
                leftovers.sweep(self.engine.cache)
            except OSError as error:
                LOG.warning("Old files stay for another %s seconds: %s", SWEEP, error)
            self._closed.wait(SWEEP)

    def models(self) -> Models:
        """Return the models, once `engine.load` has loaded them."""
        return self.engine.warm().result()

    def work(
        self, what: str, work: Callable[[Models, Progress], T], share: bool = False, on: str = ""
    ) -> Generator[str, None, T]:
        """Do work over clips when its turn comes; yield what is done and how far it is, for a person.

        With `share` the work tells hundredths of itself, not clips. Work `on` the same is not done at once.

        Closing it ends the work after the clip at hand.
        """
        with self.engine.scheduler.visit():
            yield from self.engine.load()
            progress, scheduler = Watched(0, share), self.engine.scheduler
            job = scheduler.over_clips(partial(work, self.models()), progress, on)
            try:
                yield from scheduler.lines(job, lambda: f"{what}: {progress}")
                return job.result()
            finally:
                progress.stop()

    def sample(self, kind: str) -> str:
        """Return the path from which gradio serves a sample of a kind, one for all visitors.

        Raises:
            PoolError: there is no demo pool to make it of.
        """
        from smile.ui.own.samples import SAMPLES

        made = self._samples.get(kind)
        if made is None or not Path(made).is_file():
            folder = next(iter(sorted(self.engine.options.pools.glob("*/pool.json"))), None)
            if folder is None:
                raise PoolError("There is no demo pool to make a sample of.")
            with TemporaryDirectory() as work:
                file = Path(work) / f"smile-sample-{kind}.zip"
                SAMPLES[kind](open_pool(folder.parent), file)
                made = self._samples[kind] = playable(file)
        return made

    def read_clips(
        self,
        workspace: Workspace,
        files: Sequence[Path],
        work: Path,
        tiers: Sequence[str],
        hints: Hints = NO_HINTS,
    ) -> Generator[str, None, Imported]:
        """Read labelled clips of files in a process of its own, within the room that the visitor has."""
        language = workspace.state().language
        hints = replace(hints, language=language.code if language else "")
        return (yield from read_apart(files, work, tiers=tiers, hints=hints, limits=_limits(workspace)))

    def unpacked(
        self, workspace: Workspace, files: Sequence[Path], work: Path
    ) -> Generator[str, None, Sources]:
        """Return the recordings of files, those of zips unpacked, and what else is in the zips.

        Raises:
            SmileError: one of them is neither a recording nor a zip of some.
        """
        from smile.transcription.recordings import Recording, Sources, recordings_of

        sources = Sources([], [])
        for number, file in enumerate(files):
            if file.suffix.lower() == ".zip":
                folder = work / f"zip-{number}"
                unpacked = yield from unpack_apart(file, folder, limits=_limits(workspace))
                inside = recordings_of([unpacked], work)
                sources = Sources(
                    [*sources.recordings, *inside.recordings], [*sources.left_out, *inside.left_out]
                )
            elif may_be_sound(file):
                sources.recordings.append(Recording(file.name, file))
            else:
                raise PoolError(f"{file.name} is no recording; add sound files or a zip of them.")
        return sources

    def ready(self, workspace: Workspace) -> Generator[str, None, str]:
        """Make what the pool's setting needs of it and is missing; return why it cannot be kept, if so."""
        from smile.own import fitting, growing

        read, fit = partial(growing.ready, workspace), partial(fitting.fitted, workspace)
        on = workspace.folder.name
        try:
            workspace.room()
            yield from self.work("Reading the examples", read, on=on)
            if fitting.wanted(workspace.pool()):
                yield from self.work("Fitting the acoustic model", fit, share=True, on=on)
        except FullError as error:
            return UNKEPT.format(str(error).rstrip("."))
        except OSError as error:
            return UNKEPT.format(error.strerror or type(error).__name__)
        return ""

    def batch(
        self, workspace: Workspace, settings: Settings, names: list[str] | None = None
    ) -> Iterator[Step]:
        """Transcribe what waits, or the recordings of these names again; keep each as it is done."""
        from smile.own import transcripts
        from smile.own.asked import digest
        from smile.own.made import made_with
        from smile.transcription import batch

        if names is None:
            clips = transcripts.waiting(workspace)
        else:
            clips = [item.recording for item in transcripts.items(workspace) if item.recording.name in names]
        models = self.models()
        pool = workspace.pool(models.smile.info.encoder)
        asked, settings = digest(pool, settings), possible(settings, pool, models)
        clips, made = [replace(c, asked=asked) for c in clips], made_with(workspace, pool, settings)
        # its log is its own: another batch, with other examples, may begin before this one has ended
        with workspace.work(adding=False) as log:
            output = batch.Output(times="words") if timed(settings, pool, models) else batch.UTTERANCES
            steps = batch.run(models, clips, pool, settings, log, output)
            with self.engine.scheduler.visit(), closing(self.engine.scheduler.each(steps)) as paced:
                for step in paced:
                    if step.transcript or step.problem:
                        transcripts.keep(workspace, step, made)
                    workspace.touch()
                    yield step

    def _tried(self, workspace: Workspace, pool: Pool, models: Models) -> tuple[list[Condition], str]:
        """Return what a check tries, and why no acoustic model is in it where there is no room for one.

        Nothing is tried that needs a datastore which is not there.
        """
        from smile.own import check, fitting
        from smile.transcription.preparing import needed

        try:
            fitting.room(workspace, pool, models.smile, check=True)
            untried = ""
        except FullError as error:
            untried = UNTRIED.format(error)
        shots = [count for count in check.SHOTS if count < len(pool)]  # one is left out of them
        conditions = check.conditions(models.smile.info, shots, acoustic=not untried)
        stored = _stored(pool, models)
        return [c for c in conditions if stored or "datastore" not in needed(c.settings)], untried

    def check(self, workspace: Workspace) -> Iterator[Check]:
        """Leave each example out in turn, and make the setting that does best the pool's.

        A check of the same examples that was broken off goes on.

        Raises:
            PoolError: there are too few, or no setting came to a result.
        """
        from smile.own import check as leave_one_out
        from smile.own.checked import keep_table, kept_rows
        from smile.own.crossed import forget_folds
        from smile.pools.setting import write_setting

        models = self.models()
        pool = workspace.pool(models.smile.info.encoder)
        if pool is None or len(pool) < 2:
            raise PoolError("A check needs two examples at least; add some first.")
        tried, untried = self._tried(workspace, pool, models)
        progress = leave_one_out.Check(0, 0)
        with kept_rows(workspace.folder, pool, models.smile.info) as kept, self.engine.scheduler.visit():
            steps = leave_one_out.leave_one_out(models, pool, tried, kept=kept)
            with closing(self.engine.scheduler.each(steps)) as paced:
                for progress in paced:
                    workspace.touch()
                    yield replace(progress, untried=untried)
        with workspace.lock:  # of this language, not of one that has its place by now
            write_setting(pool.folder, leave_one_out.best(progress, tried, pool, models.smile.info))
            keep_table(workspace.folder, pool, progress.rates)
        forget_folds(pool, models.smile)
        try:
            _judge_again(workspace, pool, models)
        except OSError as error:  # the disk is full; what the check has chosen holds all the same
            LOGGER.warning("The confidence of transcripts stays as it was: %s", error)


def _stored(pool: Pool, models: Models) -> bool:
    from smile.decoding.knn.store import present

    return present(pool, models.smile)


def _judge_again(workspace: Workspace, pool: Pool, models: Models) -> None:
    """Judge the words of transcripts that the pool made by what a check has said of its own clips."""
    from smile.acoustic.calibrating import calibration_of
    from smile.acoustic.states import StatesId
    from smile.own.asked import settings
    from smile.own.kept_transcripts import judge_again

    model = models.smile.within(settings(workspace, pool).windows)
    judge_again(workspace, pool.folder.name, calibration_of(pool, StatesId.of(model)))


def timed(settings: Settings, pool: Pool | None, models: Models) -> bool:
    """Return whether a pool has an acoustic model, which tells the times of words and how sure they are."""
    from smile.transcription.preparing import has_acoustic

    return pool is not None and has_acoustic(pool, models.smile.within(settings.windows))


def possible(settings: Settings, pool: Pool | None, models: Models) -> Settings:
    """Return settings without what could not be made of a pool: its acoustic model, or its datastore."""
    from smile.transcription.preparing import has_acoustic, needed

    if pool and "acoustic" in needed(settings) and not has_acoustic(pool, models.smile):
        settings = replace(settings, level="context")
    needs = pool is not None and settings.knn and not _stored(pool, models)
    return replace(settings, knn=0.0) if needs else settings


def _limits(workspace: Workspace) -> Limits:
    """The limits of an import by a visitor, who may have less room than they allow."""
    limits = Limits()
    return replace(limits, archive_bytes=min(limits.archive_bytes, workspace.room()))
