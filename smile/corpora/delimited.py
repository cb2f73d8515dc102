"""Rows of csv and tsv: cells between delimiters, which in a csv may be quoted and have line breaks in them.

A tsv is read line by line, whatever quotation marks it has. Many are written without quoting, and a mark
that begins a text there must not take the lines up to the next one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise, zip_longest
from pathlib import Path

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.columns import TEXT_COLUMNS, TOP, columns_named, header_at, headless
from smile.corpora.mapping import ColumnMapping
from smile.corpora.sheets import TableLimits, check_columns

Row = dict[str, str]  # column, in lower case -> cell
Line = tuple[int, Row | str]  # line where a row begins, from 1; the row, or why it cannot be read
Lines = Callable[[], Iterator[str]]  # a text's lines from its beginning, with their ends
Record = tuple[int, list[str] | str]  # line where it begins; its cells, or what is wrong

PIPE = "|"
LINEWISE = ("\t", PIPE)  # between cells of rows that are a line each
SEPARATOR = re.compile(r'"?sep=([^\w"])"?[,;\t]*', re.IGNORECASE)  # the first line, as Excel has it
MOST_LINES, MOST_CHARACTERS = 50, 50_000  # of a row whose cells have line breaks in them

UNCLOSED = "A quotation mark is not closed, or one inside a quoted cell is not doubled."
OVER_LINES = (
    "A cell goes on over the end of its line; write each row of a tsv in one line, or save it as csv."
)
ROWS_IN_CELL = (
    "A quotation mark is not closed, so that the cell holds the rows below; close it, or double it."
)
TOO_MANY = "The row has more cells than the table has columns; put a text with commas in quotation marks."

CUT_OFF = (
    "The text seems to go on in the next cell, which begins with a space; put a text with commas or "
    "semicolons in quotation marks."
)


@dataclass(frozen=True)
class _Layout:
    """How the rows of a table are parted into cells, and what the cells are."""

    delimiter: str
    header: tuple[str, ...]
    line: int  # of the row that names the columns; 0 where none does


def cell_rows(
    path: Path, lines: Lines, delimiters: str, limits: TableLimits, mapping: ColumnMapping | None = None
) -> Iterator[Line]:
    """The rows under the one that names the columns, which is the first where no column is understood.

    Raises:
        CorpusError: the table has too many columns, or two of one name that is needed, or not those of the
            mapping.
    """
    layout = _layout(lines, delimiters, mapping)
    check_columns(path, layout.header, limits)
    for number, cells in _records(lines(), layout.delimiter, layout.header):
        if number <= layout.line:
            continue
        if isinstance(cells, str):
            yield number, cells
        elif any(cell.strip() for cell in cells):
            yield number, _row(layout.header, cells)


def first_records(lines: Lines, delimiters: str) -> list[Record]:
    """Return the first records of a table, parted by the delimiter that its rows are read with."""
    tops = _tops(lines, delimiters)
    return list(filter(_filled, tops[_delimiter(tops)]))


def _tops(lines: Lines, delimiters: str) -> dict[str, list[Record]]:
    """The first records, as they are parted by each delimiter that may be meant."""
    named = SEPARATOR.fullmatch(next(lines(), "").rstrip("\r\n"))
    return {
        d: list(islice(_records(lines(), d), bool(named), TOP)) for d in (named[1] if named else delimiters)
    }


def _layout(lines: Lines, delimiters: str, mapping: ColumnMapping | None) -> _Layout:
    """The delimiter is the one that is named, or gives columns that are understood, or the most cells."""
    tops = _tops(lines, delimiters)
    delimiter = _delimiter(tops)
    top = tops[delimiter]
    if mapping:
        return _Layout(delimiter, *mapping.header([record for record in top if _filled(record)]))
    if (place := header_at(cells for _, cells in top)) is not None:
        return _titled(delimiter, top[place])
    if delimiter == PIPE and (header := headless([cells for _, cells in top])):
        return _Layout(PIPE, header, 0)
    return _titled(delimiter, next(filter(_filled, top), (1, [])))


def _delimiter(tops: dict[str, list[Record]]) -> str:
    """The delimiter of a table: with it columns are understood, or the most rows are alike."""
    places = {d: header_at(cells for _, cells in top) for d, top in tops.items()}
    known = {d: _titled(d, tops[d][place]) for d, place in places.items() if place is not None}
    if known:
        return min(known, key=lambda d: (known[d].line, -len(known[d].header)))
    if PIPE in tops and headless([cells for _, cells in tops[PIPE]]):
        return PIPE
    return max(tops, key=lambda d: _alike(tops[d]))


def _alike(top: Sequence[Record]) -> tuple[int, int]:
    """How many rows have the number of cells that most have, and that number; a cell is no rest of a text."""
    rows = [cells for _, cells in top if not isinstance(cells, str)]
    counts = Counter(len(cells) for cells in rows if not any(cell[:1] == " " for cell in cells))
    return max(((rows, cells) for cells, rows in counts.items() if cells > 1), default=(0, 0))


def _filled(record: Record) -> bool:
    return any(cell.strip() for cell in record[1])


def _titled(delimiter: str, record: Record) -> _Layout:
    number, cells = record
    header = () if isinstance(cells, str) else tuple(cell.strip().lower() for cell in cells)
    return _Layout(delimiter, header, number)


def _row(header: Sequence[str], cells: list[str]) -> Row | str:
    if any(cell.strip() for cell in cells[len(header) :]):
        return TOO_MANY
    return {name: cell for name, cell in zip_longest(header, cells[: len(header)], fillvalue="") if name}


def _records(lines: Iterator[str], delimiter: str, header: Sequence[str] = ()) -> Iterator[Record]:
    """Every record that is not blank, of a table with these columns."""
    if delimiter in LINEWISE:
        return _lone_lines(lines, len(header), delimiter)
    return _quoted(lines, delimiter, header)


def _lone_lines(lines: Iterator[str], columns: int, delimiter: str) -> Iterator[Record]:
    """The records of a tsv, or of one with bars, each of which is a line.

    Where a quoted cell has a line break in it, nobody can say for sure where it ends: its lines are refused.
    """
    filled = ((n, line.rstrip("\r\n")) for n, line in enumerate(lines, start=1) if line.strip())
    inside = False  # of a quoted cell
    for (number, line), (_, following) in pairwise(chain(filled, [(0, "")])):
        short = line.count(delimiter) + 1 < columns
        ends = inside and line.count('"') % 2 == 1
        over = ends or (inside and short) or _goes_on(line, following, columns, delimiter)
        inside = over and not ends
        yield number, OVER_LINES if over else _lone(line, columns, delimiter)


def _lone(line: str, columns: int, delimiter: str) -> list[str]:
    """The cells of a line, without the quotation marks of those that are quoted whole.

    Marks that make no such cells, or fewer than there are columns, are the text's own.
    """
    plain, cells = line.split(delimiter), _parsed(line, delimiter)
    return plain if cells is None or len(plain) == columns != len(cells) else cells


def _goes_on(line: str, following: str, columns: int, delimiter: str) -> bool:
    """Whether a quoted cell of a line goes on in the next one.

    A quotation mark that is not closed may be the text's own, where it and the next line have all columns.
    """
    if _parsed(line, delimiter) is not None or _parsed(f'{line}"', delimiter) is None:
        return False
    if line.count(delimiter) + 1 < columns or any(map(_whole, line.split(delimiter))):
        return True
    return bool(following) and following.count(delimiter) + 1 < columns


def _parsed(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return None


def _whole(cell: str) -> bool:
    return len(cell) > 1 and cell.startswith('"') and cell.endswith('"')


def _quoted(lines: Iterator[str], delimiter: str, header: Sequence[str]) -> Iterator[Record]:
    """The records of a csv.

    After a line whose quotation marks do not close within MOST_LINES and MOST_CHARACTERS, or that takes rows
    with it, reading goes on with the next line.
    """
    again: deque[str] = deque()  # lines that a record has taken in vain
    number, text = 1, _text_place(header)
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
        if isinstance(cells, list):
            if _hold_rows(taken[1:], delimiter, len(header)):
                cells = ROWS_IN_CELL
            elif len(taken) == 1 and _cut_off(taken[0].split(delimiter), len(cells), text):
                cells = CUT_OFF
        if isinstance(cells, str):
            again.extendleft(reversed(taken[1:]))
            taken = taken[:1]
        if cells:
            yield number, cells
        number += len(taken)


def _text_place(header: Sequence[str]) -> int:
    """Which cell of a row is its text; -1 where no column is known to hold it."""
    columns = columns_named(tuple(header), TEXT_COLUMNS)
    return header.index(columns[0]) if columns else -1


def _cut_off(written: Sequence[str], count: int, text: int) -> bool:
    """Whether a text goes on behind a comma: only the cell after it begins with a space."""
    if text < 0 or len(written) != count or text + 1 >= count:
        return False
    said, following = written[text], written[text + 1]
    quoted = '"' in said or following.lstrip().startswith('"')
    return not quoted and said[:1].strip() != "" and following[:1] == " " and following.strip() != ""


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
