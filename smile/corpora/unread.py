"""What is left out of a folder that is read as one table, so that nobody takes it for read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from smile.corpora.sheets import OWN, TableLimits, other_sheets
from smile.corpora.tables import SUFFIXES

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
NO_TABLES = (".xls", ".ods", ".numbers")  # which spreadsheets save, and nothing here reads
SHOWN = 5  # names in a sentence


def tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder and the folders in it, sorted."""
    return _files(folder, SUFFIXES)


def other_files(folder: Path, table: Path) -> Iterator[str]:
    """Yield sentences on other tables and archives in a folder of which one table is read."""
    if others := [path for path in tables_in(folder) if path != table]:
        yield f"Other tables were left out: {_named(folder, others)}; the clips are those of {table.name}."
    yield from archives(folder)


def archives(folder: Path) -> Iterator[str]:
    """Yield sentences on what lies in a folder and would have to be saved otherwise to be read."""
    if packed := _files(folder, ARCHIVES):
        yield f"Archives in it were left out: {_named(folder, packed)}; unpack them to have them read."
    if sheets := _files(folder, NO_TABLES):
        yield f"Left out: {_named(folder, sheets)}; save what is needed of them as .xlsx or .csv."


def sheets(table: Path, limits: TableLimits = OWN) -> tuple[str, ...]:
    """Return a sentence on the sheets of a workbook that are not read, if there are any.

    Raises:
        CorpusError: it cannot be read.
    """
    others = other_sheets(table, limits) if table.suffix.lower() == ".xlsx" else ()
    names = [f'"{name}"' for name in others]
    return (f"Other sheets of {table.name} were left out: {_listed(names)}.",) if names else ()


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files of some kinds, but for hidden ones and those that Office lays beside an open one."""
    found = (
        p for p in folder.rglob("*") if p.suffix.lower() in suffixes and not p.name.startswith((".", "~$"))
    )
    return sorted(path for path in found if path.is_file())


def _named(folder: Path, paths: Sequence[Path]) -> str:
    return _listed([path.relative_to(folder).as_posix() for path in paths])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
