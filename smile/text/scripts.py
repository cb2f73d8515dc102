"""Scripts of texts, told by the names that Unicode gives to letters, marks and digits."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

from smile.text.characters import UNWRITABLE, permitted

LAST = 0x32400  # code points after it are no letters
COMMON = ("COMBINING", "MODIFIER", "DIGIT")  # first words of what all scripts share
ALIASES = {
    "IDEOGRAPHIC": "CJK",
    "FULLWIDTH": "CJK",
    "HALFWIDTH": "KATAKANA",
    "FEMININE": "LATIN",
    "MASCULINE": "LATIN",
}
FEWEST = 20  # letters of a script
NOTHING = ("Cn", "Co", "Cs")  # categories: unassigned, private, surrogates


@cache
def script(character: str) -> str:
    """Return the script of a character, such as "LATIN"; empty for what all scripts share, as most signs."""
    first = _first(character)
    if unicodedata.category(character)[0] not in "LMN" and first not in _of_letters():
        return ""
    return "" if first in COMMON else ALIASES.get(first, first)


def _first(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0].partition("-")[0]


@cache
def _of_letters() -> frozenset[str]:
    """The first words of many letters' names, which signs of these scripts begin with, too."""
    words = Counter(_first(c) for c in map(chr, range(LAST)) if c.isalpha())
    return frozenset(word for word, letters in words.items() if letters >= FEWEST) | {*ALIASES}


def scripts(texts: Sequence[str]) -> frozenset[str]:
    """Return the scripts in texts."""
    return frozenset(script(c) for c in set().union(*map(set, texts))) - {""}


def of_their_scripts(texts: Sequence[str]) -> frozenset[str]:
    """Return the code points that texts give reason for: theirs, of their scripts, and what scripts share."""
    return _joined(permitted(texts), scripts(texts))


@lru_cache(maxsize=16)
def _joined(own: frozenset[str], some: frozenset[str]) -> frozenset[str]:
    """One object for one pool, since each step of a decoding compares it."""
    return own | _written_in(some)


@cache
def _written_in(some: frozenset[str]) -> frozenset[str]:
    """The assigned code points of some scripts, and those that all scripts share."""
    wanted = some | {""}
    return frozenset(
        c
        for c in map(chr, range(LAST))
        if unicodedata.category(c) not in NOTHING and c != UNWRITABLE and script(c) in wanted
    )
