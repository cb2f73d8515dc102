"""Pools of people's voices, of recordings that are installed beside SMILE and never come along with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smile.corpora.stamps import Described, read_stamps
from smile.datatypes import EncoderId, Progress, Utterance
from smile.pools.indexing import build
from smile.pools.kept import cached, kept_beside
from smile.pools.pool import HEADER, Header, Pool, open_pool, read_header
from smile.retrieval.samplers import stable_shuffle
from smile.text.languages import language
from smile.whisper.model import Models

PACKAGE = "tuxpaint-stamps-default"
EXAMPLES, SAMPLES = 150, 30  # clips of a language: in its pool, and to try it on
SHARE = 0.8  # of a language's clips are examples, where it has fewer
LEAST = 50  # clips of a language that is offered
SOURCE = f"Volunteers of Tux Paint (tuxpaint.org), who describe its pictures; Debian's package {PACKAGE}"
LICENCE = "GPL-2 or later"
CARD = f"{SOURCE}, {LICENCE}."


@dataclass(frozen=True)
class Voices:
    """The recordings of a language: those of its pool, and others to try it on."""

    header: Header
    examples: tuple[Utterance, ...]
    samples: tuple[Utterance, ...]
    left_out: Mapping[str, int]  # number of clips by reason
    english: Mapping[str, str]  # what an utterance says, by id

    @property
    def key(self) -> str:
        """Return the name of the pool in addresses and in the cache."""
        return f"{PACKAGE}/{self.header.language.code}"


def read_voices(folder: Path) -> tuple[Voices, ...]:
    """Return the voices of each language of which a folder of stamps has enough clips.

    Raises:
        CorpusError: there are no spoken descriptions.
    """
    read = read_stamps(folder, EXAMPLES + SAMPLES)
    return tuple(_parted(described) for described in read if len(described.utterances) >= LEAST)


def _parted(described: Described) -> Voices:
    clips = [described.utterances[i] for i in stable_shuffle(described.utterances)]
    count = min(EXAMPLES, round(SHARE * len(clips)))
    header = Header(language(described.language), source=SOURCE, licence=LICENCE)
    return Voices(header, tuple(clips[:count]), tuple(clips[count:]), described.left_out, described.english)


def made(voices: Voices, cache: Path, encoder: EncoderId) -> Pool | None:
    """Return the pool of voices for an encoder from the cache, where it is there and of these very clips."""
    kept = cached(cache, voices.key, encoder)
    if not (kept / HEADER).is_file() or read_header(kept).encoder != encoder:
        return None
    pool = kept_beside(open_pool(kept, encoder), kept)
    said = {u.id: u.text for u in (*voices.examples, *voices.samples)}
    return pool if all(said.get(u.id) == u.text for u in (*pool.utterances, *pool.queries)) else None


def make(voices: Voices, cache: Path, models: Models, progress: Progress | None = None) -> Pool:
    """Make the pool of voices in the cache, recordings and all; one that is made already is opened.

    Raises:
        PoolError: it cannot be written, or no recording can be used.
    """
    encoder = models.smile.info.encoder
    if pool := made(voices, cache, encoder):
        return pool
    kept = cached(cache, voices.key, encoder)
    kept.parent.mkdir(parents=True, exist_ok=True)
    built = build(voices.examples, kept, models, voices.header, queries=voices.samples, progress=progress)
    return kept_beside(built.pool, kept)
