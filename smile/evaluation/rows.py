"""Rows of an evaluation on disk: one of an utterance and a condition, without the reference text.

A folder holds `<language>.jsonl` with the rows, sorted, so that the same work gives the same bytes, and
`<language>.seconds.jsonl` with the time that each took, which never repeats. `manifest.json` says
where they come from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.text.normalisers import STAMPS
from smile.util.fields import from_json
from smile.util.opening import read_bytes
from smile.util.storage import read_json, replacing

NAME = "manifest.json"
Key = tuple[str, str]  # utterance id, condition hash


@dataclass(frozen=True)
class Row:
    """What one condition made of one utterance; counts are None where it failed."""

    id: str
    language: str  # ISO 639-3
    split: str
    condition: str  # its name
    hash: str  # of its settings
    hypothesis: str = ""
    plain_edits: int | None = None  # characters, normaliser "plain"
    plain_length: int | None = None
    plain_word_edits: int | None = None
    plain_words: int | None = None
    ml_superb_edits: int | None = None
    ml_superb_length: int | None = None
    ml_superb_word_edits: int | None = None
    ml_superb_words: int | None = None
    normalisers: str = ""  # their stamps
    stopped: str = ""  # end, loop, length or max_new_tokens
    token: str = ""  # the language token in the prompt
    guess: str = ""  # Whisper's guess at the language
    neighbours: tuple[str, ...] = ()  # ids of the examples in the prompt, in the order chosen
    distances: tuple[float, ...] = ()
    left_out: int = 0  # examples that were chosen and did not fit
    error: str = ""  # why there is no transcript

    @property
    def key(self) -> Key:
        """Return what there may be one row of."""
        return self.id, self.hash


@dataclass(frozen=True)
class Seconds:
    """The time that a row took, as if it had been made alone."""

    id: str
    hash: str
    seconds: float
    retrieval: float = 0.0  # of it, ranking the pool
    own: float = 0.0  # what it added, with what it shares with others done already
    run: str = ""  # id of the run that timed it, which the manifest tells of; older rows have none

    @property
    def key(self) -> Key:
        """Return the key of the row that was timed."""
        return self.id, self.hash


class RowFile:
    """The rows of a language in a folder, in memory until `write`.

    Raises:
        SmileError: the files are damaged, or have two rows of one utterance and condition.
    """

    def __init__(self, folder: Path, language: str):
        self.path = folder / f"{language}.jsonl"
        self.timing = folder / f"{language}.seconds.jsonl"
        self.rows = _single(self.path, read_rows(self.path))
        self.seconds = {seconds.key: seconds for seconds in read_seconds(self.timing)}
        self._added: set[Key] = set()

    def done(self) -> set[Key]:
        """Return the keys that need no more work; failed ones are tried again.

        Rows that an older normaliser scored are not among them; see `older`.
        """
        return {key for key, row in self.rows.items() if not row.error and row.normalisers == STAMPS}

    def older(self) -> set[Key]:
        """Return the keys of rows that have to be scored anew, by the normalisers of today."""
        return {key for key, row in self.rows.items() if row.normalisers not in ("", STAMPS)}

    def add(self, made: Iterable[tuple[Row, Seconds]], run: str = "") -> None:
        """Take in rows, in place of those of the same key that were in the files; `run` has timed them.

        Raises:
            SmileError: a row that has been added before.
        """
        for row, seconds in made:
            if row.key in self._added:
                raise SmileError(
                    f'{self.path} was to get two rows of {row.id} under "{row.condition}"; the same command '
                    "goes on."
                )
            self._added.add(row.key)
            self.rows[row.key], self.seconds[seconds.key] = row, replace(seconds, run=run or seconds.run)

    def check(self, wanted: Mapping[Key, str]) -> None:
        """Make sure that there is a row for every key; `wanted` has the names of their conditions.

        Raises:
            SmileError: one is missing.
        """
        if missing := [key for key in wanted if key not in self.rows]:
            raise SmileError(
                f"{self.path} lacks {len(missing)} of {len(wanted)} rows, such as that of {missing[0][0]} "
                f'under "{wanted[missing[0]]}"; run the command again.'
            )

    def write(self) -> None:
        """Write both files anew, each under a temporary name first."""
        write_lines(self.path, (asdict(self.rows[key]) for key in sorted(self.rows)))
        write_lines(self.timing, (asdict(self.seconds[key]) for key in sorted(self.seconds)))


def read_rows(path: Path) -> list[Row]:
    """Read the rows of a file; none where there is no file. Raise a SmileError where it is damaged."""
    try:
        return [from_json(Row, line) for line in lines_of(path)]
    except ValueError as error:
        raise SmileError(
            f"{path} is damaged or holds no rows of this version; remove it, or evaluate into another folder."
        ) from error


def read_seconds(path: Path) -> list[Seconds]:
    """Read the times of a file; none where there is no file. Raise a SmileError where it is damaged."""
    try:
        return [from_json(Seconds, line) for line in lines_of(path)]
    except ValueError as error:
        raise SmileError(
            f"{path} is damaged or holds no times of this version; remove it, the rows stay."
        ) from error


def _single(path: Path, rows: Sequence[Row]) -> dict[Key, Row]:
    """The rows by key."""
    if twice := [key for key, number in Counter(row.key for row in rows).items() if number > 1]:
        name = next(row.condition for row in rows if row.key == twice[0])
        raise SmileError(
            f'{path} has {len(twice)} rows more than once, such as that of {twice[0][0]} under "{name}"; '
            "remove the file, or those lines, and run the command again."
        )
    return {row.key: row for row in rows}


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines; the file appears when it is whole."""
    with replacing(path) as new, new.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of a file that are not empty; none where there is no file."""
    return [line for line in read_bytes(path).split(b"\n") if line] if path.exists() else []


def row_files(folder: Path) -> list[Path]:
    """Return the sorted files of rows in an evaluation's folder, one a language."""
    return [path for path in sorted(folder.glob("*.jsonl")) if not path.name.endswith(".seconds.jsonl")]


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a folder's manifest; an empty one where there is none. Raise a SmileError where it is damaged."""
    path = folder / NAME
    if not path.exists():
        return {"conditions": {}, "runs": []}
    try:
        manifest: dict[str, Any] = read_json(path)
        conditions = {str(name): dict(settings) for name, settings in manifest["conditions"].items()}
        return {**manifest, "conditions": conditions, "runs": [dict(run) for run in manifest["runs"]]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SmileError(f"{path} is damaged; remove it and run the command again.") from error
