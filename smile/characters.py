"""The characters of texts: how often each occurs, which may be typing errors, and which may be written."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

TELLING = 500  # characters of text from which one that occurs just once is remarkable


@dataclass(frozen=True)
class Character:
    """A code point of some texts."""

    character: str
    count: int  # how often it occurs
    clips: int  # in how many of the texts
    example: int  # index of the first text with it
    rare: bool = False  # it occurs once where much is written: perhaps a typing error


def inventory(texts: Sequence[str]) -> tuple[Character, ...]:
    """The code points of texts as they are spelt, without spaces, the most frequent first.

    Letters, marks and signs may be rare; a digit that occurs once is nothing remarkable. A capital is not
    rare where its small letter is common.
    """
    counts = Counter(c for text in texts for c in text if not c.isspace())
    clips = Counter(c for text in texts for c in set(text))
    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        for c in text:
            first.setdefault(c, index)
    enough = sum(counts.values()) >= TELLING
    return tuple(
        Character(c, n, clips[c], first[c], enough and n == 1 and _remarkable(c, counts))
        for c, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _remarkable(character: str, counts: Counter[str]) -> bool:
    small = character.lower()
    return not character.isdigit() and (small == character or counts[small] <= 1)


def permitted(texts: Sequence[str]) -> frozenset[str]:
    """The code points that a text like these may have: theirs, and the space."""
    return frozenset(c for text in texts for c in text if not c.isspace()) | {" "}


def mixed_forms(texts: Sequence[str]) -> bool:
    """Whether some texts have composed letters (NFC) and others the same kind decomposed (NFD)."""
    composed = any(unicodedata.normalize("NFD", text) != text for text in texts)
    decomposed = any(unicodedata.normalize("NFC", text) != text for text in texts)
    return composed and decomposed
