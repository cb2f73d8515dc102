"""Tables as people save them: csv, tsv and jsonl, in UTF-8 or UTF-16, and xlsx.

A bad row is never in the way of a good one.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from smile.corpora.delimited import Line, Lines, Row, cell_rows
from smile.corpora.sheets import OWN, TableLimits, sheet_rows
from smile.datatypes import CorpusError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".xlsx")
DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}  # the first one is preferred

LONGEST_LINE = 1_000_000  # characters of a line of jsonl

UNREADABLE = "Some characters cannot be read; save the file as UTF-8."
NO_OBJECT = 'The line is not a JSON object such as {"file": "a.wav", "text": "..."}.'
TOO_LONG = f"The line is longer than {LONGEST_LINE:,} characters; give a clip's text only."
DAMAGE = re.compile("[\ufffd\ud800-\udfff]")


def read_text(path: Path) -> str:
    """A text file in UTF-8 or UTF-16; what cannot be decoded becomes U+FFFD.

    Raises:
        CorpusError: there is no such file, or it may not be read.
    """
    data = _bytes(path)
    return data.decode(_codec(data), errors="replace")


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


def _codec(data: bytes) -> str:
    """The encoding of a file that begins with a byte order mark or with an ASCII character."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8-sig"


def table_rows(path: Path, limits: TableLimits = OWN) -> Iterator[Line]:
    """The rows of a table, in order; empty ones are passed over.

    In csv and tsv the first row names the columns; the delimiter is the one of comma, semicolon and
    tab that gives it the most cells. With tabs, each line is a row. Of a workbook the first sheet with
    something in it is read.

    Raises:
        CorpusError: a file that cannot be read, is too large or none of csv, tsv, jsonl and xlsx; while
            its rows are read, that they are more than may be.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CorpusError(f"{path} is not a table; give one that ends in {', '.join(SUFFIXES)}.")
    rows: Iterable[Line]
    if suffix == ".xlsx":
        rows = _begun(sheet_rows(path, limits))
    elif suffix == ".jsonl":
        rows = _json_rows(_lines(_bytes(path, limits), "\n")())
    else:
        rows = cell_rows(path, _lines(_bytes(path, limits), ""), DELIMITERS[suffix], limits)
    return _counted(path, rows, limits)


def _begun(rows: Iterator[tuple[int, Row]]) -> Iterator[Line]:
    """The same rows, the first one read already: what is wrong with the file is raised here."""
    first = list(islice(rows, 1))
    return chain(first, rows)


def _lines(data: bytes, newline: str) -> Lines:
    return lambda: io.TextIOWrapper(io.BytesIO(data), _codec(data), errors="replace", newline=newline)


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


def damaged(text: str) -> bool:
    """Whether there are replacement characters or halves of surrogate pairs in a text."""
    return DAMAGE.search(text) is not None


def _damaged_row(row: Row | str) -> bool:
    return isinstance(row, dict) and any(damaged(cell) for cell in row.values())


def _json_rows(lines: Iterator[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, _json_row(line) if len(line) <= LONGEST_LINE else TOO_LONG


def _json_row(line: str) -> Row | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return NO_OBJECT
    if not isinstance(row, dict):
        return NO_OBJECT
    return {name.strip().lower(): str(v) for name, v in row.items() if isinstance(v, str | int | float)}
