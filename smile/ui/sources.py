"""The sources of examples: pools that come with the app, and the languages of corpora."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile import corpora
from smile.datatypes import EncoderId, Language, Progress, SmileError, Utterance
from smile.demo.measured import SAMPLES, Measurements, read_samples, samples
from smile.demo.people import CARD, Voices, made, make, read_voices
from smile.pools.kept import cached, kept_beside
from smile.pools.pool import Pool, open_pool, read_header
from smile.text.languages import iso_code, language
from smile.transcription.options import identity
from smile.whisper.adapters import trained_languages
from smile.whisper.weights import DEFAULT

if TYPE_CHECKING:
    from smile.settings import Settings
    from smile.whisper.model import Models

LOG = logging.getLogger(__name__)
MOST_QUERIES = 30  # recordings of a language that are offered for trying


@dataclass(frozen=True)
class Options:
    """The places of models, pools and corpora, and how models are run."""

    pools: Path
    cache: Path  # where corpora's pools are kept
    corpora: tuple[Path, ...] = ()
    model: str = DEFAULT
    engine: str = "lean"
    device: str = "cpu"
    adapter: Path | None = None
    read_ahead: bool = True  # read the pools that come with the app while nobody uses it
    stamps: Path | None = (
        None  # a folder with people's recordings, as Debian's tuxpaint-stamps-default has it
    )


@dataclass(frozen=True)
class PoolChoice:
    """A pool on offer, known without opening it."""

    key: str  # names it in an address
    language: Language
    examples: int
    synthetic: bool = False
    source: str = ""  # the corpus's name; empty for the pools that come with the app
    voices: str = ""  # whose they are, where these are installed recordings of people
    trained_on: bool = False  # whether the adapter was


@dataclass(frozen=True)
class Source:
    """The folder behind a choice: a pool's, or a language's of a corpus."""

    choice: PoolChoice
    folder: Path
    queries: tuple[Utterance, ...]  # recordings that are not among the examples, with their texts
    examples: tuple[Utterance, ...] = ()  # in the order of the embeddings, where none was left out
    people: Voices | None = None  # what the pool is to be made of, in place of the folder


def all_measured(options: Options) -> Measurements:
    """Return the measured samples, of the pools that come along and of those in the cache."""
    return Measurements((*samples().pools, *read_samples(options.cache / SAMPLES).pools))


def all_sources(options: Options, measured: Measurements) -> Iterator[Source]:
    """Yield people's voices, the pools that come along, and the languages of corpora."""
    yield from spoken(options.stamps, options.adapter, measured)
    yield from shipped(options.pools, measured)
    for corpus in options.corpora:
        yield from offered(corpus)


def shipped(folder: Path, measured: Measurements) -> Iterator[Source]:
    """Yield the pools in a folder; a damaged one is reported and passed over."""
    for header in sorted(folder.glob("*/pool.json")):
        try:
            pool = open_pool(header.parent)
        except SmileError as error:
            LOG.warning("%s", error)
            continue
        choice = PoolChoice(header.parent.name, pool.language, len(pool), pool.header.synthetic)
        queries = worth_trying(choice.key, pool.queries, measured)
        yield Source(choice, header.parent, queries, pool.utterances)


def worth_trying(key: str, queries: Sequence[Utterance], measured: Measurements) -> tuple[Utterance, ...]:
    """Return the recordings to try but those that examples were measured not to help with."""
    return tuple(u for u in queries if (sample := measured.get(key, u.id)) is None or sample.gain > 0)


def spoken(folder: Path | None, adapter: Path | None, measured: Measurements) -> Iterator[Source]:
    """Yield the languages of which a folder has people's voices; none where there is no such folder."""
    if folder is None or not folder.is_dir():
        return
    try:
        found, trained = read_voices(folder), trained_languages(adapter) if adapter else frozenset()
    except SmileError as error:
        LOG.warning("%s", error)
        return
    for voices in found:
        known, key = voices.header.language, voices.key
        choice = PoolChoice(key, known, len(voices.examples), voices=CARD, trained_on=known.code in trained)
        queries = worth_trying(key, voices.samples, measured)
        yield Source(choice, folder, queries, voices.examples, voices)


def offered(root: Path) -> Iterator[Source]:
    """Yield the languages of an ML-SUPERB folder, with their test recordings to try."""
    for name, folder in corpora.languages(root).items():
        try:
            examples = corpora.read_corpus(folder).utterances
        except SmileError as error:
            LOG.warning("%s", error)
            continue
        known = language(iso_code(folder.name))
        choice = PoolChoice(f"{root.name}/{name}", known, len(examples), source=root.name)
        yield Source(choice, folder, _tests(folder), examples)


def _tests(folder: Path) -> tuple[Utterance, ...]:
    try:
        return corpora.read_corpus(folder, "10min_test").utterances
    except SmileError:
        return ()


def at_hand(source: Source, cache: Path, encoder: EncoderId) -> Pool | None:
    """Return the pool of a source for an encoder as it came or from the cache, where there is one."""
    if source.people:
        return made(source.people, cache, encoder)
    kept = cached(cache, source.choice.key, encoder)
    for folder in (source.folder, kept):
        if (folder / "pool.json").is_file() and read_header(folder).encoder == encoder:
            return kept_beside(open_pool(folder, encoder), kept)
    return None


def indexed(source: Source, cache: Path, models: Models, progress: Progress) -> Pool:
    """Return the pool of a source as these models need it: as it came, or from the cache, or made now.

    Raises:
        PoolError: it cannot be made.
    """
    encoder = models.smile.info.encoder
    if pool := at_hand(source, cache, encoder):
        return pool
    if source.people:
        return make(source.people, cache, models, progress)
    from smile.pools.indexing import index

    kept = cached(cache, source.choice.key, encoder)
    kept.parent.mkdir(parents=True, exist_ok=True)
    built = index(source.folder, kept, models, code=source.choice.language.code, progress=progress)
    return kept_beside(built.pool, kept)


def loaded(options: Options) -> Models:
    """Load the models that are asked for; what goes wrong is in the log, too.

    What this process has by then is not looked through for garbage again: that would hold one request in
    some up for a quarter of a second.

    Raises:
        SmileError: weights or adapter that cannot be used.
    """
    from smile.whisper.model import load_models

    try:
        models = load_models(
            options.model, engine=options.engine, adapter=options.adapter, device=options.device
        )
    except SmileError as error:
        LOG.error("%s", error)
        raise
    gc.collect()
    gc.freeze()
    return models


def facts(
    models: Models, key: str | None, examples: Sequence[Utterance], settings: Settings
) -> dict[str, Any]:
    """Return all that a transcript with a pool's examples depends on beside its recording, for JSON."""
    clips = json.dumps([[u.id, u.text, u.seconds] for u in examples])
    told = {"pool": key, "examples": hashlib.sha256(clips.encode()).hexdigest()[:16]}
    return {**told, "settings": identity(settings), "recognizer": asdict(models.smile.info)}
