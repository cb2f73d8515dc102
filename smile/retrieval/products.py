"""Divergences as inner products: KL(p‖q) is what p alone gives, less the product of p and log q.

A distance that falls as x · y + b grows, where x comes from a query alone and y and b from an example alone,
is searched among a million as quickly as a product is bounded. Jensen-Shannon is none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix
from smile.retrieval.divergences import TEMPERATURE, distances, log_softmax

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Product:
    """One measure by its name, as a product that grows where the distance falls."""

    name: str
    query: Callable[[Matrix], Values]  # queries (m, d) -> x (m, d)
    example: Callable[[Matrix], tuple[Values, Values]]  # examples (n, d) -> y (n, d), b (n,)

    def distances(self, query: Matrix, examples: Matrix) -> Values:
        """Return the distances (n,) of one query (1, d) in the measure itself."""
        return distances(self.name, query, examples)[0]


def _probabilities(h: Matrix) -> Values:
    return np.exp(log_softmax(h, TEMPERATURE))


def _logs(h: Matrix) -> tuple[Values, Values]:
    return log_softmax(h, TEMPERATURE), np.zeros(len(h))


def _with_negentropy(h: Matrix) -> tuple[Values, Values]:
    log_q = log_softmax(h, TEMPERATURE)
    q = np.exp(log_q)
    return q, -(q * log_q).sum(axis=1)


def _unit(h: Matrix) -> Values:
    h64 = np.asarray(h, np.float64)
    return h64 / np.maximum(np.linalg.norm(h64, axis=1, keepdims=True), 1e-12)


def _unit_example(h: Matrix) -> tuple[Values, Values]:
    return _unit(h), np.zeros(len(h))


def _with_norm(h: Matrix) -> tuple[Values, Values]:
    h64 = np.asarray(h, np.float64)
    return h64, -np.einsum("nd,nd->n", h64, h64) / 2


def _plain(h: Matrix) -> Values:
    return np.asarray(h, np.float64)


PRODUCTS = {
    "kl": Product("kl", _probabilities, _logs),
    "kl-reverse": Product("kl-reverse", lambda h: log_softmax(h, TEMPERATURE), _with_negentropy),
    "cosine": Product("cosine", _unit, _unit_example),
    "euclidean": Product("euclidean", _plain, _with_norm),
}
