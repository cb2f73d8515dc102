"""Words and characters of a text as it is written: where each begins and ends in it.

A word is what white space parts. Scripts that put no space between words (Chinese, Japanese, Thai, Lao,
Khmer, Burmese and their neighbours) give a word a character, as no dictionary is asked. A character is what
a reader takes for one: a letter with its marks (an extended grapheme cluster of Unicode).
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

UNSPACED_CHARACTER = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}]"
)
CHARACTER = regex.compile(r"\X")
SPACED = regex.compile(r"[^\s\x1c-\x1f]+")  # as str.split parts
TELLING = regex.compile(r"[\p{L}\p{M}\p{N}]")
Place = tuple[int, int]  # first code point, and the one after the last


def words(text: str) -> list[Place]:
    """Return the words of a text, signs that stand beside them included."""
    return [place for match in SPACED.finditer(text) for place in _parts(match.group(), match.start())]


def characters(text: str) -> list[Place]:
    """Return the characters of a text, white space left out."""
    return [match.span() for match in CHARACTER.finditer(text) if not match.group().isspace()]


def _parts(word: str, at: int) -> Iterator[Place]:
    """The pieces of what stands between spaces: characters of an unspaced script, and what is between them.

    Signs go with what stands before them; at the beginning, with what comes after.
    """
    if not UNSPACED_CHARACTER.search(word):
        yield at, at + len(word)
        return
    begins, filled, joining = 0, False, False
    for match in CHARACTER.finditer(word):
        alone, telling = bool(UNSPACED_CHARACTER.search(match.group())), bool(TELLING.search(match.group()))
        if telling and filled and not (joining and not alone):
            yield at + begins, at + match.start()
            begins, filled = match.start(), False
        if telling:
            filled, joining = True, not alone
    yield at + begins, at + len(word)
