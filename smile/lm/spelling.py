"""Brings back capitals and punctuation, as a pool's texts have them, into a text of a normaliser's form.

A head that is fitted to normalised texts has fewer signs to tell apart and hears them better than one that
is fitted to texts as they are written; how a word is written is then read off the pool.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

from smile.text.normalisers import one_line

LONGEST = 3  # words of the normalised form that one written word may come to, as "well-known" has two
Form = Callable[[str], str]


class Spelling:
    """How a pool's texts write words, and how they begin and end.

    Args:
        texts: as they are written.
        form: the normaliser that was applied to what will be restored.
    """

    def __init__(self, texts: Iterable[str], form: Form):
        inner, first = dict[str, Counter[str]](), dict[str, Counter[str]]()
        begins, ends = Counter[bool](), Counter[str]()
        for text in texts:
            words = unicodedata.normalize("NFC", one_line(text)).split()
            if not words or not form(text):
                continue
            body, end = _ending(words[-1])
            ends[end] += 1
            begins.update(_capital(words[0]))
            for number, word in enumerate([*words[:-1], body]):
                counts = inner if number else first
                counts.setdefault(form(word), Counter())[word] += 1
        self._capital = begins[True] > begins[False]
        self._end = ends.most_common(1)[0][0] if ends else ""
        self._written = {key: _most(counts) for key, counts in first.items()}
        if self._capital:  # of a text's first word nobody knows whether it is a name
            self._written = {key: _lowered(word) for key, word in self._written.items()}
        self._written |= {key: _most(counts) for key, counts in inner.items()}

    def restore(self, text: str) -> str:
        """Return a text of words parted by single spaces as the pool would write it."""
        words, restored, at = text.split(), list[str](), 0
        while at < len(words):
            taken = self._longest(words, at)
            key = " ".join(words[at : at + taken])
            restored.append(self._written.get(key, key))
            at += taken
        whole = " ".join(restored)
        if self._capital and whole:
            whole = whole[0].upper() + whole[1:]
        return _ending(whole)[0] + self._end if whole else ""

    def _longest(self, words: list[str], at: int) -> int:
        """Return how many words from `at` on are known as one written word, at least 1."""
        most = min(LONGEST, len(words) - at)
        return next((n for n in range(most, 1, -1) if " ".join(words[at : at + n]) in self._written), 1)


def _ending(word: str) -> tuple[str, str]:
    """Return a text's last word without the punctuation at its end, and that."""
    body = word
    while body and unicodedata.category(body[-1]).startswith("P") and body[-1] not in "'’ʼ-":
        body = body[:-1]
    return (body, word[len(body) :]) if body else (word, "")


def _capital(word: str) -> list[bool]:
    """Return whether a word begins with a capital; nothing where its script has none."""
    letter = next((c for c in word if c.isalpha()), "")
    return [letter.isupper()] if letter.lower() != letter.upper() else []


def _lowered(word: str) -> str:
    """Return a word with a small first letter, unless more of it is in capitals."""
    return word[0].lower() + word[1:] if word[1:] == word[1:].lower() else word


def _most(counts: Counter[str]) -> str:
    """Return the commonest; of equally common ones the shortest, then the first by code points."""
    return min(counts, key=lambda word: (-counts[word], len(word), word))
