"""Which columns of a table hold what, as a person says it where the table's own names do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from smile.corpora.columns import FILE_COLUMNS, TEXT_COLUMNS, TOP, column_key, header_at
from smile.corpora.spans import is_time, time_column
from smile.datatypes import CorpusError

LONGEST, SHOWN = 200, 8  # characters of a column's name; names in a sentence
ROLES = {"audio": "file", "text": "text", "start": "start", "end": "end"}  # -> what it is called from then on
FORM = (
    "Columns are chosen as audio=NAME,text=NAME, and perhaps start=NAME,end=NAME; instead of a name "
    "its place from 1 may stand, and first=LINE says where the first clip is."
)

Record = tuple[int, Sequence[str] | str]  # line; cells, or what is wrong


class ColumnsError(CorpusError):
    """An error for a table whose columns are not understood; how to choose them depends on who is asked."""

    def saying(self, how: str) -> str:
        """Return the sentence that says `how` columns are chosen, too."""
        return f"{str(self).rstrip('.')}, or {how}."


@dataclass(frozen=True)
class ColumnMapping:
    """The columns of a table that a person has chosen, each by its name or its place from 1."""

    audio: str
    text: str
    start: str = ""
    end: str = ""
    first: int = 0  # line of the first clip, which is below the names of the columns; 0: it follows from them

    def __post_init__(self) -> None:
        """Check what was chosen.

        Raises:
            CorpusError: a column is missing, or is chosen twice; or a name has no end.
        """
        if not (self.audio and self.text):
            raise CorpusError("Choose which column names the recordings, and which one holds the texts.")
        if bool(self.start) != bool(self.end):
            raise CorpusError("Choose the columns of both start and end, or of neither.")
        chosen = [said for _, said in self.chosen]
        if len(set(map(str.casefold, chosen))) < len(chosen):
            raise CorpusError("One column is chosen for two things; choose another one.")
        if max(map(len, chosen)) > LONGEST or not 0 <= self.first <= 10**7:
            raise CorpusError(FORM)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Return what is chosen, and the column that was said to hold it."""
        return [(role, said) for role in ROLES if (said := getattr(self, role))]

    @classmethod
    def parsed(cls, said: str) -> ColumnMapping:
        """Return the mapping that "audio=NAME,text=NAME" says.

        Raises:
            CorpusError: it says anything else.
        """
        pairs = [part.partition("=") for part in said.split(",")]
        given = {name.strip().lower(): value.strip() for name, _, value in pairs}
        known = {field.name for field in fields(cls)}
        if len(given) < len(pairs) or not given.keys() <= known or not all(given.values()):
            raise CorpusError(FORM)
        first = given.pop("first", "0")
        if not {"audio", "text"} <= given.keys() or not _is_number(first):
            raise CorpusError(FORM)
        return cls(**given, first=int(first))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any] | None) -> ColumnMapping | None:
        """Return the mapping that `to_json` gave, or None."""
        return None if said is None else cls(**said)

    def header(self, top: Sequence[Record]) -> tuple[tuple[str, ...], int]:
        """Return the columns of a table as they are called from now on, and the line that names them.

        Columns without a name are left out of rows. Where no line names them, the line is that before the
        first clip.

        Args:
            top: the first records of the table that are not blank.

        Raises:
            CorpusError: it has no such columns, or its first clip is not among these.
        """
        records = [(line, cells) for line, cells in top if not isinstance(cells, str)]
        if not records:
            raise CorpusError("The table has no rows.")
        at = self._titles(records)
        line, titles = records[at] if at is not None else (0, ())
        width = max((len(cells) for n, cells in records if n >= line), default=0)
        names = [*titles, *[""] * (width - len(titles))]
        return self.renamed(names), max(line, self.first - 1)

    def _titles(self, records: Sequence[tuple[int, Sequence[str]]]) -> int | None:
        """The place of the record that names the columns."""
        if self.first:
            if self.first > records[-1][0]:
                raise CorpusError(
                    f"Line {self.first} is none of the first {TOP} of the table that have cells."
                )
            above = [n for n, (line, _) in enumerate(records) if line < self.first]
            return above[-1] if above else None
        named = [said for _, said in self.chosen if not _is_number(said)]
        if not named:
            return header_at(cells for _, cells in records)
        for n, (_, cells) in enumerate(records):
            if all(_places(said, cells) for said in named):
                return n
        raise CorpusError(_none_called(named, [cells for _, cells in records]))

    def renamed(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return a table's columns as they are called from now on; others that could be taken have no name.

        Raises:
            CorpusError: there is no such column, or several.
        """
        roles: dict[int, str] = {}
        for role, said in self.chosen:
            place = _place(said, names)
            if place in roles:
                raise CorpusError("One column is chosen for two things; choose another one.")
            is_times = role in ("start", "end")
            roles[place] = time_column(role, names[place]) if is_times else ROLES[role]
        return tuple(roles.get(n, self._kept(name)) for n, name in enumerate(names))

    def _kept(self, name: str) -> str:
        """The name of a column that was not chosen, where it cannot be taken for one that was."""
        key = column_key(name)
        mistaken = key in FILE_COLUMNS or key in TEXT_COLUMNS or (self.start and is_time(name))
        return "" if mistaken else name.strip().lower()


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 8


def _place(said: str, names: Sequence[str]) -> int:
    """The place of a column from 0."""
    if _is_number(said):
        if 1 <= int(said) <= len(names):
            return int(said) - 1
        raise CorpusError(f"There is no column {said}; the table has {len(names)}.")
    places = _places(said, names)
    if len(places) == 1:
        return places[0]
    if places:
        raise CorpusError(
            f'Several columns are called "{said}"; say which by its place, such as {places[0] + 1}.'
        )
    raise CorpusError(_none_called([said], [names]))


def _places(said: str, names: Sequence[str]) -> list[int]:
    """Where columns are called so; case, accents and what parts words matter where others differ in them."""
    just = [n for n, name in enumerate(names) if name.strip().casefold() == said.strip().casefold()]
    return just or [
        n for n, name in enumerate(names) if column_key(said) and column_key(name) == column_key(said)
    ]


def _none_called(said: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    wanted = " and ".join(f'"{name}"' for name in said)
    first = next(iter(rows), ())
    shown = ", ".join(f'"{name.strip()[:30]}"' for name in first[:SHOWN])
    more = f" and {len(first) - SHOWN} more" if len(first) > SHOWN else ""
    return f"No column is called {wanted}; there are {shown or 'none'}{more}. Give a name or a place from 1."
