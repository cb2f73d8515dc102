"""The rows of some languages and conditions."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from smile.datatypes import SmileError

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_NAMED = 30  # in a sentence


def only(table: DataFrame, languages: Collection[str], conditions: Collection[str]) -> DataFrame:
    """Return the lines of these languages and conditions; none named: of all.

    A name that stands for several settings may be followed by their hash, as tables write it
    (`acoustic 1f3a`), or not: then all of them are meant.

    Raises:
        SmileError: there is no line of a language or condition.
    """
    return _with(_with(table, "language", languages), "condition", conditions)


def _with(table: DataFrame, column: str, wanted: Collection[str]) -> DataFrame:
    """The lines that have one of these values in a column."""
    if not wanted:
        return table
    there = table[column].str.partition(" ")[0]
    if unknown := set(wanted) - set(there) - set(table[column]):
        known = sorted(set(there))
        more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
        named = f"{', '.join(known[:MOST_NAMED])}{more}"
        raise SmileError(f'There is no {column} "{min(unknown)}" in these rows; there are {named}.')
    return table[table[column].isin(wanted) | there.isin(wanted)]
