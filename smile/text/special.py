"""The characters of texts that an ordinary keyboard does not have, for a palette to write them with."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from smile.text.characters import UNSEEN, UNWRITABLE

MOST = 60  # characters of a palette
JOINERS = "\u200c\u200d"  # many scripts spell with them, and nobody sees them


def special(texts: Iterable[str], most: int = MOST) -> tuple[str, ...]:
    """Return the code points of texts that are not ASCII: letters in the order of their base, marks last.

    Where there are more than so `many`, those that occur most often are taken.
    """
    counts = Counter(c for text in texts for c in text if _worth(c))
    taken = sorted(counts, key=lambda c: (-counts[c], c))[:most]
    return tuple(sorted(taken, key=_order))


def is_mark(character: str) -> bool:
    """Return whether a character stands on the one before it."""
    return unicodedata.category(character).startswith("M")


def named(character: str) -> str:
    """Return the Unicode name of a character in small letters, or its code point."""
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()


def _worth(character: str) -> bool:
    if character in JOINERS:
        return True
    unwritable = character == UNWRITABLE or "\ud800" <= character <= "\udfff" or UNSEEN.match(character)
    return not (character.isascii() or character.isspace() or unwritable)


def _order(character: str) -> tuple[int, str, bool, str]:
    base = unicodedata.normalize("NFD", character.lower())
    kind = 2 if is_mark(character) or character in JOINERS else 0 if character.isalnum() else 1
    return kind, base, character.isupper(), character
