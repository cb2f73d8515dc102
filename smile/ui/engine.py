"""The engine behind the page: pools by key, models loaded once in the background, transcriptions.

Nothing heavy is imported before the first `warm` or `prepare`; loading and indexing happen one after
the other in threads that end with the process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from smile.datatypes import EncoderId, Samples, SmileError, Utterance, Vector
from smile.pool import Pool, open_pool, read_header
from smile.ui.sources import MOST_QUERIES, PoolChoice, Source, offered, shipped
from smile.weights import DEFAULT

if TYPE_CHECKING:
    from smile.models import Models
    from smile.transcription import Result, Settings

LOG = logging.getLogger(__name__)
POLL = 0.25  # seconds between two looks at work in the background
Progress = Callable[[int, int], None]  # clips done, clips in all
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """Where models, pools and corpora are."""

    pools: Path
    cache: Path  # where corpora's pools are kept
    corpora: tuple[Path, ...] = ()
    model: str = DEFAULT
    engine: str = "lean"
    device: str = "cpu"
    adapter: Path | None = None


class Engine:
    """Pools and models for all visitors."""

    def __init__(self, options: Options):
        self.options = options
        self._turn = Lock()  # of work in the background
        self._asking = Lock()  # whether the models are being loaded
        self._loading: Future[Models] | None = None
        self._open: dict[str, Pool] = {}
        self._read: set[str] = set()  # pools whose tokens have been read

    @cached_property
    def _sources(self) -> dict[str, Source]:
        found = [*shipped(self.options.pools)]
        for root in self.options.corpora:
            found += offered(root)
        return {source.choice.key: source for source in found}

    def pools(self) -> tuple[PoolChoice, ...]:
        """The pools on offer."""
        return tuple(source.choice for source in self._sources.values())

    def choice(self, key: str | None) -> PoolChoice | None:
        """The pool of that key, where there is one."""
        return next((pool for pool in self.pools() if pool.key == key), None)

    def queries(self, key: str | None) -> tuple[Utterance, ...]:
        """Recordings of a pool's language that are not among its examples, with their texts, to try."""
        return self._sources[key].queries[:MOST_QUERIES] if key in self._sources else ()

    def recording(self, key: str | None, name: str) -> Utterance | None:
        """One of all recordings of a pool's language that are not among its examples, by its id."""
        found = self._sources[key].queries if key in self._sources else ()
        return next((utterance for utterance in found if utterance.id == name), None)

    def examples(self, key: str | None) -> tuple[Utterance, ...]:
        """The labelled clips of a pool, in the order of its embeddings where none was left out."""
        return self._sources[key].examples if key in self._sources else ()

    def pool(self, key: str | None, encoder: EncoderId) -> Pool | None:
        """A pool with embeddings of an encoder, where there is one; loads no model and indexes nothing."""
        return self._at_hand(self._sources[key], encoder) if key in self._sources else None

    def audio_folders(self) -> list[Path]:
        """Folders with the audio that the page plays."""
        return [self.options.pools, self.options.cache]

    def warm(self) -> Future[Models]:
        """Begin to load the models where nobody has; a failed load is tried again."""
        with self._asking:
            loading = self._loading
            if loading is None or (loading.done() and loading.exception()):
                loading = self._loading = _background(self._load, self._turn)
            return loading

    def begin(self, key: str | None) -> None:
        """Make a pool ready in the background, so that the first visitor need not wait."""

        def ready() -> None:
            with suppress(SmileError):  # whoever asks for the pool is told
                for _ in self.prepare(key, tokens=True):
                    pass

        Thread(target=ready, daemon=True).start()

    def _load(self) -> Models:
        from smile.models import load_models

        options = self.options
        try:
            return load_models(
                options.model, engine=options.engine, adapter=options.adapter, device=options.device
            )
        except SmileError as error:
            LOG.error("%s", error)
            raise

    def prepare(self, key: str | None, tokens: bool) -> Iterator[str]:
        """Load the models and open the pool, which indexes it where that is still to be done.

        With `tokens` its token datastore is made too, where it is missing. Yields what is being done,
        for a person, several times a second. Closing it stops the work.

        Raises:
            SmileError: weights, adapter or pool that cannot be used.
        """
        loading = self.warm()
        yield from _lines(loading, lambda: "Loading Whisper")
        models = loading.result()
        if key in self._sources and key not in self._open:
            indexed = partial(self._indexed, self._sources[key], models)
            self._open[key] = yield from self._over_clips("Indexing", key, indexed)
        if key in self._open and tokens and key not in self._read:
            yield from self._over_clips("Reading the examples of", key, partial(self._tokens, key, models))
            self._read.add(key)

    def _over_clips(self, what: str, key: str, work: Callable[[Progress], T]) -> Generator[str, None, T]:
        """Do a piece of work over the clips of a pool in the background, and say how far it is."""
        choice = self._sources[key].choice
        stop, done = Event(), [0, choice.examples]
        job = _background(partial(work, partial(_tick, stop, done)), self._turn)
        try:
            yield from _lines(job, lambda: f"{what} {choice.language.name}: {_far(done)}")
            return job.result()
        finally:
            stop.set()

    def _tokens(self, key: str, models: Models, progress: Progress) -> None:
        from smile.transcribe import read_tokens

        read_tokens(self._open[key], models.smile, models.vocabulary, progress)

    def _indexed(self, source: Source, models: Models, progress: Progress) -> Pool:
        """The pool as this encoder needs it: as it came, or from the cache, or made now."""
        encoder = models.smile.info.encoder
        if found := self._at_hand(source, encoder):
            return found
        from smile.indexing import index

        kept = cached(self.options.cache, source, encoder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        code = source.choice.language.code
        built = index(source.folder, kept, models.smile, code=code, guess=models.guess, progress=progress)
        return replace(built.pool, stores=_stores(kept))

    def _at_hand(self, source: Source, encoder: EncoderId) -> Pool | None:
        """The pool of this encoder as it came, or from the cache."""
        kept = cached(self.options.cache, source, encoder)
        for folder in (source.folder, kept):
            if (folder / "pool.json").is_file() and read_header(folder).encoder == encoder:
                return replace(open_pool(folder, encoder), stores=_stores(kept))
        return None

    def embed(self, samples: Samples, encoder: EncoderId) -> Vector:
        """The embedding (d,) of a recording's first piece of speech, once `prepare` has loaded the models.

        Raises:
            SmileError: there is no speech, or the app's encoder is not the one asked for.
        """
        from smile.transcribe import embedded

        models = self.warm().result()
        own = models.smile.info.encoder
        if own != encoder:
            raise SmileError(
                f"This was made with {encoder.model}, and the app runs {own.model} with other weights; "
                "make it again with: smile project"
            )
        return embedded(models.smile, samples)

    def transcribe(self, samples: Samples, key: str | None, settings: Settings) -> Iterator[Result]:
        """Transcribe a recording with examples of a pool that `prepare` has opened."""
        from smile.transcribe import transcribe

        pool = self._open.get(key) if key else None
        return transcribe(self.warm().result(), samples, pool, settings)


def _background(job: Callable[[], T], turn: Lock) -> Future[T]:
    """Do a job in a thread of its own when its turn comes."""
    future: Future[T] = Future()
    Thread(target=_fulfil, args=(future, job, turn), daemon=True).start()
    return future


def _fulfil(future: Future[T], job: Callable[[], T], turn: Lock) -> None:
    with turn:
        try:
            future.set_result(job())
        except Exception as error:
            future.set_exception(error)


class _StoppedError(Exception):
    """Indexing that nobody waits for any more."""


def _tick(stop: Event, done: list[int], clips: int, total: int) -> None:
    done[:] = clips, total
    if stop.is_set():
        raise _StoppedError


def _lines(job: Future[T], line: Callable[[], str]) -> Iterator[str]:
    """A line now and then until the job is done."""
    while not job.done():
        yield line()
        wait([job], timeout=POLL)


def _far(done: list[int]) -> str:
    """How far a piece of work is, which may have to wait for another to end."""
    return f"{done[0]} of {done[1]} clips" if done[0] else "waiting for its turn"


def _stores(kept: Path) -> Path:
    """Where the token datastore of a pool goes, beside its place in the cache."""
    return kept.with_name(f"{kept.name}.tokens")


def cached(cache: Path, source: Source, encoder: EncoderId) -> Path:
    """The folder of a pool made for an encoder."""
    name = "-".join(part for part in (encoder.model, encoder.weights, encoder.adapter) if part)
    return cache / name / source.choice.key
