"""What the difference of two texts does not show: capitals inside words, which are not counted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import regex
from markupsafe import Markup

WORD = regex.compile(r"[\p{L}\p{M}\p{N}'’ʼ-]+")
MOST = 3  # words that are named
NOTE = Markup('<p class="note">Not marked, as capitals are not counted: {}.</p>')
PAIR = Markup('<q dir="auto">{}</q> → <q dir="auto">{}</q>')


def inner_capitals(reference: str, hypothesis: str) -> Iterator[tuple[str, str]]:
    """Yield (word of the reference, as the transcript has it) where only capitals inside the word differ.

    Capitals at the beginning depend on where a sentence begins, and words in capitals on taste: neither is
    told.
    """
    written: dict[str, set[str]] = {}
    for word in WORD.findall(reference):
        written.setdefault(word.lower(), set()).add(word)
    for word in dict.fromkeys(WORD.findall(hypothesis)):
        known = written.get(word.lower(), set())
        if known and not word.isupper() and all(word[1:] != one[1:] and not one.isupper() for one in known):
            yield min(known), word


def capitals_note(reference: str, hypothesis: str) -> Markup:
    """Return which such words there are as HTML; nothing where there are none."""
    pairs = list(islice(inner_capitals(reference, hypothesis), MOST + 1))
    if not pairs:
        return Markup()
    more = Markup(", …") if len(pairs) > MOST else Markup()
    return NOTE.format(Markup(", ").join(PAIR.format(*pair) for pair in pairs[:MOST]) + more)
