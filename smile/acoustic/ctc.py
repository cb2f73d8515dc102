"""Connectionist temporal classification over log probabilities (frames, symbols): greedy text, likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK, Alphabet, Labels
from smile.datatypes import Matrix

LEAST = -1e300  # stands for log 0 where one is taken from another
FAR = 300.0  # nats below the best text, from which on a likelihood is added up in logarithms
OFTEN = 4  # frames after which likelihoods are scaled; they lose 150 nats in one at most
NOTHING = 1e-280  # of the largest likelihood of a frame
Matrices = NDArray[np.float32]  # log probabilities (heads, frames, symbols)
AddUp = Callable[[Matrices, "_Beginnings"], NDArray[np.float64]]


def greedy(logprobs: Matrix, alphabet: Alphabet) -> str:
    """Return the text of the likeliest symbol of each frame, repeats and blanks taken out."""
    best = logprobs.argmax(axis=1)
    changed = np.append(True, best[1:] != best[:-1])
    return alphabet.decode(best[changed].tolist())


def log_likelihoods(logprobs: Sequence[Matrix], labels: Sequence[Labels]) -> NDArray[np.float64]:
    """Return log P(labels | frames), over all alignments, of each text by each head (heads, texts).

    The forward pass of Graves et al. 2006 over each head's log probabilities (frames, symbols), in which
    beginnings that texts share are gone through once, by heads with as many frames together. It is -inf
    where the frames cannot hold the labels. Texts so much worse than the best that a float may not hold both
    are gone through again in logarithms.
    """
    alike = [np.stack(list(of_one_length)) for _, of_one_length in groupby(logprobs, len)]
    found = _by_all(_by_products, alike, labels)
    lost = np.isneginf(found) | (found < found.max(axis=1, keepdims=True) - FAR)
    far = np.flatnonzero(lost.any(axis=0)).tolist()
    if far:
        found[:, far] = _by_all(_by_logarithms, alike, [labels[i] for i in far])
    return found


def _by_all(add_up: AddUp, alike: Sequence[Matrices], labels: Sequence[Labels]) -> NDArray[np.float64]:
    nodes = _Beginnings(labels)
    return np.concatenate([add_up(each, nodes) for each in alike])


def _by_products(logprobs: Matrices, nodes: _Beginnings) -> NDArray[np.float64]:
    """The likelihoods in multiplications alone: each frame's are scaled to the largest, what is lost is 0."""
    rows, leap = np.exp(nodes.read(logprobs)), nodes.leap.astype(np.float64)
    blanks = rows[..., BLANK, None]
    blank, symbol = np.zeros((2, len(rows), len(nodes.labels)))
    blank[:, 0] = rows[:, 0, BLANK]
    symbol[:, 1:] = np.where(nodes.parents[1:] == 0, rows[:, 0].take(nodes.columns[1:], 1), 0.0)
    scale = np.zeros(len(rows))
    for frame in range(1, rows.shape[1]):
        came = symbol.take(nodes.parents, 1) * leap
        came += blank.take(nodes.parents, 1)
        came += symbol
        came *= rows[:, frame].take(nodes.columns, 1)
        came[:, 0] = 0.0  # the empty beginning has no last character
        blank += symbol
        blank *= blanks[:, frame]
        symbol = came
        if not frame % OFTEN:
            scale += _scaled(blank, symbol)
    scale += _scaled(blank, symbol)
    with np.errstate(divide="ignore"):  # log 0: the frames cannot hold the text
        return np.log(blank[:, nodes.ends] + symbol[:, nodes.ends]) + scale[:, None]


def _scaled(blank: NDArray[np.float64], symbol: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the largest of each head's (heads, beginnings) to 1 in place -> what it was, in logarithms.

    What is next to nothing becomes 0: processors take a hundred times as long over such numbers.
    """
    most = np.maximum(blank.max(axis=1), symbol.max(axis=1))
    most[most == 0] = 1.0  # all are lost
    for each in (blank, symbol):
        each /= most[:, None]
        each[each < NOTHING] = 0.0
    return np.log(most)


def _by_logarithms(logprobs: Matrices, nodes: _Beginnings) -> NDArray[np.float64]:
    """The likelihoods of texts however unlikely."""
    rows = nodes.read(logprobs)
    blank, symbol = np.full((2, len(rows), len(nodes.labels)), -np.inf)
    blank[:, 0] = rows[:, 0, BLANK]
    symbol[:, 1:] = np.where(nodes.parents[1:] == 0, rows[:, 0].take(nodes.columns[1:], 1), -np.inf)
    for frame in range(1, rows.shape[1]):
        row = rows[:, frame]
        leapt = np.where(nodes.leap, symbol[:, nodes.parents], -np.inf)
        came = _sum(symbol, blank[:, nodes.parents], leapt) + row[:, nodes.columns]
        blank, symbol = _sum(blank, symbol) + row[:, BLANK, None], came
        symbol[:, 0] = -np.inf
    return _sum(blank[:, nodes.ends], symbol[:, nodes.ends])


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
        self._used, self.columns = np.unique(self.labels, return_inverse=True)

    def read(self, logprobs: Matrices) -> NDArray[np.float64]:
        """Return the columns of the symbols that the texts have: `columns` of these, the blank first."""
        return logprobs[..., self._used].astype(np.float64)


def _sum(*each: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(exp(a) + exp(b) + ...) of arrays of one shape; -inf where all are."""
    most = np.maximum(np.maximum.reduce(each), LEAST)
    with np.errstate(divide="ignore"):  # log 0: there is no way here yet
        return np.asarray(np.log(np.add.reduce([np.exp(one - most) for one in each])) + most)


def score(logprobs: Matrix, alphabet: Alphabet, text: str) -> float:
    """Return log P(text | frames); a character that the head cannot write makes it -inf."""
    if not alphabet.knows(text):
        return -np.inf
    return float(log_likelihoods([logprobs], [alphabet.encode(text)])[0, 0])
