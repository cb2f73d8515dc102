"""Stored rows scored anew by the normalisers of today, where the references are at hand.

Nothing is taken on trust: by the normalisers that a row was scored with, its reference must give the
very counts that it has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from smile.corpora import Corpus
from smile.datatypes import CorpusError, SmileError
from smile.evaluation.rows import RowFile, lines_of, row_files
from smile.pools.joined import joined_text
from smile.text.normalisers import STAMPS, stamped
from smile.text.scoring import score_by
from smile.util.storage import write_bytes

LOGGER = logging.getLogger(__name__)
Fields = Mapping[str, Any]  # of a `Row`, by name
REMEDY = "score them anew with: smile results rescore {} --data CORPORA"


def counts(reference: str, hypothesis: str, language: str, stamps: str = STAMPS) -> dict[str, Any]:
    """Return a row's fields of edits and lengths, by the normalisers of these stamps."""
    made: dict[str, Any] = {}
    for normaliser in map(stamped, stamps.split()):
        name, scored = normaliser.name, score_by(normaliser, reference, hypothesis, language)
        made |= {f"{name}_edits": scored.edits, f"{name}_length": scored.length}
        made |= {f"{name}_word_edits": scored.word_edits, f"{name}_words": scored.words}
    return made


class References:
    """Texts of the utterances of corpora by language, split and id; read when they are asked for."""

    def __init__(self, corpora: Sequence[Corpus]):
        self._corpora = corpora
        self._split = cache(self._read)

    def of(self, language: str, split: str, name: str) -> frozenset[str]:
        """Return the texts that an utterance may have: none where it is in no corpus, or several."""
        first, _, second = language.partition("+")
        if not second:
            return frozenset(self._split(language, split).get(name, ()))
        halves = [(name[:i], name[i + 1 :]) for i, sign in enumerate(name) if sign == "+"]
        return frozenset(
            joined_text(before, after)
            for one, other in halves
            for before in self.of(first, split, one)
            for after in self.of(second, split, other)
        )

    def _read(self, language: str, split: str) -> dict[str, set[str]]:
        texts: dict[str, set[str]] = {}
        for corpus in self._corpora:
            try:
                names = [n for n in corpus.languages(split) if n.rpartition("/")[2] == language]
                for utterance in (u for n in names for u in corpus.read(n, split).utterances):
                    texts.setdefault(utterance.id, set()).add(utterance.text)
            except CorpusError as error:
                LOGGER.warning("%s", error)
        return texts


class Rescored(NamedTuple):
    """A row that an older normaliser scored, and the fields that change; None without its reference."""

    row: Fields
    changed: dict[str, Any] | None


def is_older(row: Fields) -> bool:
    """Return whether other normalisers than those of today have scored a row; one that failed has none."""
    return bool(row["normalisers"]) and row["normalisers"] != STAMPS


def rescored(row: Fields, references: References) -> Rescored:
    """Score an older row anew.

    Raises:
        SmileError: none of its references gives the counts that it has.
    """
    texts = references.of(row["language"], row["split"], row["id"])
    if not texts:
        return Rescored(row, None)
    changed = anew(row, texts)
    if changed is None:
        raise SmileError(
            f"The reference of {row['id']} does not give the edits and lengths that its row under "
            f'"{row["condition"]}" has by {row["normalisers"]}; name the corpus that the rows were made of, '
            "as it was then."
        )
    return Rescored(row, changed)


def anew(row: Fields, texts: Iterable[str]) -> dict[str, Any] | None:
    """Return what changes in an older row that is scored anew against the one of these texts that is its own.

    None where none of them gives the counts that it has, or several do and differ today.

    Raises:
        SmileError: the row's stamps are those of no normaliser that this version knows.
    """
    said, language, stamps = row["hypothesis"], row["language"], row["normalisers"]
    olds = {text: counts(text, said, language, stamps) for text in sorted(texts)}
    own = [text for text, old in olds.items() if all(row[field] == n for field, n in old.items())]
    news = [counts(text, said, language) for text in own]
    return {**news[0], "normalisers": STAMPS} if news and all(new == news[0] for new in news) else None


def older_lines(path: Path, references: References) -> tuple[list[Rescored], bytes]:
    """Return the older rows of a file, scored anew, and the file's new bytes: other lines are the same.

    Raises:
        SmileError: the file is damaged, or a reference is not that of its row.
    """
    rows = RowFile(path.parent, path.stem).rows  # each line is one of them
    older, lines = list[Rescored](), list[bytes]()
    for line in lines_of(path):
        written = json.loads(line)
        row = asdict(rows[written["id"], written["hash"]])
        if is_older(row):
            older.append(rescored(row, references))
            if older[-1].changed:
                line = json.dumps(written | older[-1].changed, ensure_ascii=False).encode()
        lines.append(line + b"\n")
    return older, b"".join(lines)


def check_older(folder: Path, references: References) -> None:
    """Make sure that all older rows of an evaluation's folder can be scored anew.

    Raises:
        SmileError: a reference is not at hand, or not that of its row.
    """
    for path in row_files(folder):
        older, _ = older_lines(path, references)
        if missing := [one.row for one in older if one.changed is None]:
            raise SmileError(
                f"{path} has {len(missing)} rows by {missing[0]['normalisers']}, such as that of "
                f"{missing[0]['id']}, whose references are not in this corpus; {REMEDY.format(folder)}"
            )


def rescore_folder(folder: Path, references: References) -> list[Rescored]:
    """Score the older rows of an evaluation's folder anew and write their files; return what changes.

    Raises:
        SmileError: a file is damaged, or a reference is not that of its row; then nothing is written.
    """
    made = {path: older_lines(path, references) for path in row_files(folder)}
    for path, (older, data) in made.items():
        if older:
            write_bytes(path, data)
    return [one for older, _ in made.values() for one in older]
