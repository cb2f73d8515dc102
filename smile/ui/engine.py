"""The engine behind the page: pools by key, models loaded once in the background, transcriptions.

Nothing heavy is imported before `warm`; loading, indexing and reading happen one by one, visitors' first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from smile.datatypes import EncoderId, Neighbour, Samples, SmileError, Utterance, Vector
from smile.demo.measured import Measurements
from smile.pools.pool import Pool
from smile.settings import WINDOWS
from smile.ui.caching import Unkept, writable
from smile.ui.readying import Readiness
from smile.ui.scheduler import Scheduler
from smile.ui.sources import (
    MOST_QUERIES,
    Options,
    PoolChoice,
    Source,
    all_measured,
    all_sources,
    at_hand,
    loaded,
)

if TYPE_CHECKING:
    from smile.evaluation.compare import Cell, Grid
    from smile.settings import Settings
    from smile.transcription.pipeline import Awaited
    from smile.transcription.result import Result
    from smile.transcription.segments import KeptSegments
    from smile.whisper.model import Models

LOG = logging.getLogger(__name__)


class Engine:
    """Pools and models for all visitors."""

    def __init__(self, options: Options):
        self.options = options
        self.scheduler = Scheduler()
        self._asking = Lock()  # whether the models are being loaded
        self._loading: Future[Models] | None = None
        self.unkept = Unkept()
        self._ready = Readiness(self.scheduler, self.unkept, lambda: self.cache)

    @cached_property
    def cache(self) -> Path:
        """Return the folder of what is kept."""
        return writable(self.options.cache)

    @cached_property
    def _sources(self) -> dict[str, Source]:
        sources = all_sources(self.options, self.measured)
        return {source.choice.key: source for source in sources}

    @cached_property
    def measured(self) -> Measurements:
        """Return the measured samples, of the pools that come along and of those in the cache."""
        return all_measured(self.options)

    def pools(self) -> tuple[PoolChoice, ...]:
        """Return the pools on offer."""
        return tuple(source.choice for source in self._sources.values())

    def choice(self, key: str | None) -> PoolChoice | None:
        """Return the pool of that key, where there is one."""
        return next((pool for pool in self.pools() if pool.key == key), None)

    def queries(self, key: str | None) -> tuple[Utterance, ...]:
        """Return recordings to try: of a pool's language, with texts, and not among its examples."""
        return self._sources[key].queries[:MOST_QUERIES] if key in self._sources else ()

    def recording(self, key: str | None, name: str) -> Utterance | None:
        """Return, by its id, a recording of a pool's language that is not among its examples."""
        queries = self._sources[key].queries if key in self._sources else ()
        return next((utterance for utterance in queries if utterance.id == name), None)

    def examples(self, key: str | None) -> tuple[Utterance, ...]:
        """Return a pool's labelled clips, in the order of its embeddings where none was left out."""
        return self._sources[key].examples if key in self._sources else ()

    def pool(self, key: str | None, encoder: EncoderId) -> Pool | None:
        """Return a pool with embeddings of an encoder, where there is one; load no model, index nothing."""
        return at_hand(self._sources[key], self.cache, encoder) if key in self._sources else None

    def audio_folders(self) -> list[Path]:
        """Return the folders with the audio that the page plays."""
        return [self.options.pools, self.cache, *([self.options.stamps] if self.options.stamps else [])]

    def problem(self, key: str | None) -> str:
        """Return why what is made of a pool cannot be kept, for a person; empty where it can."""
        return self.unkept.why(key)

    def warm(self) -> Future[Models]:
        """Begin to load the models where nobody has; a failed load is tried again."""
        with self._asking:
            loading = self._loading
            if loading is None or (loading.done() and loading.exception()):
                loading = self._loading = self.scheduler.start(partial(loaded, self.options))
            return loading

    def begin(self, first: str | None = None) -> None:
        """Load the models and read pools ahead in the background, `first` before the others."""
        self.warm()
        if self.options.read_ahead:
            Thread(target=self._read_ahead, args=(first,), daemon=True).start()

    def close(self) -> None:
        """End what `begin` began, so that the process can end."""
        self.scheduler.close()

    def _read_ahead(self, first: str | None) -> None:
        """Make all but corpora's pools ready: `first` before the others, those the adapter knows last."""
        from smile.whisper.engines import compute_alone

        try:
            models = self.warm().result()
        except SmileError:
            return  # it is in the log, and whoever asks is told
        compute_alone()
        pools = self.pools()
        own = sorted(
            (p for p in pools if not p.source), key=lambda pool: (pool.key != first, pool.trained_on)
        )
        for key in [pool.key for pool in own or pools[:1]]:
            try:
                work = partial(self._ready.make, self._sources[key], models, WINDOWS, "datastore")
                self.scheduler.prefetch(work, on=key)
            except Exception as error:
                LOG.warning("The pool %s was not read ahead: %s", key, error)

    def load(self) -> Iterator[str]:
        """Load the models; yield what is being done, for a person, several times a second.

        Raises:
            SmileError: weights or adapter that cannot be used.
        """
        loading = self.warm()
        yield from self.scheduler.lines(loading, lambda: "Loading Whisper")
        loading.result()

    def prepare(
        self, key: str | None, *wanted: Settings, untrained: Sequence[Settings] = ()
    ) -> Iterator[str]:
        """Load the models, open a pool and make what settings need of it; as `load`.

        For `untrained` settings it is made by the model without its adapter. A pool that is not indexed
        is indexed first. Closing it stops the work.

        Raises:
            SmileError: weights, adapter or pool that cannot be used.
        """
        with self.scheduler.visit():
            yield from self.load()
            if key in self._sources:
                source, models = self._sources[key], self.warm().result()
                yield from self._ready.opening(source, models)
                for settings in wanted:
                    yield from self._ready.preparing(source, models, settings)
                for settings in untrained:
                    lines = self._ready.preparing(source, models.untrained, settings)
                    yield from map("Without the adapter: {}".format, lines)

    def embed(self, samples: Samples, encoder: EncoderId) -> Vector:
        """Return the embedding (d,) of a recording's first piece of speech, once the models are loaded.

        Raises:
            SmileError: there is no speech, or the app's encoder is not the one asked for.
        """
        from smile.transcription.pipeline import embedded

        models = self.warm().result()
        own = models.smile.info.encoder
        if own != encoder:
            raise SmileError(
                f"This was made with {encoder.model}, and the app runs {own.model} with other weights; "
                "make it again with: smile project"
            )
        with self.scheduler.visit():
            (embedding,) = self.scheduler.each(embedded(models.smile, samples) for _ in range(1))
            return embedding

    def nearest(self, samples: Samples, key: str, count: int, divergence: str) -> tuple[Neighbour, ...]:
        """Return the examples nearest to a recording, of a pool that `prepare` has opened.

        Raises:
            SmileError: there is no speech, or no such divergence.
        """
        from smile.retrieval.samplers import Query, choose
        from smile.settings import Settings

        models = self.warm().result()
        pool = self._ready.pool(key, models)
        query = Query(self.embed(samples, models.smile.info.encoder))
        wanted = Settings(shots=count, divergence=divergence)
        return choose(query, pool.embeddings, pool.utterances, wanted)

    def facts(self, key: str | None, settings: Settings) -> dict[str, Any]:
        """Return all that a transcript depends on beside its recording, once the models are loaded."""
        from smile.ui.sources import facts

        return facts(self.warm().result(), key, self.examples(key), settings)

    def transcribe(
        self,
        samples: Samples,
        key: str | None,
        settings: Settings,
        kept: KeptSegments | None = None,
        provisional: bool = True,
    ) -> Iterator[Result]:
        """Transcribe a recording, but for what is `kept`, with examples of a pool, once `load` has loaded.

        What is still to be done for the pool is done once Whisper alone has been heard, with a provisional
        text meanwhile, where that is wanted; what an acoustic model wrote has times of words. Raises
        SmileError for a pool that cannot be used.
        """
        from smile.transcription import pipeline, times

        with self.scheduler.visit():
            models = self.warm().result()
            pool = self._pool_for(key, settings, models)
            if not provisional and isinstance(pool, pipeline.Awaited):
                pool = replace(pool, meanwhile=lambda: None)
            results = pipeline.transcribe(models, samples, pool, settings, kept)
            ready = partial(self._ready.opened, key or "", models)
            yield from self.scheduler.each(times.timed(results, models.smile, samples, ready))

    def compare(self, samples: Samples, key: str, grid: Grid) -> Iterator[Cell]:
        """Fill a grid's cells for a recording, with examples of a pool that `prepare` has opened."""
        from smile.evaluation.compare import compare

        if problem := self.problem(key):
            if grid.acoustic:
                raise SmileError(problem)
            grid = replace(grid, base=replace(grid.base, knn=0.0))
        with self.scheduler.visit():
            models = self.warm().result()
            pools = self._ready.pool(key, models), self._ready.opened(key, models.untrained)
            steps = compare(models, samples, pools[0], grid, pools[1])
            yield from (cell for cell in self.scheduler.each(steps) if cell)

    def _pool_for(self, key: str | None, settings: Settings, models: Models) -> Pool | Awaited | None:
        from smile.transcription.pipeline import Awaited

        if key not in self._sources:
            return None
        source, pool = self._sources[key], self._ready.opened(key, models)
        if pool is not None and not self._ready.unmade(key, models, settings):
            return pool
        steps, code = self._ready.preparing(source, models, settings), source.choice.language.code
        lacking = partial(self._lacking, key, settings, models)
        return Awaited(
            Path(key).name, code, steps, lacking, partial(self._ready.meanwhile, key, models, settings)
        )

    def _lacking(self, key: str, settings: Settings, models: Models) -> str:
        """Why a pool lacks what settings need of it; empty where it does not."""
        return self.problem(key) if self._ready.unmade(key, models, settings) else ""
