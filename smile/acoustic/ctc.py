"""Connectionist temporal classification over log probabilities (frames, symbols): greedy text, likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK, Alphabet, Labels
from smile.datatypes import Matrix


def greedy(logprobs: Matrix, alphabet: Alphabet) -> str:
    """Return the text of the likeliest symbol of each frame, repeats and blanks taken out."""
    best = logprobs.argmax(axis=1)
    changed = np.append(True, best[1:] != best[:-1])
    return alphabet.decode(best[changed].tolist())


def log_likelihood(logprobs: Matrix, labels: Labels) -> float:
    """Return log P(labels | frames), over all alignments (Graves et al. 2006, the forward pass).

    It is -inf where the frames cannot hold the labels.
    """
    symbols = np.full(2 * len(labels) + 1, BLANK)
    symbols[1::2] = labels
    skip = np.zeros(len(symbols), bool)  # whether the blank before may be left out
    skip[3::2] = labels[1:] != labels[:-1]
    forward = np.full(len(symbols), -np.inf)
    forward[:2] = logprobs[0, symbols[:2]]
    for row in logprobs[1:]:
        forward = _step(forward, skip) + row[symbols]
    return float(np.logaddexp.reduce(forward[-2:]))


def _step(forward: NDArray[np.float64], skip: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the log probability of coming to each symbol, from itself, the one before or two before."""
    before = np.append(-np.inf, forward[:-1])
    leapt = np.where(skip, np.append([-np.inf, -np.inf], forward)[: len(forward)], -np.inf)
    return np.logaddexp(np.logaddexp(forward, before), leapt)


def scores(logprobs: Matrix, alphabet: Alphabet, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return log P(text | frames) of each text (texts,), in one pass over the frames; see `score`."""
    labels = [alphabet.encode(text) for text in texts]
    lengths = np.array([2 * len(each) + 1 for each in labels])
    symbols = np.full((len(texts), max(2, lengths.max())), BLANK)
    skip = np.zeros(symbols.shape, bool)
    for row, each in enumerate(labels):
        symbols[row, 1 : lengths[row] : 2] = each
        skip[row, 3 : lengths[row] : 2] = each[1:] != each[:-1]
    forward = np.full(symbols.shape, -np.inf)
    forward[:, :2] = logprobs[0, symbols[:, :2]]
    for frame in logprobs[1:]:
        before = np.pad(forward, ((0, 0), (2, 0)), constant_values=-np.inf)
        leapt = np.where(skip, before[:, :-2], -np.inf)
        forward = np.logaddexp(np.logaddexp(forward, before[:, 1:-1]), leapt) + frame[symbols]
    rows, last = np.arange(len(texts)), lengths - 1
    symbol = np.where(last > 0, forward[rows, last - 1], -np.inf)
    ends = np.logaddexp(forward[rows, last], symbol)
    return np.where([alphabet.knows(text) for text in texts], ends, -np.inf)


def score(logprobs: Matrix, alphabet: Alphabet, text: str) -> float:
    """Return log P(text | frames); a character that the head cannot write makes it -inf."""
    if not alphabet.knows(text):
        return -np.inf
    return log_likelihood(logprobs, alphabet.encode(text))
