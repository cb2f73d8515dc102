"""Pools made ready for a model: opened, and what settings need of them made, in turn with others' work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from smile.datatypes import EncoderId, Progress, RecognizerInfo
from smile.pools.pool import Pool
from smile.ui.caching import Unkept
from smile.ui.scheduler import Scheduler, Watched
from smile.ui.sources import Source, at_hand, indexed

if TYPE_CHECKING:
    from smile.settings import Settings
    from smile.whisper.model import Models

T = TypeVar("T")
Windows = tuple[float, ...]  # seconds, as in `Settings`
WORK = {"datastore": "Reading the examples of", "acoustic": "Fitting the acoustic model of"}


class Readiness:
    """Which pools are open, and what has been made of them for which model.

    It is made for the side of `models` with examples; `models.untrained` has the model without its adapter.
    """

    def __init__(self, scheduler: Scheduler, unkept: Unkept, cache: Callable[[], Path]):
        self._scheduler, self._unkept, self._cache = scheduler, unkept, cache
        self._open: dict[tuple[str, EncoderId], Pool] = {}
        self._made: set[tuple[str, RecognizerInfo, Windows, str]] = set()

    def opened(self, key: str, models: Models) -> Pool | None:
        """Return a pool that has been opened, None for others."""
        return self._open.get((key, models.smile.info.encoder))

    def pool(self, key: str, models: Models) -> Pool:
        """Return a pool that has been opened; a KeyError for others."""
        return self._open[key, models.smile.info.encoder]

    def opening(self, source: Source, models: Models) -> Generator[str, None, Pool]:
        """Open a pool, and return it; one that needs no indexing waits for nobody."""
        key, encoder = place = source.choice.key, models.smile.info.encoder
        if place not in self._open and (pool := at_hand(source, self._cache(), encoder)):
            self._open[place] = pool
        if place not in self._open:
            yield from self._over_clips("Indexing", source, partial(self._open_pool, source, models))
        return self.pool(key, models)

    def preparing(self, source: Source, models: Models, settings: Settings) -> Generator[str, None, Pool]:
        """Open a pool, make what settings need of it, where that can be kept, and return it."""
        yield from self.opening(source, models)
        key = source.choice.key
        for what in self.missing(key, models, settings):
            make = partial(self.make, source, models, settings.windows, what)
            try:
                yield from self._over_clips(WORK[what], source, make, share=what == "acoustic")
            except OSError as error:
                self._unkept.note(key, error)
        return self.pool(key, models)

    def missing(self, key: str, models: Models, settings: Settings) -> list[str]:
        """Return what settings need of a pool and nobody has made, as far as it can be kept."""
        return [] if self._unkept.why(key) else self.unmade(key, models, settings)

    def unmade(self, key: str, models: Models, settings: Settings) -> list[str]:
        """Return what settings need of a pool and nobody has made, or has been damaged or deleted since."""
        from smile.transcription.preparing import needed

        return [what for what in needed(settings) if not self._has(key, models, settings.windows, what)]

    def _has(self, key: str, models: Models, windows: Windows, what: str) -> bool:
        from smile.transcription.preparing import PRESENT

        if (key, models.smile.info, windows, what) not in self._made:
            return False
        return PRESENT[what](self.pool(key, models), models.smile.within(windows))

    def meanwhile(self, key: str, models: Models, settings: Settings) -> Pool | None:
        """Return a pool that has been opened, as long as something is still being made of it."""
        return self.opened(key, models) if self.missing(key, models, settings) else None

    def make(self, source: Source, models: Models, windows: Windows, what: str, progress: Progress) -> None:
        """Open a pool and make one thing of it, as far as neither has been done."""
        from smile.transcription.preparing import MAKERS

        self._open_pool(source, models, progress)
        key = source.choice.key
        if not self._has(key, models, windows, what):
            MAKERS[what](self.pool(key, models), models.smile.within(windows), progress)
            self._made.add((key, models.smile.info, windows, what))

    def _open_pool(self, source: Source, models: Models, progress: Progress) -> None:
        place = source.choice.key, models.smile.info.encoder
        if place not in self._open:
            self._open[place] = indexed(source, self._cache(), models, progress)

    def _over_clips(
        self, what: str, source: Source, work: Callable[[Progress], T], share: bool = False
    ) -> Generator[str, None, T]:
        """Do work over the clips of a pool in the background, in turn with others'; say how far it is."""
        choice = source.choice
        progress = Watched(choice.examples, share)
        job = self._scheduler.over_clips(work, progress, on=choice.key)
        try:
            yield from self._scheduler.lines(job, lambda: f"{what} {choice.language.name}: {progress}")
            return job.result()
        finally:
            progress.stop()
