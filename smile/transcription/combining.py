"""The combined level: segment by segment the consensus of the acoustic transcript and in-context ones.

How much the head's text weighs is fitted on clips of the pool that neither a head was fitted to nor a prompt
had among its examples.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from smile.acoustic.crossing import CrossRead, cross_read
from smile.acoustic.recipe import DEFAULTS, FittingProgress, Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import form_of
from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Speech
from smile.pools.copies import copies, group_of
from smile.pools.pool import Pool
from smile.pools.subsets import drop
from smile.settings import Settings
from smile.transcription.consensus import Readings, fitted_share
from smile.transcription.result import Transcript
from smile.transcription.target import Target
from smile.whisper.model import Models

CLIPS = 30  # of the pool on which the share is fitted


@dataclass(frozen=True)
class FittedShare:
    """How much the head's text weighs beside the others together, and what that rests on."""

    share: float
    readings: tuple[Readings, ...]  # of the clips that were left out
    references: tuple[str, ...]


def combined(head: Transcript, others: Sequence[Transcript], share: float, language: str = "") -> Transcript:
    """Return a transcript with the consensus of each segment, of transcripts cut at the same places.

    Raises:
        ValueError: they were cut at different places.
    """
    sides = (head, *others)
    segments = []
    for candidates in zip(*(side.segments for side in sides), strict=True):
        if len({(segment.start, segment.end) for segment in candidates}) > 1:
            raise ValueError("The transcripts are of different segments.")
        texts = [segment.text for segment in candidates]
        chosen = Readings(texts[0], tuple(texts[1:]), language).chosen(share)
        segments.append(candidates[texts.index(chosen)])
    seconds, done = sum(side.seconds for side in sides), all(side.done for side in sides)
    return Transcript(tuple(segments), seconds, done)


def fit_share(
    pool: Pool,
    models: Models,
    ways: Sequence[Settings],
    recipe: Recipe = DEFAULTS,
    clips: int = CLIPS,
) -> Generator[FittingProgress, None, FittedShare]:
    """Fit the head's share on the first clips, stably shuffled, of a pool; `ways` make the other transcripts.

    Yields after each clip encoded, each epoch and each clip written. The pool needs no datastore: kNN-LM is
    left out of the ways, as the clip at hand is in it.

    Raises:
        PoolError: the pool has fewer than two clips, or none that can be fitted to.
        SmileError: the ways cannot be used with this model and pool.
    """
    reads, form = StatesId.of(models.smile, recipe.layers), form_of(pool, recipe.normaliser)
    store = LayerStore.of(pool, reads)
    for done, of in store.encode(models.smile, pool.utterances):
        yield FittingProgress("encoding", done, of)
    crossed = (yield from cross_read(pool.utterances, store, form, recipe, together=copies(pool)))[:clips]
    readings = []
    for number, clip in enumerate(crossed, 1):
        readings.append(Readings(clip.model.text(clip.logprobs), _others(clip, pool, models, ways)))
        yield FittingProgress("writing", number, len(crossed))
    readings = [replace(reading, language=pool.language.code) for reading in readings]
    references = tuple(clip.utterance.text for clip in crossed)
    return FittedShare(fitted_share(readings, references), tuple(readings), references)


def _others(clip: CrossRead, pool: Pool, models: Models, ways: Sequence[Settings]) -> tuple[str, ...]:
    """Return a clip's transcripts behind examples of the pool without it and its copies."""
    others = drop(pool, *group_of(copies(pool), pool.utterances.index(clip.utterance)))
    samples = read_audio(clip.utterance.audio)
    target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), clip.utterance.id)
    texts = []
    for way in ways:
        *_, last = target.in_context(replace(way, knn=0.0), others)
        texts.append(last.decoded.text)
    return tuple(texts)
