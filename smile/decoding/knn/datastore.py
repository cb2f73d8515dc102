"""Token-level nearest neighbours (kNN-LM, arXiv 1911.00172; M2R-Whisper, 2409.11889).

The decoder reads every clip of a pool with its own text, each behind its nearest other clips as
examples. Of every position the last hidden state is kept as a key, and the token that follows as its
value. While decoding, the distribution of the nearest keys' values is mixed into the model's. How much
of it, by distance and by the model's own confidence, is fitted on the pool itself, each clip left out
of the store in its turn: where the neighbours do not help, the adaptive weight stays near 0.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix
from smile.decoding.processors import Beam, Logits
from smile.util.threads import alone

NEIGHBOURS = 48  # keys that make up the distribution
TEMPERATURES = (0.05, 0.1, 0.2, 0.4)  # tried, in units of the mean squared distance of the nearest key
STEPS, RATE = 400, 0.05  # of fitting the adaptive weight
TINY = 1e-9  # probability added before a logarithm
LEAST = 1e-6  # a weight below this changes nothing
HIGHEST = 0.9  # that the adaptive weight may reach

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class AdaptiveWeight:
    """The weight of the neighbours: a logistic function of two facts, fitted on the pool."""

    bias: float
    distance: float  # slope over the nearest key's squared distance / scale
    confidence: float  # slope over log(1 - the model's highest probability)
    scale: float  # mean squared distance of the nearest key, over the pool
    temperature: float  # of the softmax over -squared distance / scale

    def __call__(self, nearest: Weights, top: Weights) -> Weights:
        """Squared distance of the nearest key, the model's highest probability -> weight, all (n,)."""
        facts = self.bias + self.distance * nearest / self.scale + self.confidence * uncertainty(top)
        return HIGHEST / (1 + np.exp(-np.clip(facts, -30, 30)))


@dataclass(frozen=True, eq=False)
class Datastore:
    """Keys (n, d), the tokens that followed them (n,), and the clips they come from (n,); copies are one.

    `nats` is what the model alone made of all these tokens, -log P.
    """

    keys: Matrix
    tokens: NDArray[np.int64]
    clips: NDArray[np.int64]
    weight: AdaptiveWeight | None = None
    nats: float = 0.0

    @cached_property
    def _norms(self) -> Matrix:
        """Squared lengths of the keys (n,)."""
        return np.asarray(np.einsum("nd,nd->n", self.keys, self.keys))

    def nearest(self, hidden: Matrix, without: int = -1) -> tuple[Weights, NDArray[np.int64]]:
        """Find the nearest keys of hidden states (m, d): their squared distances and indices (m, k).

        Keys of the clip `without` do not count.
        """
        with alone() if len(hidden) == 1 else nullcontext():
            products = hidden @ self.keys.T
        squares = np.einsum("md,md->m", hidden, hidden)[:, None] - 2 * products + self._norms
        squares[:, self.clips == without] = np.inf
        k = min(NEIGHBOURS, len(self.keys))
        indices = np.argpartition(squares, k - 1, axis=1)[:, :k]
        return np.take_along_axis(squares, indices, axis=1).astype(np.float64), indices


@dataclass(frozen=True)
class Observed:
    """What the model said of each position of the pool: of the true token, and at most; both (n,)."""

    logprob: Weights
    top: Weights


def fit(store: Datastore, observed: Observed, some: NDArray[np.int64] | None = None) -> AdaptiveWeight:
    """Return the weight under which the pool's own texts are likeliest, each without its own keys.

    It is fitted on all positions, or on `some` of them.
    """
    at = np.arange(len(store.keys)) if some is None else some
    tokens, observed = store.tokens[at], Observed(observed.logprob[at], observed.top[at])
    squares, indices = _leave_one_out(store, at)
    nearest = squares.min(axis=1)
    scale = float(nearest[np.isfinite(nearest)].mean()) if np.isfinite(nearest).any() else 1.0
    best: tuple[float, AdaptiveWeight] | None = None
    for temperature in TEMPERATURES:
        agreeing = _agreeing(shares(squares, scale, temperature), store.tokens[indices], tokens)
        likelihood, adaptive = _fit_logistic(nearest, agreeing, observed, scale, temperature)
        if best is None or likelihood > best[0]:
            best = likelihood, adaptive
    assert best is not None
    return best[1]


def shares(squares: Weights, scale: float, temperature: float) -> Weights:
    """Turn squared distances (m, k) into weights (m, k) that sum to 1."""
    z = -(squares - squares.min(axis=1, keepdims=True)) / (scale * temperature)
    weights = np.exp(z)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _agreeing(weights: Weights, neighbours: NDArray[np.int64], tokens: NDArray[np.int64]) -> Weights:
    """How much of the neighbours' weight (m, k) is on those with the true token (m,)."""
    return np.asarray((weights * (neighbours == tokens[:, None])).sum(axis=1))


def uncertainty(top: Weights) -> Weights:
    """Return log(1 - highest probability), bounded."""
    return np.log(np.clip(1 - top, 1e-4, 1))


def _leave_one_out(store: Datastore, at: NDArray[np.int64]) -> tuple[Weights, NDArray[np.int64]]:
    width, clips = min(NEIGHBOURS, len(store.keys)), store.clips[at]
    squares, nearest = np.empty((len(at), width)), np.empty((len(at), width), np.int64)
    for clip in np.unique(clips):
        own = clips == clip
        squares[own], nearest[own] = store.nearest(store.keys[at[own]], without=int(clip))
    return squares, nearest


def _fit_logistic(
    nearest: Weights, agreeing: Weights, observed: Observed, scale: float, temperature: float
) -> tuple[float, AdaptiveWeight]:
    """Gradient ascent (Adam) on mean log((1 - w) p + w q) over bias and two slopes."""
    p, q = np.exp(observed.logprob), agreeing
    facts = np.stack([np.ones_like(nearest), nearest / scale, uncertainty(observed.top)], axis=1)
    theta, first, second = np.array([-1.0, -0.5, 0.5]), np.zeros(3), np.zeros(3)
    for step in range(1, STEPS + 1):
        sigma = 1 / (1 + np.exp(-np.clip(facts @ theta, -30, 30)))
        mixed = (1 - HIGHEST * sigma) * p + HIGHEST * sigma * q + TINY
        slope = ((q - p) * HIGHEST * sigma * (1 - sigma) / mixed)[:, None] * facts
        gradient = slope.mean(axis=0) - 1e-3 * theta
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        theta += RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    fitted = AdaptiveWeight(float(theta[0]), float(theta[1]), float(theta[2]), scale, temperature)
    w = fitted(nearest, observed.top)
    return float(np.log((1 - w) * p + w * q + TINY).mean()), fitted


@dataclass(frozen=True)
class KnnLM:
    """Interpolate the model's distribution with the neighbours', as much as the adaptive weight lets."""

    store: Datastore
    strength: float = 1.0

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Return the log of the mixed distribution of logits (vocabulary,) at a hidden state (d,)."""
        adaptive = self.store.weight
        if adaptive is None:
            return logits
        p = np.exp(logits - logits.max())
        p /= p.sum()
        squares, indices = self.store.nearest(hidden[None])
        tokens = self.store.tokens[indices[0]]
        allowed = np.isfinite(logits[tokens])
        share = shares(squares, adaptive.scale, adaptive.temperature)[0] * allowed
        weight = self.strength * adaptive(squares.min(axis=1), np.array([p.max()]))[0]
        if weight * share.sum() < LEAST:
            return logits
        mixed = (1 - weight * share.sum()) * p
        np.add.at(mixed, tokens, (weight * share).astype(mixed.dtype))
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(mixed), dtype=logits.dtype)

    def logprobs(self, keys: Matrix, tokens: NDArray[np.int64], logprob: Weights, top: Weights) -> Weights:
        """Return the mixed log P (m,) of tokens (m,) that follow keys (m, d).

        It comes from the model's log P of them and its highest P, both (m,), as in decoding, where some
        tokens are masked besides.
        """
        adaptive = self.store.weight
        if adaptive is None:
            return logprob
        squares, indices = self.store.nearest(keys)
        share = shares(squares, adaptive.scale, adaptive.temperature)
        agreeing = _agreeing(share, self.store.tokens[indices], tokens)
        weight = self.strength * adaptive(squares.min(axis=1), top)
        return np.asarray(np.log((1 - weight) * np.exp(logprob) + weight * agreeing + TINY))
