"""Tables of recordings: the columns file and text, and perhaps language, split, id and speaker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from smile.corpora.columns import FILE_COLUMNS, TEXT_COLUMNS, cell, lacking
from smile.corpora.delimited import Line, Row
from smile.corpora.facts import details, language_of, split_of
from smile.corpora.reading import Outcome, Reading, Splits, gathered
from smile.corpora.recordings import Match, Recordings, settled
from smile.corpora.spans import span
from smile.corpora.tables import SUFFIXES, table_rows
from smile.corpora.unread import other_files, sheets
from smile.datatypes import CorpusError, Utterance
from smile.text.normalisers import one_line

UNCUT = (
    'The row is a stretch of its recording, which only "smile index" cuts out; make a pool of the table, or, '
    "where each file is a clip, delete the columns of times."
)


class Tabular:
    """A csv, tsv or jsonl table, or a folder with one, or with one for each split.

    Rows may say to which split they belong; where none does, a split has all of them.
    """

    splits = Splits("train", "dev", "test")

    def __init__(self, source: Path):
        self.source = source
        self.name = source.resolve().name

    def languages(self, split: str = "") -> tuple[str, ...]:
        """Return the codes of the rows' languages; none where they say none."""
        codes = {language_of(row) for _, row in self._lines(split) if isinstance(row, dict)}
        return tuple(sorted(codes - {""}))

    def read(self, language: str = "", split: str = "") -> Reading:
        """Read the rows of a split, of a language or ("") of all; see `Corpus`."""
        lines = self._lines(split)
        if language:
            lines = ((n, row) for n, row in lines if isinstance(row, str) or language_of(row) == language)
        return gathered(self.source, _rows(self._path(split), lines))

    def place(self, language: str, split: str) -> Path:
        """Return the table's path with a digest of its bytes: another place when it is changed."""
        path = self._path(split).resolve()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return path.with_name(f"{path.name}-{digest}") / (language or self.name)

    def left_out(self, split: str = "") -> Iterator[str]:
        """Yield sentences on what is not read: other sheets, tables and archives."""
        table = self._path(split)
        yield from sheets(table)
        if self.source.is_dir():
            yield from other_files(self.source, table)

    def _path(self, split: str) -> Path:
        return self.source if self.source.is_file() else _table_in(self.source, split or self.splits.examples)

    def _lines(self, split: str) -> Iterator[Line]:
        """The table's lines that belong to a split."""
        path, split = self._path(split), split or self.splits.examples
        lines = list(table_rows(path))
        named = {split_of(row) for _, row in lines if isinstance(row, dict)} - {""}
        if named and split not in named:
            raise CorpusError(f'{path} has no split "{split}"; choose one of {", ".join(sorted(named))}.')
        return (
            (number, row)
            for number, row in lines
            if not named or isinstance(row, str) or split_of(row) == split
        )


def _table_in(folder: Path, split: str) -> Path:
    """The table of a folder: the only one, or the one that is named after the split, or "metadata"."""
    tables = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if len(tables) == 1:
        return tables[0]
    for name in (split, "metadata"):
        if named := [file for file in tables if file.stem == name]:
            return named[0]
    if tables:
        names = ", ".join(file.name for file in tables)
        raise CorpusError(f"{folder} holds several tables; name one of them: {names}.")
    raise CorpusError(f'{folder} holds no transcripts; add a table with the columns "file" and "text".')


def finds_by_name(table: Path, rows: Iterable[Row | str]) -> bool:
    """Return whether rows have recordings in their table's folder that do not lie just where it says.

    Where they name any outside of that folder, they do not count as such.
    """
    finder, folder = _Finder(table), table.parent.resolve()
    matches = [match for row in rows if isinstance(match := finder.find(row), Match)]
    if all(match.exact for match in matches):
        return False
    return all(match.path.resolve().is_relative_to(folder) for match in matches)


class _Finder:
    """Finds the recordings that a table names.

    A relative path may not leave the table's folder; an absolute one may lie anywhere. What does not lie
    where it is said to is looked for in the folder as for zips and on the page.
    """

    def __init__(self, table: Path):
        self._table = table

    @cached_property
    def _recordings(self) -> Recordings:
        return Recordings(self._table.parent)

    def find(self, row: Row | str) -> Match | str:
        """Return the recording of a row, or why it cannot be used."""
        if isinstance(row, str):
            return row
        file, text = cell(row, FILE_COLUMNS), cell(row, TEXT_COLUMNS)
        if file is None or text is None:
            return lacking(row)
        if (times := span(row)) is not None:
            return times if isinstance(times, str) else UNCUT
        if not os.path.isabs(file) and os.path.normpath(file).split(os.sep)[0] == os.pardir:
            return f'The path "{file}" leaves the folder of the table; move the recording into it.'
        return self._just_there(file) or self._recordings.find(file, self._table)

    def _just_there(self, file: str) -> Match | None:
        path = self._table.parent / os.path.normpath(file or os.curdir)
        try:
            return Match(path, file, (), exact=True) if path.is_file() else None
        except (OSError, ValueError):
            return None


def _rows(table: Path, lines: Iterable[Line]) -> Iterator[Outcome]:
    """Rows of a table; those without an id of their own have an empty one here."""
    finder, rows = _Finder(table), list(lines)
    matches = settled([finder.find(row) for _, row in rows])
    for (line, row), match in zip(rows, matches, strict=True):
        if isinstance(row, str) or isinstance(match, str):
            yield line, str(match)
        else:
            name, speaker = details(row)
            text = one_line(cell(row, TEXT_COLUMNS) or "")
            yield line, Utterance(name, match.path, text, language_of(row), speaker)
