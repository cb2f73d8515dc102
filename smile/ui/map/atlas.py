"""The maps and what is known of their points here: texts and recordings of pools at hand, embeddings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Language, Matrix, SmileError, Utterance, Vector
from smile.demo.measured import samples
from smile.maps.store import FOLDER, Entry, Map, Member, entries, load
from smile.pools.pool import order_digest
from smile.retrieval.divergences import Distances, kl_of_logs, log_softmax
from smile.retrieval.samplers import nearest
from smile.text.languages import language

if TYPE_CHECKING:
    from smile.ui.engine import Engine
    from smile.ui.store import Measured, Store

LOG = logging.getLogger(__name__)
ABSENT = (
    "The recordings of this map are not on this server, so yours cannot be compared with them; "
    "choose another map, or a point of this one."
)


@dataclass(frozen=True, eq=False)
class Query:
    """A query for neighbours: a clip of one of the pools, or a recording with its embedding."""

    language: str = ""  # ISO 639-3, empty where it is not known
    id: str = ""  # of a point; empty for a recording
    text: str = ""
    seconds: float = 0.0
    audio: Path | None = None
    embedding: Vector | None = None
    near: tuple[
        tuple[str, float], ...
    ] = ()  # ids of its language's nearest examples with their KL, as measured
    remark: str = ""  # what else there is to say of it


@dataclass(frozen=True, eq=False)
class Points:
    """A map's points in their order. What is not at hand is None."""

    map: Map
    languages: tuple[Language, ...]  # of the members
    keys: tuple[str | None, ...]  # of the members' pools on offer
    utterances: tuple[Utterance | None, ...]
    embeddings: Matrix | None  # (points, d)

    def __len__(self) -> int:
        return len(self.map)

    @cached_property
    def _logs(self) -> NDArray[np.float64]:
        """Log probabilities (points, d) of the embeddings."""
        assert self.embeddings is not None
        return log_softmax(self.embeddings)

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        return {(self.language(i).code, name): i for i, name in enumerate(self.map.ids)}

    @cached_property
    def members(self) -> list[int]:
        """Return the number of each point's pool."""
        return [int(n) for n in self.map.member]

    def language(self, index: int) -> Language:
        """Return the language of a point."""
        return self.languages[self.members[index]]

    def find(self, query: Query | None) -> int | None:
        """Return which point a query is, if it is one."""
        return self.index(query.language, query.id) if query and query.id else None

    def index(self, code: str, name: str) -> int | None:
        """Return the point of a clip by its language and id, where it is one."""
        return self._numbers.get((code, name))

    def query(self, index: int) -> Query:
        """Return a point as a query."""
        utterance = self.utterances[index]
        text, audio = (utterance.text, utterance.audio) if utterance else ("", None)
        code = self.language(index).code
        return Query(code, self.map.ids[index], text, float(self.map.seconds[index]), audio)

    def embedding(self, query: Query) -> Vector | None:
        """Return the embedding (d,) of a query, where it is at hand."""
        index = self.find(query)
        if index is None:
            return query.embedding
        return None if self.embeddings is None else self.embeddings[index]

    def distances(self, query: Query) -> Distances | None:
        """Return KL(query ‖ point) in nats (points,); None where embeddings are missing.

        The query itself is infinitely far.
        """
        embedding, index = self.embedding(query), self.find(query)
        if embedding is None or self.embeddings is None:
            return None
        row = np.maximum(kl_of_logs(log_softmax(embedding[None]), self._logs)[0], 0.0)
        if index is not None:
            row[index] = np.inf
        return row


@dataclass(frozen=True, eq=False)
class Nearest:
    """The neighbours of a query, nearest first; `row` where distances from all points are known."""

    query: Query
    indices: tuple[int, ...]
    distances: tuple[float, ...]  # KL in nats
    row: Distances | None


def ask(points: Points, query: Query, count: int) -> Nearest:
    """Return the points nearest to a query by KL, in the embedding space, never on the map.

    Without embeddings those that the map remembers of a point, or the rows of a measured utterance.

    Raises:
        SmileError: a recording, and the embeddings are missing.
    """
    row, index = points.distances(query), points.find(query)
    if row is not None:
        order = nearest(row, min(count, int(np.isfinite(row).sum())))
        return Nearest(query, tuple(map(int, order)), tuple(map(float, row[order])), row)
    if index is None and query.near:
        return _measured(points, query, count)
    if index is None:
        raise SmileError(ABSENT)
    near, kl = points.map.near[index][:count], points.map.kl[index][:count]
    return Nearest(query, tuple(map(int, near)), tuple(map(float, kl)), None)


def _measured(points: Points, query: Query, count: int) -> Nearest:
    """The neighbours that the rows of an utterance name."""
    known = [(points.index(query.language, name), kl) for name, kl in query.near[:count]]
    there = [(index, kl) for index, kl in known if index is not None]
    if len(there) < len(known):
        raise SmileError("The nearest examples of this clip are not on this map; choose another map.")
    return Nearest(query, tuple(index for index, _ in there), tuple(kl for _, kl in there), None)


class Atlas:
    """The maps in a folder, for all visitors; each is read when it is first asked for."""

    def __init__(self, engine: Engine, folder: Path = FOLDER, results: Store | None = None):
        self.engine, self.folder, self.results = engine, folder, results
        self._read: dict[str, Points] = {}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Return the maps by name, those of several pools first.

        A damaged manifest is reported and gives none.
        """
        try:
            by_name = entries(self.folder)
        except SmileError as error:
            LOG.warning("%s", error)
            return {}
        return dict(sorted(by_name.items(), key=lambda item: (len(item[1].members) == 1, label(item[1]))))

    def choices(self) -> list[tuple[str, str]]:
        """Return (label, name) of every map."""
        return [(label(entry), name) for name, entry in self.entries.items()]

    def named(self, key: str | None) -> str | None:
        """Return the name of the map of one pool on offer, by the pool's key."""
        alone = (e for e in self.entries.values() if len(e.members) == 1)
        return next((e.name for e in alone if key and self._key(e.members[0]) == key), None)

    def open(self, name: str | None) -> Points:
        """Open a map with what is at hand of its pools.

        Raises:
            SmileError: there is no such map, or its file is damaged.
        """
        if name not in self.entries:
            raise SmileError("There is no such map; make one with: smile project")
        known = self._read.get(name)
        if known is None or known.embeddings is None:
            opened = known.map if known else load(self.entries[name], self.folder)
            known = self._read[name] = self._points(opened)
        return known

    def measured(self) -> Measured | None:
        """Return what rows tell, where there are any.

        Raises:
            SmileError: rows that cannot be read.
        """
        measured = self.results.measured() if self.results else None
        return None if measured is None or measured.raw.empty else measured

    def first(self) -> str | None:
        """Return the map to begin with: of one pool at hand with samples on it, the one whose sample is best.

        Else the first of one pool, else the first.
        """
        alone = [entry for entry in self.entries.values() if len(entry.members) == 1]
        keys = {key: entry.name for entry in alone if (key := self._key(entry.members[0]))}
        best = samples().best({(s.pool, s.id) for s in samples().samples if s.pool in keys and s.distances})
        if best:
            return keys[best.pool]
        return next((entry.name for entry in [*alone, *self.entries.values()]), None)

    def sampled(self, name: str | None) -> bool:
        """Return whether samples lie on a map."""
        entry = self.entries.get(name or "")
        keys = {self._key(member) for member in entry.members} if entry else set()
        return any(s.pool in keys and s.distances for s in samples().samples)

    def recording(self, points: Points, code: str, name: str) -> Query:
        """Return a test clip by language and id, with text and recording where they are at hand."""
        keys = [key for key, known in zip(points.keys, points.languages, strict=True) if known.code == code]
        clip = next(filter(None, (self.engine.recording(key, name) for key in keys)), None)
        return Query(code, name, clip.text, clip.seconds, clip.audio) if clip else Query(code, name)

    def _points(self, opened: Map) -> Points:
        members = opened.entry.members
        keys = tuple(map(self._key, members))
        utterances: list[Utterance | None] = []
        for key, member in zip(keys, members, strict=True):
            utterances += self.engine.examples(key) if key else [None] * member.clips
        languages = tuple(language(member.language) for member in members)
        return Points(opened, languages, keys, tuple(utterances), self._embeddings(opened.entry, keys))

    def _key(self, member: Member) -> str | None:
        """The pool on offer with the very clips of a member."""
        alike = (
            pool.key
            for pool in self.engine.pools()
            if (pool.language.code, pool.synthetic, pool.examples)
            == (member.language, member.synthetic, member.clips)
        )
        return next((key for key in alike if order_digest(self.engine.examples(key)) == member.order), None)

    def _embeddings(self, entry: Entry, keys: Sequence[str | None]) -> Matrix | None:
        """The embeddings (points, d) of all members, where each has them."""
        parts = []
        for key, member in zip(keys, entry.members, strict=True):
            pool = self.engine.pool(key, entry.encoder) if key else None
            if pool is None or pool.header.order != member.order:
                return None
            parts.append(pool.embeddings)
        return np.concatenate(parts)


def label(entry: Entry) -> str:
    """Return a map in one line, such as "Cherokee (chr) · synthetic voice · 90 clips"."""
    codes = [member.language for member in entry.members]
    known = language(codes[0])
    what = f"{known.name or known.code} ({known.code})" if len(codes) == 1 else f"All {len(codes)} languages"
    synthetic = all(member.synthetic for member in entry.members)
    return f"{what} · {'synthetic voice' if synthetic else 'real speech'} · {entry.clips} clips"
