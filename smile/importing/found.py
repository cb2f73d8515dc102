"""The result of an import, and the recordings of a folder by the names in tables and annotations."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora import Reading, Rejected
from smile.datatypes import Utterance
from smile.pools.pool import Header, header_of

SHOWN = 100  # characters of a name in a sentence
LONGEST_PATH = 1_000  # characters of a recording's name with its folders


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


class Recordings:
    """The recordings of a folder and, if `deep`, of those in it; case and Unicode's forms do not matter."""

    def __init__(self, folder: Path, deep: bool = True, given: Path | None = None):
        self.given = given  # the recording of all that is annotated, where a person names it
        self._paths: dict[str, Path] = {}
        self._names: dict[str, list[Path]] = {}
        self._near: dict[tuple[str, str], list[Path]] = {}  # by folder and name
        for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
            if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
                self._paths[_folded(path.relative_to(folder).as_posix())] = path
                for name in dict.fromkeys((_folded(path.name), _folded(path.stem))):
                    self._names.setdefault(name, []).append(path)
                    self._near.setdefault((str(path.parent), name), []).append(path)

    def find(self, name: str) -> Path | str:
        """Return the recording of a name, or why there is none.

        A name with folders is looked for there, and then without them: paths of other computers lead
        nowhere here. Its suffix may be missing.
        """
        shown = name.strip() if len(name) <= SHOWN else f"{name.strip()[:SHOWN]}..."
        if len(name) > LONGEST_PATH:
            return f'There is no recording "{shown}"; its name has {len(name):,} characters.'
        posix = PurePosixPath(name.strip().replace("\\", "/"))
        if not posix.name:
            return "The row names no recording."
        if path := self._paths.get(_folded(str(posix))):
            return path
        found = self._names.get(_folded(posix.name), [])
        if len(found) > 1:
            return f'Several recordings are called "{posix.name}"; say in which folder, too.'
        return found[0] if found else f'There is no recording "{shown}"; add it.'

    def beside(self, file: Path, name: str) -> Path | str:
        """Return the recording of a name; where there are several, the one in the file's own folder."""
        near = self._near.get((str(file.parent), _folded(PurePosixPath(name).name)), [])
        return near[0] if len(near) == 1 else self.find(name)

    @property
    def only(self) -> Path | None:
        """Return the recording, where there is just one."""
        return next(iter(self._paths.values())) if len(self._paths) == 1 else None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
