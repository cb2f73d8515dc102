"""Connectionist temporal classification over log probabilities (frames, symbols): greedy text, likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK, Alphabet, Labels
from smile.datatypes import Matrix

LEAST = -1e300  # stands for log 0 where one is taken from another


def greedy(logprobs: Matrix, alphabet: Alphabet) -> str:
    """Return the text of the likeliest symbol of each frame, repeats and blanks taken out."""
    best = logprobs.argmax(axis=1)
    changed = np.append(True, best[1:] != best[:-1])
    return alphabet.decode(best[changed].tolist())


def log_likelihoods(logprobs: Matrix, labels: Sequence[Labels]) -> NDArray[np.float64]:
    """Return log P(labels | frames), over all alignments, of each text (texts,) in one pass over the frames.

    The forward pass of Graves et al. 2006, in which beginnings that texts share are gone through once. It is
    -inf where the frames cannot hold the labels.
    """
    nodes, rows = _Beginnings(labels), logprobs.astype(np.float64)
    blank, symbol = np.full((2, len(nodes.labels)), -np.inf)
    blank[0] = rows[0, BLANK]
    symbol[1:] = np.where(nodes.parents[1:] == 0, rows[0, nodes.labels[1:]], -np.inf)
    with np.errstate(divide="ignore"):  # log 0: there is no way here yet
        for row in rows[1:]:
            leapt = np.where(nodes.leap, symbol[nodes.parents], -np.inf)
            came = _sum(symbol, blank[nodes.parents], leapt) + row[nodes.labels]
            blank, symbol = _sum(blank, symbol) + row[BLANK], came
            symbol[0] = -np.inf  # the empty beginning has no last character
        return _sum(blank[nodes.ends], symbol[nodes.ends])


class _Beginnings:
    """The beginnings of some texts, each once, after those that they go on from; the empty one is first."""

    def __init__(self, texts: Sequence[Labels]) -> None:
        known: dict[tuple[int, int], int] = {}
        parents, labels, ends = [0], [BLANK], list[int]()
        for text in texts:
            at = 0
            for label in text.tolist():
                after = known.setdefault((at, label), len(labels))
                if after == len(labels):
                    parents.append(at)
                    labels.append(label)
                at = after
            ends.append(at)
        self.parents, self.labels, self.ends = np.array(parents), np.array(labels), np.array(ends, np.intp)
        self.leap = self.labels != self.labels[self.parents]  # whether the blank before may be left out


def _sum(*each: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(exp(a) + exp(b) + ...) of arrays of one shape; -inf where all are."""
    most = np.maximum(np.maximum.reduce(each), LEAST)
    return np.asarray(np.log(np.add.reduce([np.exp(one - most) for one in each])) + most)


def scores(logprobs: Matrix, alphabet: Alphabet, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return log P(text | frames) of each text (texts,); -inf where the head cannot write it."""
    found = log_likelihoods(logprobs, [alphabet.encode(text) for text in texts])
    return np.where([alphabet.knows(text) for text in texts], found, -np.inf)


def score(logprobs: Matrix, alphabet: Alphabet, text: str) -> float:
    """Return log P(text | frames); a character that the head cannot write makes it -inf."""
    return float(scores(logprobs, alphabet, [text])[0])
