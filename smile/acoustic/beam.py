"""Prefix beam search: the likeliest text of a head and a language model together (Hannun et al. 2014).

A text y is worth log P_ctc(y) + weight log P_lm(y, end) + bonus |y|, |y| in characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, log1p
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK, Alphabet
from smile.datatypes import Matrix


class LanguageModel(Protocol):
    """What a search asks of a language model over characters; what a context is, the model decides."""

    @property
    def start(self) -> str:
        """Return the context of a text's first character."""
        ...

    def context(self, before: str, character: str) -> str:
        """Return the context after one more character."""
        ...

    def logprob(self, context: str, character: str) -> float:
        """Return log P of a character after a context."""
        ...

    def end(self, context: str) -> float:
        """Return log P of the text's end after a context."""
        ...

    def score(self, text: str) -> float:
        """Return log P of a whole text, its end included."""
        ...


@dataclass(frozen=True)
class BeamSettings:
    """How a search goes."""

    size: int = 12  # texts kept after each frame
    weight: float = 0.5  # of the language model
    bonus: float = 1.0  # for each character, against the model's liking for short texts
    least: float = 1e-3  # probability in a frame under which a character is not tried
    tried: int = 64  # characters tried in a frame at most, so that a head that is at a loss takes no hours


DEFAULTS = BeamSettings()


@dataclass(frozen=True)
class Hypothesis:
    """A text that a search has kept, and what it is worth."""

    text: str
    score: float


class _Prefix:
    """The beginning of a text; each is one object, so that what leads to it is added up."""

    __slots__ = ("context", "last", "parent", "worth")

    def __init__(self, parent: _Prefix | None, last: int, context: str, worth: float):
        self.parent, self.last, self.context = parent, last, context
        self.worth = worth  # language model and bonus, of all its characters


Ways = dict[_Prefix, list[float]]  # log P of the ways to a prefix that end in a blank, and that do not


def search(
    logprobs: Matrix, alphabet: Alphabet, lm: LanguageModel | None, settings: BeamSettings = DEFAULTS
) -> list[Hypothesis]:
    """Return the texts kept at the end of log probabilities (frames, symbols), the best first."""
    tree = _Tree(alphabet, lm, settings)
    root = _Prefix(None, BLANK, lm.start if lm else "", 0.0)
    beams: Ways = {root: [0.0, -inf]}
    least = log(settings.least) if settings.least > 0 else -inf
    for row in logprobs.astype(np.float64):
        tried = [(int(c), float(row[c])) for c in _likely(row, least, settings.tried) if c != BLANK]
        if tried:
            beams = _pruned(_extended(beams, row.tolist(), tried, tree, settings), settings.size)
        else:  # more than half of the frames
            _stay(beams, row.tolist())
    ends = [(prefix, _sum(*ways) + prefix.worth) for prefix, ways in beams.items()]
    if lm:
        ends = [(prefix, worth + settings.weight * lm.end(prefix.context)) for prefix, worth in ends]
    ends.sort(key=lambda end: -end[1])
    return [Hypothesis(_text(prefix, alphabet), worth) for prefix, worth in ends]


def _likely(row: NDArray[np.float64], least: float, most: int) -> NDArray[np.intp]:
    """Return the numbers, ascending, of the symbols above a log probability; of many the likeliest."""
    numbers = np.flatnonzero(row > least)
    if len(numbers) <= most:
        return numbers
    return np.sort(numbers[np.argsort(-row[numbers], kind="stable")[:most]])


class _Tree:
    """All prefixes that were ever scored; here, so that no prefix refers to itself."""

    def __init__(self, alphabet: Alphabet, lm: LanguageModel | None, settings: BeamSettings):
        self._alphabet, self._lm, self._settings = alphabet, lm, settings
        self.children: dict[tuple[_Prefix, int], _Prefix] = {}

    def grow(self, prefix: _Prefix, number: int) -> _Prefix:
        """Return a prefix with one more character, which it has not had so far, and score it."""
        worth, context, lm = prefix.worth + self._settings.bonus, "", self._lm
        if lm:
            character = self._alphabet.characters[number - 1]
            worth += self._settings.weight * lm.logprob(prefix.context, character)
            context = lm.context(prefix.context, character)
        child = self.children[prefix, number] = _Prefix(prefix, number, context, worth)
        return child


def _extended(
    beams: Ways, row: list[float], tried: list[tuple[int, float]], tree: _Tree, settings: BeamSettings
) -> Ways:
    """Return the ways after one more frame, its log probabilities in `row`, of prefixes that may be kept.

    A new prefix comes from one that there was, and the language model makes it no likelier. So it is passed
    over where as many as are kept, by the frame's blank alone, are worth more already.
    """
    extended: Ways = {}
    totals = [_sum(*ways) for ways in beams.values()]
    for (prefix, (_, symbol)), total in zip(beams.items(), totals, strict=True):
        last = prefix.last
        extended[prefix] = [total + row[BLANK], symbol + row[last] if last != BLANK else -inf]
    full = len(extended) >= settings.size
    least = min(_sum(*ways) + prefix.worth for prefix, ways in extended.items()) if full else -inf
    for (prefix, (blank, _)), total in zip(beams.items(), totals, strict=True):
        last, enough = prefix.last, least - prefix.worth - settings.bonus
        for number, logprob in tried:
            came = (blank if number == last else total) + logprob
            child = tree.children.get((prefix, number))
            if child in extended:
                ways = extended[child]
                ways[1] = _sum(ways[1], came)
            elif came > -inf and came >= enough:
                child = child or tree.grow(prefix, number)
                if came + child.worth >= least:
                    extended[child] = [-inf, came]
    return extended


def _stay(beams: Ways, row: list[float]) -> None:
    """Take the ways on by a frame in which no character is tried."""
    for prefix, ways in beams.items():
        blank, symbol = ways
        ways[0] = _sum(blank, symbol) + row[BLANK]
        ways[1] = symbol + row[prefix.last] if prefix.last != BLANK else -inf


def _pruned(ways: Ways, size: int) -> Ways:
    """Return the best of the prefixes; of equal ones those found first."""
    if len(ways) <= size:
        return ways
    best = sorted(ways.items(), key=lambda item: -(_sum(*item[1]) + item[0].worth))
    return dict(best[:size])


def _sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b == -inf else a + log1p(exp(b - a))


def _text(prefix: _Prefix, alphabet: Alphabet) -> str:
    numbers = []
    at: _Prefix | None = prefix
    while at is not None:
        numbers.append(at.last)
        at = at.parent
    return alphabet.decode(reversed(numbers))
