"""Which pool utterances become examples: the nearest by sound, by a draft's spelling, or random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, Neighbour, SmileError, Utterance, Vector
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.divergences import Distances, distances
from smile.retrieval.text_similarity import draft_distances
from smile.settings import Settings

LABELS = {
    "nearest": "Nearest",
    "random": "Random",
    "draft": "Like the draft",
    "mixed": "Near and like the draft",
}
SAMPLERS = tuple(LABELS)
SPARE = 4  # clips of about the length wanted, for each that is chosen of them


@dataclass(frozen=True, eq=False)
class Query:
    """The target as samplers see it."""

    embedding: Vector  # (d,)
    key: str = ""  # its name, on which the random sampler's draws depend
    draft: str = ""  # of its transcript


def choose(
    query: Query, embeddings: Matrix, utterances: Sequence[Utterance], settings: Settings
) -> tuple[Neighbour, ...]:
    """Choose examples for a target from a pool's utterances and their embeddings (n, d).

    `nearest` goes by a divergence of the embeddings, `draft` by the spelling of a draft of the
    target's transcript, `mixed` by both. `random` depends on nothing but the seed, the target's key
    and the pool's size. Neighbours come nearest first, random ones in the order drawn; all carry
    their distance in the measure asked for.

    Raises:
        SmileError: no such sampler or divergence.
    """
    if settings.sampler not in LABELS:
        raise SmileError(f'There is no sampler "{settings.sampler}"; choose one of {", ".join(SAMPLERS)}.')
    row = measured(query, embeddings, utterances, settings)
    if settings.sampler == "random":
        order = random_sample(len(embeddings), settings.shots, settings.seed, query.key)
    else:
        order = nearest(row, settings.shots)
    ranks = np.argsort(np.argsort(row, kind="stable"), kind="stable") + 1
    return tuple(Neighbour(utterances[i], int(i), int(ranks[i]), float(row[i])) for i in order)


def measured(
    query: Query, embeddings: Matrix, utterances: Sequence[Utterance], settings: Settings
) -> Distances:
    """Return the distance (n,) that a sampler looks at, of a target to every utterance.

    That of `mixed` is the mean of both measures, each in standard deviations from its own mean.
    """
    if settings.sampler in ("nearest", "random"):
        return distances(settings.divergence, query.embedding[None], embeddings)[0]
    by_draft = draft_distances(query.draft, [u.text for u in utterances])
    if settings.sampler == "draft":
        return by_draft
    by_sound = distances(settings.divergence, query.embedding[None], embeddings)[0]
    return (_standard(by_sound) + _standard(by_draft)) / 2


def measure_label(sampler: str, divergence: str) -> str:
    """Return what a neighbour's distance is measured in, for a person."""
    sound = MEASURES[divergence]
    if sampler in ("nearest", "random"):
        return sound
    return "Spelling" if sampler == "draft" else f"{sound} and spelling"


def nearest(row: Distances, shots: int) -> NDArray[np.int64]:
    """Return the indices of the smallest distances, nearest first; ties go to the earlier utterance."""
    return np.argsort(row, kind="stable")[:shots]


def random_sample(size: int, shots: int, seed: int, key: str = "") -> NDArray[np.int64]:
    """Draw indices without replacement; more shots only add to fewer."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return generator.permutation(size)[:shots]


class Identified(Protocol):
    """What has an id of its own, such as an utterance."""

    @property
    def id(self) -> str:
        """Return the id."""


def stable_shuffle(utterances: Sequence[Identified], prefix: str = "") -> list[int]:
    """Order indices by ids and prefix alone: what is first stays so when others come."""
    return sorted(
        range(len(utterances)), key=lambda i: hashlib.sha256(f"{prefix}{utterances[i].id}".encode()).digest()
    )


def of_length(seconds: Sequence[float], shots: int, total: float) -> list[int]:
    """Return the indices, in order, of the clips of which `shots` come to about `total` seconds.

    These are the SPARE * shots clips whose length is nearest to total / shots.
    """
    if not shots:
        return []
    off = np.abs(np.asarray(seconds) - total / shots)
    return sorted(nearest(off, SPARE * shots).tolist())


def _standard(row: Distances) -> Distances:
    spread = row.std()
    return (row - row.mean()) / spread if spread else row * 0.0
