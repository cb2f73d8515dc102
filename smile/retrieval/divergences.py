"""How far apart two clips' embeddings are: each measure as a matrix over queries and pool.

An embedding h is read as a distribution p = softmax(h / tau) by the divergences of probability
(the paper's choice, section on retrieval; tau is not given there and a setting here).
Matrices are (queries, d) and (pool, d); every measure gives (queries, pool), smaller is nearer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, SmileError
from smile.retrieval.learned import learned

Distances = NDArray[np.float64]
TEMPERATURE = 1.0
SAME = 0.003  # KL between int8 and float32 embeddings of one clip is below, of two clips above


def log_softmax(h: Matrix, tau: float = TEMPERATURE) -> NDArray[np.float64]:
    """Return log probabilities of softmax(h / tau) along the last axis."""
    z = np.asarray(h, dtype=np.float64) / tau
    z = z - z.max(axis=-1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))


def kl(queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return KL(p‖q) of query p and pool clip q, in nats: the measure of the paper.

    Sum p log p is constant for a query, so its ranking is that of one inner product, p · log q.
    """
    return kl_of_logs(log_softmax(queries, tau), log_softmax(pool, tau))


def kl_of_logs(log_p: NDArray[np.float64], log_q: NDArray[np.float64]) -> Distances:
    """Return the KL of log probabilities (queries, d) and (pool, d); for pools asked again and again."""
    p = np.exp(log_p)
    return (p * log_p).sum(axis=1)[:, None] - p @ log_q.T


def kl_terms(query: Matrix, example: Matrix, tau: float = TEMPERATURE) -> NDArray[np.float64]:
    """Split KL(p‖q) of two embeddings (d,) into its dimensions: p log(p / q) - p + q, each at least 0.

    The terms add up to the divergence, since p and q both add up to 1.
    """
    log_p, log_q = log_softmax(query, tau), log_softmax(example, tau)
    p, q = np.exp(log_p), np.exp(log_q)
    return np.maximum(p * (log_p - log_q) - p + q, 0.0)


def kl_reverse(queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return KL(q‖p) of pool clip q and query p, in nats."""
    return kl(pool, queries, tau).T


def js(queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return the Jensen-Shannon divergence, in nats, at most ln 2: the mean KL to the midpoint of p and q."""
    log_p, log_q = log_softmax(queries, tau), log_softmax(pool, tau)
    q, negentropy_q = np.exp(log_q), (np.exp(log_q) * log_q).sum(axis=1)
    rows = []
    for row in log_p:
        p = np.exp(row)
        middle = (p + q) / 2
        rows.append((p @ row + negentropy_q) / 2 - (middle * np.log(middle)).sum(axis=1))
    return np.maximum(np.array(rows).reshape(len(queries), len(pool)), 0.0)


def cosine(queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return 1 - cosine similarity of the embeddings themselves, in [0, 2]."""
    return 1.0 - _unit(queries) @ _unit(pool).T


def euclidean(queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return the Euclidean distance of the embeddings themselves."""
    return np.array([np.linalg.norm(pool - q, axis=1) for q in queries.astype(np.float64)])


def _unit(h: Matrix) -> NDArray[np.float64]:
    h64 = np.asarray(h, dtype=np.float64)
    return h64 / np.maximum(np.linalg.norm(h64, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class Divergence:
    """A measure and how to name it to a person."""

    label: str
    matrix: Callable[..., Distances]


DIVERGENCES = {
    "kl": Divergence("KL(target ‖ example)", kl),
    "kl-reverse": Divergence("KL(example ‖ target)", kl_reverse),
    "js": Divergence("Jensen-Shannon", js),
    "cosine": Divergence("Cosine", cosine),
    "euclidean": Divergence("Euclidean", euclidean),
}


LEARNED = "learned"  # of smile.retrieval.learned: it belongs to one encoder's width
LABELS = {name: one.label for name, one in DIVERGENCES.items()} | {LEARNED: "Learned"}


def distances(name: str, queries: Matrix, pool: Matrix, tau: float = TEMPERATURE) -> Distances:
    """Return the matrix (queries, pool) of a measure by name.

    Raises:
        SmileError: no such measure, or the widths differ.
    """
    if name not in LABELS:
        raise SmileError(f'There is no divergence "{name}"; choose one of {", ".join(LABELS)}.')
    if queries.shape[1] != pool.shape[1]:
        raise SmileError(
            f"The examples' embeddings have {pool.shape[1]} values and not {queries.shape[1]}, so another "
            "encoder made them; make the pool again."
        )
    return learned(queries, pool) if name == LEARNED else DIVERGENCES[name].matrix(queries, pool, tau)
