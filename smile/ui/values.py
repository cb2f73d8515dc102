"""Bounds on the values that a page or a program sends with an event, whatever the event makes of them."""

from __future__ import annotations

import re
from typing import Any

from smile.datatypes import SmileError

MOST_CHARACTERS = 20_000  # of a text; half an hour of speech has about as many
MOST_VALUES = 30_000  # in all lists and objects together; a thousand files have some 20,000
MOST_DEEP = 30  # lists and objects in each other; a file on the page has some four
HALVES = re.compile("[\ud800-\udfff]")
TOO_LONG = "A text has {:,} characters; at most {:,} are taken."
HALF = "A text has half a character in it, which cannot be written; type it again."
TOO_DEEP = "The request holds more than {} lists and objects in each other; send it with fewer."
TOO_MANY = "The request holds more than {:,} values; send fewer."


def check(values: Any, characters: int = MOST_CHARACTERS) -> None:
    """Look through the values of an event, however deep; a text has at most so many characters.

    Raises:
        SmileError: a text is too long or has half a character, or there are too many values, or too deep.
    """
    waiting, seen = [(values, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if isinstance(value, str):
            _check_text(value, characters)
        if isinstance(value, dict):
            waiting += ((inner, depth + 1) for inner in (*value, *value.values()))
        elif isinstance(value, list | tuple):
            waiting += ((inner, depth + 1) for inner in value)
        if seen + len(waiting) > MOST_VALUES:
            raise SmileError(TOO_MANY.format(MOST_VALUES))
        if depth > MOST_DEEP:
            raise SmileError(TOO_DEEP.format(MOST_DEEP))


def _check_text(text: str, characters: int) -> None:
    if len(text) > characters:
        raise SmileError(TOO_LONG.format(len(text), characters))
    if HALVES.search(text):
        raise SmileError(HALF)


def facts(event: Any) -> dict[str, Any]:
    """Return what an event of the page tells beside its values, where that is an object."""
    data = getattr(event, "_data", None)
    return data if isinstance(data, dict) else {}


def number(value: Any) -> int | None:
    """Return a value where it is a whole number of a usual size, else None."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) < 2**31 else None
