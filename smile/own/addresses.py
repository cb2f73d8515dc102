"""The addresses of a visitor's languages, each of which has a folder.

One key opens all of them. The address of the first is the key itself, that of another the key, a dot and its
number. What comes from outside, a key, an address or a number, is looked at here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

MOST_LANGUAGES = 12  # of one key
LENGTH = 32  # of a key
REMEMBERED = 2000  # keys whose last number is
KEY = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")


class Address(NamedTuple):
    """Where one of a visitor's languages is."""

    key: str
    number: int  # from 1

    def __str__(self) -> str:
        return self.key if self.number == 1 else f"{self.key}.{self.number}"

    @property
    def folder(self) -> str:
        """Return the name of its folder, which gives neither key nor number away."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:32]

    @property
    def all(self) -> tuple[Address, ...]:
        """Return all that its key may open, in their order."""
        return tuple(Address(self.key, number) for number in range(1, MOST_LANGUAGES + 1))


class Given:
    """Remembers which number each key was given last: that of a deleted language is used again last of all.

    A window, or work, that still has the deleted one so meets with another language as late as can be. Of the
    keys nothing but the name of a folder is remembered, and only of those that were given one last.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def in_turn(self, known: Sequence[Address]) -> list[Address]:
        """Return the addresses that are free beside those of a key's languages, in the order to take them."""
        last = self._last.get(known[0].all[0].folder, known[-1].number)
        free = [one for one in known[0].all if one not in known]
        return sorted(free, key=lambda one: one.number <= last)

    def note(self, given: Address) -> None:
        """Remember that a number was given."""
        first = given.all[0].folder
        self._last.pop(first, None)
        self._last[first] = given.number
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]


def address(asked: object) -> Address | None:
    """Return the address that a page sends; None for what is none."""
    if not (isinstance(asked, str) and KEY.fullmatch(asked[:LENGTH])):
        return None
    return next((one for one in Address(asked[:LENGTH], 1).all if str(one) == asked), None)


def beside(asked: object, number: object) -> str | None:
    """Return the address of another number under the key of an address; None where one of them is none.

    The number is a text, as a choice of the page sends it.
    """
    here = address(asked)
    return next((str(one) for one in here.all if str(one.number) == number), None) if here else None


def key_of(asked: object) -> str:
    """Return the key of an address, which a visitor may take to another device; nothing for what is none."""
    here = address(asked)
    return here.key if here else ""
