"""Rows of csv and tsv: cells between delimiters, which in a csv may be quoted and have line breaks in them.

A tsv is read line by line, whatever quotation marks it has. Many are written without quoting, and a mark
that begins a text there must not take the lines up to the next one.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.sheets import TableLimits, check_columns

Row = dict[str, str]  # column, in lower case -> cell
Line = tuple[int, Row | str]  # line where a row begins, from 1; the row, or why it cannot be read
Lines = Callable[[], Iterator[str]]  # a text's lines from its beginning, with their ends
Record = tuple[int, list[str] | str]  # line where it begins; its cells, or what is wrong

TAB = "\t"
MOST_LINES, MOST_CHARACTERS = 50, 50_000  # of a row whose cells have line breaks in them

UNCLOSED = "A quotation mark is not closed, or one inside a quoted cell is not doubled."
OVER_LINES = (
    "A cell goes on over the end of its line; write each row of a tsv in one line, or save it as csv."
)
ROWS_IN_CELL = (
    "A quotation mark is not closed, so that the cell holds the rows below; close it, or double it."
)
TOO_MANY = "The row has more cells than the table has columns; put a text with commas in quotation marks."


def cell_rows(path: Path, lines: Lines, delimiters: str, limits: TableLimits) -> Iterator[Line]:
    """The rows under the first one, which names the columns; the delimiter gives it the most cells.

    Raises:
        CorpusError: the table has too many columns.
    """
    delimiter = max(delimiters, key=lambda d: len(_header(lines(), d)))
    header = _header(lines(), delimiter)
    check_columns(path, header, limits)
    for number, cells in islice(_records(lines(), delimiter, len(header)), 1, None):
        if isinstance(cells, str):
            yield number, cells
        elif any(cell.strip() for cell in cells):
            yield number, _row(header, cells)


def _header(lines: Iterator[str], delimiter: str) -> list[str]:
    cells = next(_records(lines, delimiter, 0), (1, ""))[1]
    return [] if isinstance(cells, str) else [cell.strip().lower() for cell in cells]


def _row(header: list[str], cells: list[str]) -> Row | str:
    if any(cell.strip() for cell in cells[len(header) :]):
        return TOO_MANY
    return {name: cell for name, cell in zip(header, cells, strict=False) if name}


def _records(lines: Iterator[str], delimiter: str, columns: int) -> Iterator[Record]:
    """Every record that is not blank, of a table with so many columns."""
    if delimiter == TAB:
        return _lone_lines(lines, columns)
    return _quoted(lines, delimiter, columns)


def _lone_lines(lines: Iterator[str], columns: int) -> Iterator[Record]:
    """The records of a tsv, each of which is a line.

    Where a quoted cell has a line break in it, nobody can say for sure where it ends: its lines are refused.
    """
    filled = ((n, line.rstrip("\r\n")) for n, line in enumerate(lines, start=1) if line.strip())
    inside = False  # of a quoted cell
    for (number, line), (_, following) in pairwise(chain(filled, [(0, "")])):
        short = line.count(TAB) + 1 < columns
        ends = inside and line.count('"') % 2 == 1
        over = ends or (inside and short) or _goes_on(line, following, columns)
        inside = over and not ends
        yield number, OVER_LINES if over else _lone(line, columns)


def _lone(line: str, columns: int) -> list[str]:
    """The cells of a line, without the quotation marks of those that are quoted whole.

    Marks that make no such cells, or fewer than there are columns, are the text's own.
    """
    plain, cells = line.split(TAB), _parsed(line)
    return plain if cells is None or len(plain) == columns != len(cells) else cells


def _goes_on(line: str, following: str, columns: int) -> bool:
    """Whether a quoted cell of a line goes on in the next one.

    A quotation mark that is not closed may be the text's own, where it and the next line have all columns.
    """
    if _parsed(line) is not None or _parsed(f'{line}"') is None:
        return False
    if line.count(TAB) + 1 < columns or any(map(_whole, line.split(TAB))):
        return True
    return bool(following) and following.count(TAB) + 1 < columns


def _parsed(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=TAB, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return None


def _whole(cell: str) -> bool:
    return len(cell) > 1 and cell.startswith('"') and cell.endswith('"')


def _quoted(lines: Iterator[str], delimiter: str, columns: int) -> Iterator[Record]:
    """The records of a csv.

    After a line whose quotation marks do not close within MOST_LINES and MOST_CHARACTERS, or that takes rows
    with it, reading goes on with the next line.
    """
    again: deque[str] = deque()  # lines that a record has taken in vain
    number = 1
    while True:
        taken: list[str] = []
        reader = csv.reader(
            _taking(again, lines, taken), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        try:
            cells: list[str] | str | None = next(reader, None)
        except csv.Error:
            cells = UNCLOSED
        if cells is None:
            return
        if not isinstance(cells, str) and _hold_rows(taken[1:], delimiter, columns):
            cells = ROWS_IN_CELL
        if isinstance(cells, str):
            again.extendleft(reversed(taken[1:]))
            taken = taken[:1]
        if cells:
            yield number, cells
        number += len(taken)


def _hold_rows(lines: Sequence[str], delimiter: str, columns: int) -> bool:
    """Whether any of the lines that a quoted cell goes over looks like a row: it names a recording."""
    for line in lines:
        cells = line.split(delimiter)
        names = (cell.strip().strip('"').lower() for cell in cells)
        if len(cells) >= max(2, columns) and any(name.endswith(AUDIO_SUFFIXES) for name in names):
            return True
    return False


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
