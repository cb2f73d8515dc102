"""Which pool utterances become examples: the nearest to the target, or random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, Neighbour, SmileError, Utterance
from smile.divergence import Distances, distances

SAMPLERS = ("nearest", "random")


def choose(
    sampler: str,
    query: Matrix,
    pool: Matrix,
    utterances: Sequence[Utterance],
    shots: int,
    divergence: str = "kl",
    seed: int = 0,
    key: str = "",
) -> tuple[Neighbour, ...]:
    """Choose at most `shots` examples for a query embedding (d,) from a pool's (n, d).

    `random` depends on nothing but the seed, the key (the target's name) and the pool's size.
    Neighbours come nearest first under `nearest`, in the order drawn under `random`; both carry
    their distance in the measure asked for.

    Raises:
        SmileError: no such sampler or divergence.
    """
    row = distances(divergence, query[None], pool)[0]
    if sampler == "nearest":
        order = nearest(row, shots)
    elif sampler == "random":
        order = drawn(len(pool), shots, seed, key)
    else:
        raise SmileError(f'There is no sampler "{sampler}"; choose one of {", ".join(SAMPLERS)}.')
    ranks = np.argsort(np.argsort(row, kind="stable"), kind="stable") + 1
    return tuple(Neighbour(utterances[i], int(i), int(ranks[i]), float(row[i])) for i in order)


def nearest(row: Distances, shots: int) -> NDArray[np.int64]:
    """Indices of the smallest distances, nearest first; ties go to the earlier utterance."""
    return np.argsort(row, kind="stable")[:shots]


def drawn(size: int, shots: int, seed: int, key: str = "") -> NDArray[np.int64]:
    """Indices drawn without replacement; more shots only add to fewer."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return generator.permutation(size)[:shots]
