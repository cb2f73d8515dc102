"""Which texts of a pool do not fit their own sound, each asked of a head that was not fitted to it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from smile.acoustic.crossing import CrossRead
from smile.acoustic.ctc import greedy, score
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.datatypes import Matrix, Utterance
from smile.own.crossed import cross_read_pool
from smile.own.doubts import SHARE, count
from smile.pools.pool import Pool
from smile.whisper.model import Model

GAP = 3  # characters that agree between two places which are one all the same


@dataclass(frozen=True)
class Place:
    """The longest stretch of a text that differs from what was read; both in the form of the head."""

    start: int  # in characters of `Fit.text`
    end: int  # after the last one; `start` where something is missing there
    read: str  # in its stead


@dataclass(frozen=True)
class Fit:
    """How a text fits its sound."""

    utterance: Utterance
    text: str  # in the form that the head writes
    misfit: float  # nats a character of the text by which what the head reads is likelier; 0 is best
    place: Place

    @property
    def marked(self) -> str:
        """Return the text with its place in brackets, and what was read there."""
        before, there, after = (
            self.text[: self.place.start],
            self.text[self.place.start : self.place.end],
            self.text[self.place.end :],
        )
        return f"{before}[{there} → {self.place.read}]{after}"


def misfits(
    pool: Pool, model: Model, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, tuple[Fit, ...]]:
    """Score each text against its own sound, and return all, the worst first.

    It takes as long as four fits of an acoustic model; yields after each clip encoded and each epoch.

    Raises:
        PoolError: there are fewer than two clips, or none that a head can be fitted to.
        AudioError: a recording cannot be read.
    """
    return in_turn([fit_of(clip) for clip in (yield from cross_read_pool(pool, model, recipe))])


def in_turn(fits: Iterable[Fit]) -> tuple[Fit, ...]:
    """Return fits, the worst first."""
    return tuple(sorted(fits, key=lambda fit: (-fit.misfit, fit.utterance.id)))


def worst(fits: Sequence[Fit], share: int = SHARE) -> Sequence[Fit]:
    """Return the first percentage of what `misfits` gives, rounded down; one at least."""
    return fits[: count(len(fits), share)]


def fit_of(clip: CrossRead) -> Fit:
    """Return how the text of a clip fits what a head says that has not seen it."""
    logprobs, head = clip.logprobs, clip.model.head
    text, read = head.form(clip.utterance.text), greedy(logprobs, head.alphabet)
    known = "".join(c for c in text if head.alphabet.knows(c))
    return Fit(clip.utterance, text, misfit(logprobs, clip, known, read), place_of(text, read))


def misfit(logprobs: Matrix, clip: CrossRead, text: str, read: str) -> float:
    """Return by how much, a character of the text, what was read is likelier than the text.

    Counted so, a text that was cut short stands out: to what is missing the characters that are there are
    few. A text that the frames cannot hold is infinitely unlikely.
    """
    alphabet = clip.model.head.alphabet
    likelier = score(logprobs, alphabet, read) - score(logprobs, alphabet, text)
    return max(0.0, float(likelier) / max(1, len(text))) if np.isfinite(likelier) else np.inf


def place_of(text: str, read: str) -> Place:
    """Return the longest stretch in which a text and what was read differ."""
    runs: list[tuple[int, int, int, int]] = []
    for step in Levenshtein.opcodes(text, read):
        if step.tag == "equal":
            continue
        start, end, read_start, read_end = step.src_start, step.src_end, step.dest_start, step.dest_end
        if runs and start - runs[-1][1] <= GAP:
            start, _, read_start, _ = runs.pop()
        runs.append((start, end, read_start, read_end))
    if not runs:
        return Place(0, 0, "")
    start, end, read_start, read_end = max(runs, key=lambda run: max(run[1] - run[0], run[3] - run[2]))
    return Place(start, end, read[read_start:read_end])
