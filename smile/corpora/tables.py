"""Tables as people save them: csv, tsv and jsonl, in UTF-8 or UTF-16, and xlsx.

A bad row is never in the way of a good one.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from smile.corpora.sheets import OWN, TableLimits, check_columns, sheet_rows
from smile.datatypes import CorpusError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".xlsx")
DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}  # the first one is preferred

Row = dict[str, str]  # column, in lower case -> cell
Line = tuple[int, Row | str]  # line where a row begins, from 1; the row, or why it cannot be read

LONGEST_LINE = 1_000_000  # characters of a line of jsonl
MOST_LINES, MOST_CHARACTERS = 50, 50_000  # of a row whose cells have line breaks in them

UNCLOSED = "A quotation mark is not closed, or one inside a quoted cell is not doubled."
UNREADABLE = "Some characters cannot be read; save the file as UTF-8."
NO_OBJECT = 'The line is not a JSON object such as {"file": "a.wav", "text": "..."}.'
TOO_LONG = f"The line is longer than {LONGEST_LINE:,} characters; give a clip's text only."
DAMAGE = re.compile("[\ufffd\ud800-\udfff]")

Lines = Callable[[], Iterator[str]]  # a text's lines from its beginning, with their ends


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


def table(path: Path, limits: TableLimits = OWN) -> Iterator[Line]:
    """The rows of a table, in order; empty ones are passed over.

    In csv and tsv the first row names the columns; the delimiter is the one of comma, semicolon and
    tab that gives it the most cells. Of a workbook the first sheet with something in it is read.

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
        rows = _cell_rows(path, _lines(_bytes(path, limits), ""), DELIMITERS[suffix], limits)
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


def _cell_rows(path: Path, lines: Lines, delimiters: str, limits: TableLimits) -> Iterator[Line]:
    delimiter = max(delimiters, key=lambda d: len(_header(lines(), d)))
    header = _header(lines(), delimiter)
    check_columns(path, header, limits)
    for number, cells in islice(_records(lines(), delimiter), 1, None):
        if isinstance(cells, str):
            yield number, cells
        elif any(cell.strip() for cell in cells):
            yield number, _row(header, cells)


def _header(lines: Iterator[str], delimiter: str) -> list[str]:
    cells = next(_records(lines, delimiter), (1, ""))[1]
    return [] if isinstance(cells, str) else [cell.strip().lower() for cell in cells]


def _row(header: list[str], cells: list[str]) -> Row | str:
    if any(cell.strip() for cell in cells[len(header) :]):
        return "The row has more cells than the table has columns; put a text with commas in quotation marks."
    return {name: cell for name, cell in zip(header, cells, strict=False) if name}


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells of every record that is not blank, or in place of cells what is wrong.

    After a line whose quotation marks do not close within MOST_LINES and MOST_CHARACTERS, reading goes on
    with the next line. In a tsv such a line is taken as it stands, since many are written without quoting.
    """
    again: deque[str] = deque()  # lines that a record has taken in vain
    number = 1
    while True:
        taken: list[str] = []
        reader = csv.reader(
            _taking(again, lines, taken), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        try:
            cells = next(reader, None)
        except csv.Error:
            again.extendleft(reversed(taken[1:]))
            yield number, taken[0].rstrip("\r\n").split("\t") if delimiter == "\t" else UNCLOSED
            number += 1
            continue
        if cells is None:
            return
        if cells:
            yield number, cells
        number += len(taken)


def _taking(again: deque[str], lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    """The lines of one record, those first that are read again; `taken` says which have been read."""
    characters = 0
    while len(taken) < MOST_LINES and characters < MOST_CHARACTERS:
        line = again.popleft() if again else next(lines, None)
        if line is None:
            return
        taken.append(line)
        characters += len(line)
        yield line
