"""The first rows of a table whose columns do not say for sure what they hold, for a person who knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.columns import (
    FILE_COLUMNS,
    PLAIN_TEXT_COLUMNS,
    TEXT_COLUMNS,
    columns_named,
    header_at,
    headless,
    repeated,
)
from smile.corpora.doubtful import doubtful
from smile.corpora.recordings import folded
from smile.corpora.sheets import OWN, TableLimits
from smile.corpora.spans import spanned
from smile.corpora.tables import first_records

CUT = 60  # characters of a cell that are shown
Cells = tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """The first rows of a table, and which columns seem to be meant: places from 1, 0 where none does."""

    table: str  # its name
    rows: tuple[tuple[int, Cells], ...]  # line and cells, all of one number; line 0 has names, and is no row
    audio: int
    text: int
    first: int  # line of the first clip

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return max((len(cells) for _, cells in self.rows), default=0)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Any) -> Preview | None:
        """Return the preview that `to_json` gave, or None.

        Raises:
            KeyError, TypeError or ValueError: it is anything else.
        """
        if said is None:
            return None
        rows = tuple((int(line), tuple(map(str, cells))) for line, cells in said["rows"])
        places = (int(said[name]) for name in ("audio", "text", "first"))
        return cls(str(said["table"]), rows, *places)


def preview(
    path: Path, names: Collection[str] = (), limits: TableLimits = OWN, encoding: str = ""
) -> Preview | None:
    """Return the first rows of a table; None where its columns can only be understood in one way.

    Nor is there one of a table without columns, or with too many.

    Args:
        path: the table.
        names: names of the files that came with it, by which recordings are told.
        limits: what is larger is refused.
        encoding: that of the table where it is not in UTF-8 or UTF-16, if a person names it.

    Raises:
        CorpusError: the table cannot be read.
    """
    first = first_records(path, limits, encoding)
    records = [(n, cells) for n, cells in first if not isinstance(cells, str)]
    width = max((len(cells) for _, cells in records), default=0)
    if not 0 < width <= limits.columns or _certain(records):
        return None
    rows = [
        (n, tuple(cell.strip() for cell in (*cells, *[""] * (width - len(cells))))) for n, cells in records
    ]
    known = {folded(part) for name in names for part in (name, Path(name).stem)}
    at = header_at(cells for _, cells in rows)
    header = rows[at][1] if at is not None else ()
    audio = _column(header, FILE_COLUMNS) or _most(rows, lambda cell: _is_recording(cell, known))
    text = _column(header, TEXT_COLUMNS) or _most(rows, _letters, but=audio)
    begin = _first(rows, audio, at, known)
    if headless([cells for _, cells in rows]):
        audio, text, begin = 1, 2, rows[0][0]
    shown = tuple((line, tuple(cell[:CUT] for cell in cells)) for line, cells in rows)
    return Preview(path.name, shown, audio, text, begin)


def _certain(records: Sequence[tuple[int, Sequence[str]]]) -> bool:
    """Whether just one column is called as recordings are, one as texts are, and no times are doubtful."""
    at = header_at(cells for _, cells in records)
    if at is None:
        return False
    header = tuple(cell.strip().lower() for cell in records[at][1])
    files, texts = (columns_named(header, names) for names in (FILE_COLUMNS, PLAIN_TEXT_COLUMNS))
    if repeated(header) or len(files) > 1 or len(texts) > 1:
        return False
    rows = [dict(zip(header, cells, strict=False)) for _, cells in records[at + 1 :]]
    return spanned(header) or not any(map(doubtful, rows))


def _column(header: Sequence[str], names: tuple[str, ...]) -> int:
    """The place, from 1, of the first column with one of these names; 0 where none has."""
    named = columns_named(tuple(header), names)
    return header.index(named[0]) + 1 if named else 0


def _most(rows: Sequence[tuple[int, Cells]], count: Callable[[str], int], but: int = 0) -> int:
    """The place of the column of which most counts, but for one; 0 where nothing does."""
    places = [place for place in range(1, len(rows[0][1]) + 1) if place != but]
    counts = {place: sum(count(cells[place - 1]) for _, cells in rows) for place in places}
    best = max(counts, key=lambda place: counts[place], default=0)
    return best if counts.get(best) else 0


def _letters(cell: str) -> int:
    return sum(map(str.isalpha, cell))


def _is_recording(cell: str, known: Collection[str]) -> bool:
    name = folded(PureWindowsPath(cell).name)
    return name.endswith(AUDIO_SUFFIXES) or name in known


def _first(rows: Sequence[tuple[int, Cells]], audio: int, at: int | None, known: Collection[str]) -> int:
    """The line of the first clip: below the names of the columns, or the first that names a recording."""
    if at is not None and at + 1 < len(rows):
        return rows[at + 1][0]
    named = (line for line, cells in rows if audio and _is_recording(cells[audio - 1], known))
    return next(named, rows[min(1, len(rows) - 1)][0])
