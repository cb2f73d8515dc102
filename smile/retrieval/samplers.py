"""Which pool utterances become examples: the nearest by sound, by a draft's spelling, or random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, Neighbour, SmileError, Utterance
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.divergences import Distances, distances
from smile.retrieval.text_similarity import draft_distances

LABELS = {
    "nearest": "Nearest",
    "random": "Random",
    "draft": "Like the draft",
    "mixed": "Near and like the draft",
}
SAMPLERS = tuple(LABELS)
SPARE = 4  # clips of about the length wanted, for each that is chosen of them


def choose(
    sampler: str,
    query: Matrix,
    pool: Matrix,
    utterances: Sequence[Utterance],
    shots: int,
    *,
    divergence: str = "kl",
    seed: int = 0,
    key: str = "",
    draft: str = "",
) -> tuple[Neighbour, ...]:
    """Choose at most `shots` examples for a query embedding (d,) from a pool's (n, d).

    `nearest` goes by a divergence of the embeddings, `draft` by the spelling of a draft of the
    target's transcript, `mixed` by both. `random` depends on nothing but the seed, the key (the
    target's name) and the pool's size. Neighbours come nearest first, random ones in the order
    drawn; all carry their distance in the measure asked for.

    Raises:
        SmileError: no such sampler or divergence.
    """
    if sampler not in LABELS:
        raise SmileError(f'There is no sampler "{sampler}"; choose one of {", ".join(SAMPLERS)}.')
    row = measured(sampler, query, pool, utterances, divergence, draft)
    order = drawn(len(pool), shots, seed, key) if sampler == "random" else nearest(row, shots)
    ranks = np.argsort(np.argsort(row, kind="stable"), kind="stable") + 1
    return tuple(Neighbour(utterances[i], int(i), int(ranks[i]), float(row[i])) for i in order)


def measured(
    sampler: str, query: Matrix, pool: Matrix, utterances: Sequence[Utterance], divergence: str, draft: str
) -> Distances:
    """The distance (n,) that a sampler looks at, of a query (d,) and its draft to every utterance.

    That of `mixed` is the mean of both measures, each in standard deviations from its own mean.
    """
    if sampler in ("nearest", "random"):
        return distances(divergence, query[None], pool)[0]
    by_draft = draft_distances(draft, [u.text for u in utterances])
    if sampler == "draft":
        return by_draft
    return (_standard(distances(divergence, query[None], pool)[0]) + _standard(by_draft)) / 2


def measure_label(sampler: str, divergence: str) -> str:
    """What a neighbour's distance is measured in, for a person."""
    sound = MEASURES[divergence]
    if sampler in ("nearest", "random"):
        return sound
    return "Spelling" if sampler == "draft" else f"{sound} and spelling"


def nearest(row: Distances, shots: int) -> NDArray[np.int64]:
    """Indices of the smallest distances, nearest first; ties go to the earlier utterance."""
    return np.argsort(row, kind="stable")[:shots]


def drawn(size: int, shots: int, seed: int, key: str = "") -> NDArray[np.int64]:
    """Indices drawn without replacement; more shots only add to fewer."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return generator.permutation(size)[:shots]


def shuffled(utterances: Sequence[Utterance], prefix: str = "") -> list[int]:
    """Indices in an order that depends on ids and prefix alone: what is first stays so when others come."""
    return sorted(
        range(len(utterances)), key=lambda i: hashlib.sha256(f"{prefix}{utterances[i].id}".encode()).digest()
    )


def of_length(seconds: Sequence[float], shots: int, total: float) -> list[int]:
    """Indices, in order, of the clips of which `shots` come to about `total` seconds.

    These are the SPARE * shots clips whose length is nearest to total / shots.
    """
    if not shots:
        return []
    off = np.abs(np.asarray(seconds) - total / shots)
    return sorted(nearest(off, SPARE * shots).tolist())


def _standard(row: Distances) -> Distances:
    spread = row.std()
    return (row - row.mean()) / spread if spread else row * 0.0
