"""The result of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from smile.corpora import Reading, Rejected
from smile.datatypes import Utterance
from smile.pools.pool import Header, header_of


@dataclass(frozen=True)
class Imported:
    """Clips from elsewhere, as `indexing.build` takes them.

    Lines count the rows of a table from 1, or annotations; `places` says where those are.
    """

    reading: Reading
    places: Mapping[int, str] = field(default_factory=dict)
    empty: int = 0  # annotations without a text, which are no clips
    header: Header | None = None  # of the pool that was imported
    queries: Reading = field(default_factory=lambda: Reading.of(()))  # of that pool
    notes: tuple[str, ...] = ()  # sentences on what was taken or left out without being asked

    def place(self, line: int) -> str:
        """Return where a line is, for a person."""
        return self.places.get(line, f"line {line}")

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "reading": _reading_json(self.reading),
            "places": list(self.places.items()),
            "empty": self.empty,
            "header": None if self.header is None else asdict(self.header),
            "queries": _reading_json(self.queries),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Imported:
        """Return the import that `to_json` described.

        Raises:
            KeyError, TypeError or ValueError: it is anything else.
        """
        header = fields["header"]
        return cls(
            _reading(fields["reading"]),
            {int(line): str(place) for line, place in fields["places"]},
            int(fields["empty"]),
            None if header is None else header_of(header),
            _reading(fields["queries"]),
            tuple(map(str, fields["notes"])),
        )


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "utterances": [{**vars(u), "audio": str(u.audio)} for u in reading.utterances],
        "lines": reading.lines,
        "rejected": [(row.line, row.reason) for row in reading.rejected],
    }


def _reading(fields: dict[str, Any]) -> Reading:
    utterances = tuple(Utterance(**{**u, "audio": Path(u["audio"])}) for u in fields["utterances"])
    rejected = tuple(Rejected(int(line), str(reason)) for line, reason in fields["rejected"])
    return Reading(utterances, tuple(map(int, fields["lines"])), rejected)
