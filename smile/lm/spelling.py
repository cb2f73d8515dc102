"""Brings back capitals and punctuation, as a pool's texts have them, into a text of a normaliser's form.

A head that is fitted to normalised texts has fewer signs to tell apart and hears them better than one that
is fitted to texts as they are written. Of all that the normaliser makes the same text of, as far as the pool
knows its words, the one that a character n-gram of the pool's texts finds likeliest is taken.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from smile.lm.characters import CharacterNgram
from smile.text.normalisers import one_line

LONGEST = 3  # words of the normalised form that one written word may come to, as "well-known" has two
BEAMS = 8  # ways of writing kept after each word
ENDINGS = 3  # of texts that are tried, the commonest
Form = Callable[[str], str]


@dataclass(frozen=True)
class _Way:
    """A beginning of a text as it may be written."""

    score: float
    context: str
    text: str = ""


class Spelling:
    """How a pool's texts write words, and how they begin and end.

    Args:
        texts: as they are written.
        form: the normaliser that was applied to what will be restored.
    """

    def __init__(self, texts: Iterable[str], form: Form):
        lines = [unicodedata.normalize("NFC", one_line(text)) for text in texts]
        self._lm = CharacterNgram(line for line in lines if line)
        self._form, self._written = form, dict[str, set[str]]()
        endings = Counter[str]()
        for words in filter(None, map(str.split, lines)):
            body, ending = _ending(words[-1])
            endings[ending] += 1
            for word in (*words, body):
                key = form(word)
                if key:
                    self._written.setdefault(key, set()).add(word)
        self._endings = ["", *(ending for ending, _ in endings.most_common(ENDINGS) if ending)]

    def restore(self, text: str) -> str:
        """Return a text of words parted by single spaces as the pool would write it."""
        words = text.split()
        ways: list[list[_Way]] = [[] for _ in range(len(words) + 1)]
        ways[0] = [_Way(0.0, self._lm.start)]
        for at in range(len(words)):
            best = sorted(ways[at], key=lambda way: (-way.score, way.text))[:BEAMS]
            for end in range(at + 1, min(at + LONGEST, len(words)) + 1):
                written = self._ways_of(" ".join(words[at:end]), at == 0, end == len(words), end - at == 1)
                ways[end] += [self._with(way, word) for way in best for word in written]
        worth = [(way.score + self._lm.end(way.context), way.text) for way in ways[-1]]
        return max(worth)[1] if words else ""

    def _ways_of(self, key: str, first: bool, last: bool, single: bool) -> list[str]:
        """Return how a word, or several that may be written as one, may be written at a place in a text."""
        spellings = set(self._written.get(key, {key} if single else ()))
        if first:
            spellings |= {word[0].upper() + word[1:] for word in spellings}
            spellings |= {word[0].lower() + word[1:] for word in spellings}
        if last:
            spellings |= {_ending(word)[0] + ending for word in spellings for ending in self._endings}
        ways = sorted(word for word in spellings if self._form(word) == key)
        return ways or [key] * single  # what a form makes of a whole text it may change again in a word alone

    def _with(self, way: _Way, word: str) -> _Way:
        """Return a way with one more word, and a space before it."""
        added = f" {word}" if way.text else word
        score, context = way.score, way.context
        for character in added:
            score += self._lm.logprob(context, character)
            context = self._lm.context(context, character)
        return _Way(score, context, way.text + added)


def _ending(word: str) -> tuple[str, str]:
    """Return a text's last word without the punctuation at its end, and that."""
    body = word
    while body and unicodedata.category(body[-1]).startswith("P") and body[-1] not in "'’ʼ-":
        body = body[:-1]
    return (body, word[len(body) :]) if body else (word, "")
