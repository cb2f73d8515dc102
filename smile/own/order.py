"""The order in which correcting transcripts may help most, from what is known before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smile.datatypes import PoolError
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.retrieval.samplers import stable_shuffle

SHOWN = 3  # transcripts that are named
ORDERS = ("random", "doubtful", "unlike", "both")


@dataclass(frozen=True)
class Draft:
    """A transcript that waits to be corrected."""

    id: str
    text: str
    probability: float  # that its words are right, or the model's own, in [0, 1]
    distance: float  # of the nearest example, in the divergence of the settings


def first(workspace: Workspace, parts: Sequence[Part]) -> list[Part]:
    """Return a visitor's transcripts to name first, SHOWN at most; none where no more than these are left."""
    left = [part for part in parts if part.corrected is None and part.smile and not part.given]
    if len(left) <= SHOWN:
        return []
    try:
        pool = workspace.pool()
    except PoolError:  # it is told elsewhere
        return []
    if pool is None:
        return []
    return worth_correcting(left, " ".join(utterance.text for utterance in pool.utterances))[:SHOWN]


def worth_correcting(left: Sequence[Part], known: str) -> list[Part]:
    """Return transcripts that nobody has corrected in the order "both" of `ranked`.

    `known` is the pool's texts. Where one has no confidence, all are judged by the model's own probability,
    and where one has no example, none by its distance.
    """
    sure = [part.confidence for part in left]
    if None in sure:
        sure = [part.probability for part in left]
    far = [part.distance for part in left]
    if None in far:
        far = [None] * len(left)
    drafts = [
        Draft(str(number), part.smile, probability or 0.0, distance or 0.0)
        for number, (part, probability, distance) in enumerate(zip(left, sure, far, strict=True))
    ]
    return [left[int(draft.id)] for draft in ranked(drafts, known)]


def ranked(drafts: Sequence[Draft], known: str, order: str = "both", seed: int = 0) -> list[Draft]:
    """Return drafts in the order in which to correct them.

    Args:
        drafts: transcripts that nobody has corrected.
        known: the pool's texts; in the order "both", drafts with letters that these lack come first.
        order: "doubtful" puts the least probable first, "unlike" the farthest from every example, "both"
            those with the least sum of their two ranks, "random" any.
        seed: decides "random", and between equals.

    Raises:
        ValueError: there is no such order.
    """
    if order not in ORDERS:
        raise ValueError(f'There is no order "{order}"; choose one of {", ".join(ORDERS)}.')
    drafts = [drafts[i] for i in stable_shuffle(drafts, f"{seed}/")]
    if order == "random":
        return drafts
    doubt = _ranks([draft.probability for draft in drafts])
    unlike = _ranks([-draft.distance for draft in drafts])
    if order == "doubtful":
        keys = [(0, rank) for rank in doubt]
    elif order == "unlike":
        keys = [(0, rank) for rank in unlike]
    else:
        letters = set(known.casefold())
        keys = [
            (-len(_new(draft.text, letters)), one + other)
            for draft, one, other in zip(drafts, doubt, unlike, strict=True)
        ]
    return [drafts[i] for i in sorted(range(len(drafts)), key=lambda i: keys[i])]


def _new(text: str, known: set[str]) -> set[str]:
    return {letter for letter in text.casefold() if letter.isalpha()} - known


def _ranks(values: Sequence[float]) -> list[int]:
    """The rank of each value, from 0 for the least; equal values have equal ranks."""
    order = {value: rank for rank, value in enumerate(sorted(set(values)))}
    return [order[value] for value in values]
