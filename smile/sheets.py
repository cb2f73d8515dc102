"""The first sheet of an .xlsx workbook as rows of text."""

from __future__ import annotations

import zipfile
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from smile.datatypes import CorpusError

LARGEST = 200_000_000  # bytes of a workbook once it is unpacked


def sheet_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line and row (column, in lower case -> cell) of every row under the first one that is not empty.

    Lines are the sheet's own. Of formulas the values are read that were saved with them. Notes
    beside the columns that have a name are left out.

    Raises:
        CorpusError: the file is no such workbook, is too large, or its sheets are empty.
    """
    _check_size(path)
    try:
        records = _records(path)
    except Exception as error:  # openpyxl lets through whatever a damaged file makes happen
        raise _unreadable(path) from error
    if not records:
        raise CorpusError(f'{path.name} has no rows; give its first sheet the columns "file" and "text".')
    header = [cell.strip().lower() for cell in records[0][1]]
    rows = (
        (line, {name: cell for name, cell in zip(header, cells, strict=False) if name})
        for line, cells in records[1:]
    )
    return [(line, row) for line, row in rows if any(cell.strip() for cell in row.values())]


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error
    except zipfile.BadZipFile as error:
        raise _unreadable(path) from error
    if size > LARGEST:
        raise CorpusError(f"{path.name} is too large to be a table of clips; save it as csv.")


def _unreadable(path: Path) -> CorpusError:
    return CorpusError(f"{path.name} cannot be read as an Excel workbook; save it again as .xlsx or as csv.")


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, of the first sheet that has some."""
    from openpyxl import load_workbook

    with closing(load_workbook(path, read_only=True, data_only=True)) as book:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write a wrong range
            rows = ((line, [_text(v) for v in row]) for line, row in enumerate(sheet.values, start=1))
            if records := [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]:
                return records
    return []


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
