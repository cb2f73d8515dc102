"""The first sheet of an .xlsx workbook as rows of text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.corpora.columns import TOP, header_at, repeated
from smile.corpora.mapping import ColumnMapping, ColumnsError
from smile.datatypes import CorpusError

if TYPE_CHECKING:
    from openpyxl import Workbook

LINES = 1_048_576  # of a sheet, in Excel
PIECE = 1 << 20  # bytes of a part that are looked at together
TAGS = 10  # marks "<" that a row of cells may take on the average, those of its shared strings included


@dataclass(frozen=True)
class TableLimits:
    """How large a table may be; the defaults are for tables of one's own."""

    bytes: int = 500_000_000  # of the file
    workbook_bytes: int = 500_000_000  # of a workbook, unpacked
    rows: int = 1_000_000
    columns: int = 1_000
    characters: int = 500_000_000  # of all cells together; one text may stand in many

    @property
    def tags(self) -> int:
        """Return how many marks "<" a workbook may have at most.

        They are those of so many rows of a few cells, and of what is around them.
        """
        return 10 * TAGS * self.rows + 100_000


OWN = TableLimits()


def sheet_rows(
    path: Path, limits: TableLimits = OWN, mapping: ColumnMapping | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and row (column, in lower case -> cell) of every row under the one that names the columns.

    That is the first that is not empty, where no column is understood.

    Lines are the sheet's own. Of formulas the values are read that were saved with them. Notes
    beside the columns that have a name are left out.

    Raises:
        CorpusError: the file is no such workbook, is too large, or its sheets are empty.
    """
    _check_parts(path, limits)
    try:
        records = _records(path, limits)
        top = list(islice(records, TOP))
        if not top:
            raise CorpusError(f'{path.name} has no rows; give its first sheet the columns "file" and "text".')
        header, titled = mapping.header(top) if mapping else _titles(top)
        check_columns(path, header, limits)
        for line, cells in chain(top, records):
            if line <= titled:
                continue
            row = {
                name: cell for name, cell in zip_longest(header, cells[: len(header)], fillvalue="") if name
            }
            if any(cell.strip() for cell in row.values()):
                yield line, row
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # openpyxl lets through whatever a damaged file makes happen
        raise _unreadable(path) from error


def _titles(top: Sequence[tuple[int, list[str]]]) -> tuple[tuple[str, ...], int]:
    """The columns by their names in lower case, and the line that names them."""
    line, cells = top[header_at(cells for _, cells in top) or 0]
    return tuple(cell.strip().lower() for cell in cells), line


def first_cells(path: Path, limits: TableLimits = OWN) -> list[tuple[int, list[str]]]:
    """Return the lines and cells of the first rows of the sheet that is read, whatever names their columns.

    Raises:
        CorpusError: the file is no such workbook, or too large.
    """
    _check_parts(path, limits)
    try:
        return list(islice(_records(path, limits), TOP))
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # as above
        raise _unreadable(path) from error


def check_columns(path: Path, titles: Sequence[str], limits: TableLimits) -> None:
    """Raise CorpusError where a table has too many columns, or two of one name that is needed."""
    if len(titles) > limits.columns:
        raise CorpusError(
            f"{path.name} has more than {limits.columns:,} columns; leave those that no clip needs out."
        )
    if name := repeated(titles):
        raise ColumnsError(f'{path.name} has two columns "{name}"; rename the one that is not meant.')


def _check_parts(path: Path, limits: TableLimits) -> None:
    """See that the parts of a workbook are small enough, before a reader builds anything of them."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > limits.workbook_bytes:
                raise CorpusError(
                    f"{path.name} holds {size / 1e6:,.0f} MB; a workbook may hold "
                    f"{limits.workbook_bytes / 1e6:,.0f} MB, so save its table as csv."
                )
            _check_tags(path, archive, limits)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        if isinstance(error, CorpusError):
            raise
        raise _unreadable(path) from error


def _check_tags(path: Path, archive: zipfile.ZipFile, limits: TableLimits) -> None:
    tags = 0
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        with archive.open(entry) as part:
            while piece := part.read(PIECE):
                tags += piece.count(b"<")
                if tags > limits.tags:
                    raise CorpusError(
                        f"{path.name} holds more cells than a table of {limits.rows:,} rows needs; "
                        "split it, or save its table as csv."
                    )


def _unreadable(path: Path) -> CorpusError:
    return CorpusError(f"{path.name} cannot be read as an Excel workbook; save it again as .xlsx or as csv.")


def other_sheets(path: Path, limits: TableLimits = OWN) -> tuple[str, ...]:
    """Return the names of a workbook's sheets that hold something and are not read.

    Raises:
        CorpusError: the file is no such workbook, or too large.
    """
    _check_parts(path, limits)
    try:
        with _opened(path) as book:
            filled = (sheet.title for sheet in book.worksheets if next(_filled(sheet, limits), None))
            return tuple(filled)[1:]
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # as above
        raise _unreadable(path) from error


def _opened(path: Path) -> closing[Workbook]:
    from openpyxl import load_workbook

    return closing(load_workbook(path, read_only=True, data_only=True, keep_links=False))


def _records(path: Path, limits: TableLimits) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, of the first sheet that has some."""
    with _opened(path) as book:
        for sheet in book.worksheets:
            filled = False
            for record in _filled(sheet, limits):
                filled = True
                yield record
            if filled:
                return


def _filled(sheet: Any, limits: TableLimits) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that are not empty, with no more columns than may be."""
    sheet.reset_dimensions()  # some programs write a wrong range
    rows, before = sheet.iter_rows(max_col=limits.columns + 1, values_only=True), None
    for line, row in enumerate(islice(rows, LINES), start=1):
        if row is before:  # the one that stands for each that is missing
            continue
        before = row
        cells = _cells(row) if row.count(None) < len(row) else []
        if any(cell.strip() for cell in cells):
            yield line, cells


def _cells(row: Sequence[Any]) -> list[str]:
    """The cells of a row up to the last one that is not empty, as text."""
    last = max(place for place, value in enumerate(row) if value is not None)
    return [_text(value) for value in row[: last + 1]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
