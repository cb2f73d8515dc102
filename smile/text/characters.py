"""The characters of texts: how often each occurs, which may be typing errors, and which may be written."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

TELLING = 1000  # characters of text from which one that occurs just once is remarkable
MOST_ONCE = 0.25  # of all kinds; where more of them occur once, as in Chinese, once is nothing remarkable
UNWRITABLE = "\ufffd"  # stands for bytes that are no text, and is never shown
UNSEEN = re.compile(
    "[\0-\b\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Controls, byte order marks, spaces without width, soft hyphens and marks of direction, which nobody says.

Joiners and non-joiners (U+200D, U+200C), with which many scripts spell, are none of these.
"""


@dataclass(frozen=True)
class Character:
    """A code point of some texts."""

    character: str
    count: int  # how often it occurs
    clips: int  # in how many of the texts
    example: int  # index of the first text with it
    rare: bool = False  # it occurs once where much is written: perhaps a typing error


def unaccented(text: str) -> str:
    """Return a text without case and without marks on its letters: "Nom Été" becomes "nom ete"."""
    return "".join(map(_bare, text.casefold()))


@lru_cache(maxsize=1 << 14)
def _bare(character: str) -> str:
    """A character without marks: one at a time, since marks in a row are sorted in quadratic time."""
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


def seen(text: str) -> str:
    """Return a text without the characters of UNSEEN.

    Of the controls from U+0080 on, those that are letters or signs in Windows-1252 become these, as in HTML:
    they come from a file that was taken for Latin-1.
    """
    return UNSEEN.sub(_western, text)


def _western(match: re.Match[str]) -> str:
    code = ord(match[0])
    return bytes([code]).decode("cp1252", errors="ignore") if 0x80 <= code < 0xA0 else ""


def inventory(texts: Sequence[str]) -> tuple[Character, ...]:
    """Return the code points of texts as they are spelt, without spaces, the most frequent first.

    Letters, marks and signs may be rare; a digit that occurs once is nothing remarkable. A capital is not
    rare where its small letter is common.
    """
    counts = Counter(c for text in texts for c in text if not c.isspace())
    clips = Counter(c for text in texts for c in set(text))
    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        for c in text:
            first.setdefault(c, index)
    enough = telling(counts)
    return tuple(
        Character(c, n, clips[c], first[c], enough and n == 1 and _remarkable(c, counts))
        for c, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def telling(counts: Mapping[str, int]) -> bool:
    """Return whether so much is written that a character occurring once may well be a typing error."""
    once = sum(n == 1 for n in counts.values())
    return sum(counts.values()) >= TELLING and once <= MOST_ONCE * len(counts)


def _remarkable(character: str, counts: Counter[str]) -> bool:
    small = character.lower()
    return not character.isdigit() and (small == character or counts[small] <= 1)


def permitted(texts: Sequence[str]) -> frozenset[str]:
    """Return the code points that a text like these may have: theirs, and the space."""
    seen = {c for text in texts for c in text if not c.isspace()}
    return frozenset(c for c in seen if c != UNWRITABLE and not "\ud800" <= c <= "\udfff") | {" "}


def mixed_forms(texts: Sequence[str]) -> bool:
    """Return whether some letters are composed (NFC) and others decomposed (NFD), or one letter is both."""
    characters = set("".join(texts))
    composed = any(_nfc(c) == c != unicodedata.normalize("NFD", c) for c in characters)
    stable = ("".join(map(_nfc, text)) for text in texts)
    decomposed = any(_nfc(text) != text for text in stable)
    other = {_nfc(c) for c in characters if _nfc(c) != c}  # letters that have no composed form in NFC
    return (composed and decomposed) or any(form in text for form in other for text in texts)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
