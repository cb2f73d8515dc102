"""What a page or a program may send with an event, whatever the event makes of it."""

from __future__ import annotations

from typing import Any

from smile.datatypes import SmileError

MOST_CHARACTERS = 20_000  # of a text; half an hour of speech has about as many
MOST_VALUES = 10_000  # in all lists and objects together
TOO_LONG = "A text has {:,} characters; at most {:,} are taken."
TOO_MANY = "The request holds more than {:,} values; send fewer."


def check(values: Any) -> None:
    """Look through the values of an event, however deep.

    Raises:
        SmileError: a text is too long, or there are too many values.
    """
    waiting, seen = [values], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise SmileError(TOO_LONG.format(len(value), MOST_CHARACTERS))
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
        if seen + len(waiting) > MOST_VALUES:
            raise SmileError(TOO_MANY.format(MOST_VALUES))
