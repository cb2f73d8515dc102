"""A character n-gram with Witten-Bell smoothing, of a pool's texts and of texts that a user adds.

P(c | h) = (n(h c) + t(h) P(c | h')) / (n(h) + t(h)), where h' is h without its first character, n counts
and t(h) is the number of different characters seen after h; below the empty context all symbols are equally
likely. Interpolated, as in Chen and Goodman (1998).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log

START, END, UNKNOWN = "\x02", "\x03", "\x1a"  # before a text, after it, and any character not seen
ORDER = 6
MOST_KNOWN = 200_000  # probabilities remembered, about 40 MB
MOST_CHARACTERS = 5_000_000  # of all texts: counting them takes about 15 s and 1 GB


class CharacterNgram:
    """Log probabilities of characters after a context, natural logarithm.

    Args:
        texts: each from its beginning to its end.
        order: characters of an n-gram, the one predicted included.
        characters: more that may be asked for, beside those of the texts.
    """

    def __init__(self, texts: Iterable[str], order: int = ORDER, characters: str = ""):
        if order < 1:
            raise ValueError(f"The order of an n-gram is at least 1, not {order}.")
        self.order = order
        self._counts: dict[str, dict[str, int]] = {}
        symbols = {END, UNKNOWN, *characters}
        for text in texts:
            self._count(text)
            symbols.update(text)
        self._totals = {context: sum(after.values()) for context, after in self._counts.items()}
        self._symbols, self._known = frozenset(symbols), dict[tuple[str, str], float]()

    def _count(self, text: str) -> None:
        """Count every n-gram of a text, of all orders."""
        padded = START + text + END
        for at in range(1, len(padded)):
            for begin in range(max(0, at - self.order + 1), at + 1):
                after = self._counts.setdefault(padded[begin:at], {})
                after[padded[at]] = after.get(padded[at], 0) + 1

    @property
    def start(self) -> str:
        """Return the context of a text's first character."""
        return START[: self.order - 1]

    def context(self, before: str, character: str) -> str:
        """Return the context after one more character."""
        return (before + character)[-(self.order - 1) :] if self.order > 1 else ""

    def logprob(self, context: str, character: str) -> float:
        """Return log P of a character, or of `END`, after a context from `start` or `context`."""
        key = (context, character)
        logprob = self._known.get(key)
        if logprob is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            symbol = character if character in self._symbols else UNKNOWN
            logprob = self._known[key] = log(self._probability(context, symbol))
        return logprob

    def end(self, context: str) -> float:
        """Return log P of a text's end after a context."""
        return self.logprob(context, END)

    def score(self, text: str) -> float:
        """Return log P of a whole text, its end included."""
        context, total = self.start, 0.0
        for character in text:
            total += self.logprob(context, character)
            context = self.context(context, character)
        return total + self.end(context)

    def _probability(self, context: str, symbol: str) -> float:
        """Return P from the empty context up: no deeper than the longest that was seen."""
        probability = 1.0 / len(self._symbols)
        for begin in range(len(context), -1, -1):
            after = self._counts.get(context[begin:])
            if after is None:
                break  # what is longer was not seen either
            types = len(after)
            total = self._totals[context[begin:]]
            probability = (after.get(symbol, 0) + types * probability) / (total + types)
        return probability
