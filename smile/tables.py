"""Tables as people save them: csv, tsv and jsonl, in UTF-8 or UTF-16, and xlsx.

A bad row is never in the way of a good one.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from smile.datatypes import CorpusError
from smile.sheets import sheet_rows

SUFFIXES = (".csv", ".tsv", ".jsonl", ".xlsx")
DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}  # the first one is preferred

Row = dict[str, str]  # column, in lower case -> cell
Line = tuple[int, Row | str]  # line where a row begins, from 1; the row, or why it cannot be read

UNCLOSED = "A quotation mark is not closed, or one inside a quoted cell is not doubled."
UNREADABLE = "Some characters cannot be read; save the file as UTF-8."
NO_OBJECT = 'The line is not a JSON object such as {"file": "a.wav", "text": "..."}.'


def read_text(path: Path) -> str:
    """A text file in UTF-8 or UTF-16; what cannot be decoded becomes U+FFFD.

    Raises:
        CorpusError: there is no such file, or it may not be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error
    return data.decode(_codec(data), errors="replace")


def _codec(data: bytes) -> str:
    """The encoding of a file that begins with a byte order mark or with an ASCII character."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8-sig"


def table(path: Path) -> Iterator[Line]:
    """The rows of a table, in order; empty ones are passed over.

    In csv and tsv the first row names the columns; the delimiter is the one of comma, semicolon and
    tab that gives it the most cells. Of a workbook the first sheet with something in it is read.

    Raises:
        CorpusError: a file that cannot be read, or is none of csv, tsv, jsonl and xlsx.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CorpusError(f"{path} is not a table; give one that ends in {', '.join(SUFFIXES)}.")
    rows: Iterable[Line] = sheet_rows(path) if suffix == ".xlsx" else _text_rows(read_text(path), suffix)
    return ((line, UNREADABLE if _damaged_row(row) else row) for line, row in rows)


def _text_rows(text: str, suffix: str) -> Iterator[Line]:
    return _json_rows(text) if suffix == ".jsonl" else _cell_rows(text, DELIMITERS[suffix])


def damaged(text: str) -> bool:
    """Whether there are replacement characters or halves of surrogate pairs in a text."""
    return "\ufffd" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _damaged_row(row: Row | str) -> bool:
    return isinstance(row, dict) and any(damaged(cell) for cell in row.values())


def _json_rows(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _json_row(line)


def _json_row(line: str) -> Row | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return NO_OBJECT
    if not isinstance(row, dict):
        return NO_OBJECT
    return {name.strip().lower(): str(v) for name, v in row.items() if isinstance(v, str | int | float)}


def _cell_rows(text: str, delimiters: str) -> Iterator[Line]:
    lines = list(io.StringIO(text, newline=""))
    delimiter = max(delimiters, key=lambda d: len(_header(lines, d)))
    header = _header(lines, delimiter)
    for number, cells in islice(_records(lines, delimiter), 1, None):
        if isinstance(cells, str):
            yield number, cells
        elif any(cell.strip() for cell in cells):
            yield number, _row(header, cells)


def _header(lines: list[str], delimiter: str) -> list[str]:
    cells = next(_records(lines, delimiter), (1, ""))[1]
    return [] if isinstance(cells, str) else [cell.strip().lower() for cell in cells]


def _row(header: list[str], cells: list[str]) -> Row | str:
    if any(cell.strip() for cell in cells[len(header) :]):
        return "The row has more cells than the table has columns; put a text with commas in quotation marks."
    return {name: cell for name, cell in zip(header, cells, strict=False) if name}


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells of every record that is not blank, or in place of cells what is wrong.

    After a line whose quotation marks do not close, reading goes on with the next line. In a tsv
    such a line is taken as it stands, since many are written without quoting.
    """
    begin = 0
    while begin < len(lines):
        reader = csv.reader(
            islice(lines, begin, None), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        at = begin
        try:
            for cells in reader:
                if cells:
                    yield at + 1, cells
                at = begin + reader.line_num
            return
        except csv.Error:
            yield at + 1, lines[at].rstrip("\r\n").split("\t") if delimiter == "\t" else UNCLOSED
            begin = at + 1
