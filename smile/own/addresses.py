"""The addresses of a visitor's languages, each of which has a folder.

One key opens all of them. The address of the first is the key itself, that of another the key, a dot and its
number. What comes from outside, a key, an address or a number, is looked at here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

MOST_LANGUAGES = 12  # of one key
LENGTH = 32  # of a key
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
