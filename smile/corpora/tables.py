"""Tables as people save them: csv, tsv and jsonl, in UTF-8 or UTF-16, and xlsx.

A bad row is never in the way of a good one.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from smile.corpora import delimited, sheets
from smile.corpora.columns import TOP
from smile.corpora.delimited import MOST_LINES, Line, Lines, Record, Row, cell_rows
from smile.corpora.doubtful import is_list
from smile.corpora.encodings import in_utf8
from smile.corpora.letters import UNREADABLE, codec, damaged, unreadable
from smile.corpora.mapping import ColumnMapping
from smile.corpora.sheets import OWN, TableLimits, sheet_rows
from smile.datatypes import CorpusError
from smile.util.spreadsheet import unguarded

SUFFIXES = (".csv", ".tsv", ".jsonl", ".xlsx")
DELIMITERS = {".csv": ",;\t|", ".tsv": "\t,;|"}  # the first one is preferred

EXPORTED = {"alone", "confidence"}  # columns of `smile.exporting`

LONGEST_LINE = 1_000_000  # characters of a line of jsonl

NO_OBJECT = 'The line is not a JSON object such as {"file": "a.wav", "text": "..."}.'
TOO_LONG = f"The line is longer than {LONGEST_LINE:,} characters; give a clip's text only."


def read_text(path: Path) -> str:
    """A text file in UTF-8 or UTF-16; what cannot be decoded becomes U+FFFD.

    Raises:
        CorpusError: there is no such file, or it may not be read.
    """
    data = _bytes(path)
    return data.decode(codec(data), errors="replace")


def _bytes(path: Path, limits: TableLimits = OWN) -> bytes:
    try:
        if (size := path.stat().st_size) > limits.bytes:
            raise CorpusError(
                f"{path.name} has {size / 1e6:,.0f} MB; a table may have {limits.bytes / 1e6:,.0f} MB, "
                "so split it."
            )
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error


def table_rows(
    path: Path, limits: TableLimits = OWN, mapping: ColumnMapping | None = None, encoding: str = ""
) -> Iterator[Line]:
    """The rows of a table, in order; empty ones are passed over.

    In csv and tsv one of the first rows names the columns, or none does, as in LJSpeech; the delimiter is
    the one of comma, semicolon, tab and bar that gives columns which are understood. With tabs and bars,
    each line is a row. Of a workbook the first sheet with something in it is read. A mapping says which
    columns are meant; they are called as these are called, and none besides could be taken for them.
    `encoding` is that of a file that is not in UTF-8 or UTF-16, where a person names one.

    Raises:
        CorpusError: a file that cannot be read, is too large or none of csv, tsv, jsonl and xlsx, or has not
            the columns of the mapping; while its rows are read, that they are more than may be.
    """
    suffix = _suffix(path)
    if suffix == ".xlsx":
        return _counted(path, _plain(_begun(sheet_rows(path, limits, mapping))), limits)
    data = in_utf8(_bytes(path, limits), encoding)
    if suffix == ".jsonl":
        rows = _json_rows(_lines(data, "\n")(), mapping)
    else:
        marked = data.startswith(codecs.BOM_UTF8)
        rows = _plain(cell_rows(path, _lines(data, ""), DELIMITERS[suffix], limits, mapping), marked)
    file = _Bytes(data, b"\n" if suffix == ".jsonl" else None, encoding)
    return _counted(path, _readable(rows, file), limits)


def first_records(path: Path, limits: TableLimits = OWN, encoding: str = "") -> list[Record]:
    """Return line and cells of a table's first rows that are not blank; of jsonl, the names of values first.

    Raises:
        CorpusError: as `table_rows` does.
    """
    suffix = _suffix(path)
    if suffix == ".xlsx":
        return [*sheets.first_cells(path, limits)]
    data = in_utf8(_bytes(path, limits), encoding)
    if suffix != ".jsonl":
        return delimited.first_records(_lines(data, ""), DELIMITERS[suffix])
    rows = [(n, row) for n, row in islice(_json_rows(_lines(data, "\n")()), TOP) if isinstance(row, dict)]
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    return [(0, names), *((line, [row.get(name, "") for name in names]) for line, row in rows)]


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CorpusError(f"{path} is not a table; give one that ends in {', '.join(SUFFIXES)}.")
    return suffix


def _begun(rows: Iterator[tuple[int, Row]]) -> Iterator[Line]:
    """The same rows, the first one read already: what is wrong with the file is raised here."""
    first = list(islice(rows, 1))
    return chain(first, rows)


def _plain(rows: Iterable[Line], marked: bool = False) -> Iterator[Line]:
    """The same rows without the apostrophes that keep texts from being formulas.

    They are taken away where spreadsheets are meant: in a csv that is marked for them, and in what was
    exported here.
    """
    for line, row in rows:
        if isinstance(row, dict) and (marked or row.keys() >= EXPORTED):
            yield line, {name: unguarded(cell) for name, cell in row.items()}
        else:
            yield line, row


def _lines(data: bytes, newline: str) -> Lines:
    return lambda: io.TextIOWrapper(io.BytesIO(data), codec(data), errors="replace", newline=newline)


def _counted(path: Path, rows: Iterable[Line], limits: TableLimits) -> Iterator[Line]:
    characters = 0
    for count, (line, row) in enumerate(rows, start=1):
        if count > limits.rows:
            raise CorpusError(f"{path.name} has more than {limits.rows:,} rows; split it.")
        characters += sum(map(len, row.values())) if isinstance(row, dict) else 0
        if characters > limits.characters:
            raise CorpusError(
                f"The cells of {path.name} hold more than {limits.characters:,} characters; split it."
            )
        yield line, UNREADABLE if _damaged_row(row) else row


class _Bytes:
    """The lines of a file as they are, split when they are first asked for."""

    def __init__(self, data: bytes, newline: bytes | None, encoding: str):
        self._data, self._newline, self._encoding = data, newline, encoding

    @cached_property
    def lines(self) -> list[bytes]:
        """Return the lines; none of a file in UTF-16, whose damage is of another kind."""
        if codec(self._data) != "utf-8-sig":
            return []
        return self._data.split(self._newline) if self._newline else self._data.splitlines()

    def unreadable(self, first: int = 1, most: int | None = None) -> str:
        """Return what to say of so many lines from a number on, or of all."""
        lines = self.lines[first - 1 :] if most is None else self.lines[first - 1 : first - 1 + most]
        return unreadable(lines, first, self._encoding)


def _readable(rows: Iterable[Line], file: _Bytes) -> Iterator[Line]:
    """The same rows, but for those with letters of another encoding, or in columns with such a name."""
    for line, row in rows:
        if isinstance(row, dict) and any(map(damaged, row)):
            yield line, file.unreadable()
        elif _damaged_row(row):
            yield line, file.unreadable(line, MOST_LINES)
        else:
            yield line, row


def _damaged_row(row: Row | str) -> bool:
    return isinstance(row, dict) and any(damaged(cell) for cell in row.values())


def _json_rows(lines: Iterator[str], mapping: ColumnMapping | None = None) -> Iterator[Line]:
    filled = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    rows = ((n, _json_row(line) if len(line) <= LONGEST_LINE else TOO_LONG) for n, line in filled)
    return _mapped(rows, mapping) if mapping else rows


def _mapped(rows: Iterator[Line], mapping: ColumnMapping) -> Iterator[Line]:
    """The same rows, their values called as a mapping says; those are told by the names in the first ones."""
    top = list(islice(rows, TOP))
    names = list(dict.fromkeys(name for _, row in top if isinstance(row, dict) for name in row))
    called = dict(zip(names, mapping.renamed(names), strict=True))
    for line, row in chain(top, rows):
        if isinstance(row, dict):
            row = {known: cell for name, cell in row.items() if (known := called.get(name, ""))}
        yield line, row


def _json_row(line: str) -> Row | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return NO_OBJECT
    if not isinstance(row, dict):
        return NO_OBJECT
    cells = ((name.strip().lower(), value) for name, value in row.items())
    known = ((name, _json_cell(name, value)) for name, value in cells)
    return {name: cell for name, cell in known if cell is not None}


def _json_cell(name: str, value: Any) -> str | None:
    """A value as a cell; of an object, such as the hub's recordings are, its path.

    What may say where parts of a recording lie is kept as JSON.
    """
    if value and isinstance(value, dict | list) and is_list(name):
        return json.dumps(value)
    if isinstance(value, dict):
        value = value.get("path")
    return str(value) if isinstance(value, str | int | float) else None
