"""What is kept of a check: its rows, so that it goes on where it was broken off, and its table at the end.

Rows lie in a file that is named after all they depend on beside clip and condition, so that checks of two
versions of a pool at once never mix.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.datatypes import RecognizerInfo, SmileError, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.rescoring import anew, is_older
from smile.evaluation.rows import Row
from smile.pools.pool import Pool
from smile.pools.setting import pool_digest
from smile.settings import latest
from smile.util.fields import from_fields
from smile.util.log import Log, facts_of, forget_logs, kept_log
from smile.util.storage import read_json, set_aside, write_json

if TYPE_CHECKING:
    import pandas as pd

TABLE, ROWS = "check.json", "check"
FEWEST = 2  # clips that an interval is said of
LEVELS = 2  # of the form of rows; which version of a level wrote them is in their condition's hash


class KeptRows:
    """The rows of a check by clip and condition, in memory and, given a log, on the disk."""

    def __init__(self, log: Log | None = None) -> None:
        self._log, self._rows = log, dict[str, Row]()

    def get(self, utterance: Utterance, condition: Condition) -> Row | None:
        """Return the row of a clip under a condition, where there is one, scored by today's normalisers."""
        key = _key(utterance.id, condition.hash, condition.name)
        fields = self._log.get(key) if self._log and key not in self._rows else None
        if fields is not None and (row := _scored_today(from_fields(Row, fields), utterance.text)):
            self._rows[key] = row
        return self._rows.get(key)

    def add(self, row: Row) -> Row:
        """Take in a row and return it; one that says what went wrong is not kept on the disk."""
        key = _key(row.id, row.hash, row.condition)
        self._rows[key] = row
        if self._log and not row.error:
            try:
                self._log.add(key, asdict(row))
            except OSError:
                self._log = None  # the disk is full; the check itself goes on
        return row


def _scored_today(row: Row, text: str) -> Row | None:
    """A row that was kept, scored anew where an older normaliser has; None where it has to be made again."""
    if not is_older(asdict(row)):
        return row
    try:
        changed = anew(asdict(row), [text])
    except SmileError:  # another version of SMILE has kept it
        return None
    return replace(row, **changed) if changed else None


def _key(*names: str) -> str:
    return json.dumps(names)


@contextmanager
def kept_rows(folder: Path, pool: Pool, info: RecognizerInfo) -> Iterator[KeptRows]:
    """Give the rows that are kept in a folder of checks of this pool by this recognizer; remove all others.

    Where the folder cannot be written, they are kept in memory.
    """
    facts = {
        "recognizer": asdict(info),
        "pool": pool_digest(pool),
        "recipe": asdict(RECIPE),
        "levels": LEVELS,
    }
    with kept_log(folder / ROWS, facts) as log:
        yield KeptRows(log)


def broken_off(folder: Path, pool: Pool) -> bool:
    """Return whether a check of this pool has begun in a folder, and none of it has come to its end."""
    last = table(folder)
    if last is not None and last.made_of(pool):
        return False
    return facts_of(folder / ROWS).get("pool") == pool_digest(pool)


def forget_rows(folder: Path) -> None:
    """Remove the rows that are kept in a folder."""
    forget_logs(folder / ROWS)


@dataclass(frozen=True)
class Line:
    """A setting's line in the table of a check, in percent; `change` is against Whisper alone."""

    name: str
    rate: float
    low: float | None  # None where there are too few clips for an interval
    high: float | None
    change: float | None  # None where that cannot be said, or is of other clips than Whisper's alone


@dataclass(frozen=True)
class Table:
    """The table of a check, the best setting first, and which pool it was made of."""

    pool: str  # its `pool_digest`
    lines: tuple[Line, ...]
    levels: int = 1  # version of the levels then, as `latest` has it

    def current(self, pool: Pool) -> bool:
        """Return whether it was made of this pool as it is, and of the levels of today."""
        return self.levels == latest() and self.made_of(pool)

    def made_of(self, pool: Pool) -> bool:
        """Return whether it was made of this pool as it is."""
        return self.pool == pool_digest(pool)


def lines_of(rates: pd.DataFrame) -> tuple[Line, ...]:
    """Return the lines of `check.Check.rates`, the best setting first."""
    if rates.empty:
        return ()
    rows = rates.sort_values("rate").to_dict("records")
    return tuple(_line(row) for row in rows if math.isfinite(row["rate"]))


def _line(row: dict[Any, Any]) -> Line:
    change = -float(row["reduction"])
    known = math.isfinite(change) and bool(row["same_clips"])
    rate, low, high = (round(float(row[name]), 2) for name in ("rate", "low", "high"))
    line = Line(str(row["condition"]), rate, low, high, round(change, 2) if known else None)
    return line if row["clips"] >= FEWEST else replace(line, low=None, high=None)


def keep_table(folder: Path, pool: Pool, rates: pd.DataFrame) -> None:
    """Keep the table of a check that has come to its end."""
    write_json(folder / TABLE, asdict(Table(pool_digest(pool), lines_of(rates), latest())))


def table(folder: Path) -> Table | None:
    """Return the table of the last check that came to its end; a damaged one is set aside."""
    path = folder / TABLE
    if not os.path.lexists(path):
        return None
    try:
        return from_fields(Table, read_json(path))
    except FileNotFoundError:
        return None  # it is being deleted
    except (OSError, ValueError):
        set_aside(path)
        return None
