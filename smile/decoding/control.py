"""What steers a decoding, and what ends it: from settings and a pool to small objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile.decoding.constraints import PENALTY, CharacterConstraint
from smile.decoding.knn.datastore import KnnLM
from smile.decoding.knn.store import open_store
from smile.decoding.search import Control, LengthStop, LogitsProcessor, LoopStop, NoRepeat, StoppingCriterion
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.text.characters import permitted
from smile.whisper.model import Model


def vanilla_control(model: Model, settings: Settings, seconds: float, pool: Pool | None = None) -> Control:
    """Return what Whisper alone is decoded under: nothing steers it, loops and length may end it.

    Its length is limited by a pool's speaking rate, for a target of so many seconds, where one is given.
    """
    return Control(settings.beam_size, (), _stopping(model, settings, seconds, pool))


def control_of(model: Model, settings: Settings, seconds: float, pool: Pool | None) -> Control:
    """Return what a target of so many seconds is decoded under behind examples; the characters come last.

    Raises:
        PoolError: a kNN-LM is asked for and the pool has no datastore of this model.
    """
    stopping = _stopping(model, settings, seconds, pool)
    return Control(settings.beam_size, _processors(model, settings, pool), stopping)


def _stopping(
    model: Model, settings: Settings, seconds: float, pool: Pool | None
) -> tuple[StoppingCriterion, ...]:
    criteria: list[StoppingCriterion] = [LoopStop()] if settings.cut_loops else []
    if settings.length_limit and pool:
        criteria.append(LengthStop(most_characters(speaking_rates(pool), seconds), model.tokenizer))
    return tuple(criteria)


def _processors(model: Model, settings: Settings, pool: Pool | None) -> tuple[LogitsProcessor, ...]:
    processors: list[LogitsProcessor] = [NoRepeat()] if settings.no_repeat else []
    if knn := knn_of(model, settings, pool):
        processors.append(knn)
    if pool and settings.characters != "off":
        penalty = PENALTY if settings.characters == "soft" else np.inf
        characters = permitted([u.text for u in pool.utterances])
        processors.append(CharacterConstraint(model.tokenizer, characters, penalty))
    return tuple(processors)


def knn_of(model: Model, settings: Settings, pool: Pool | None) -> KnnLM | None:
    """Return the kNN-LM of settings and a pool, None where none is asked for; raises as `control_of` does."""
    return KnnLM(open_store(pool, model), settings.knn) if pool and settings.knn else None


def speaking_rates(pool: Pool) -> NDArray[np.float64]:
    """Return the characters a second of every clip of a pool."""
    return np.array([len(u.text) / max(u.seconds, 0.1) for u in pool.utterances])


def least_characters(rates: NDArray[np.float64], seconds: float) -> int:
    """Return how many characters a target should have: its seconds at the pool's 10th percentile of rates."""
    return int(np.percentile(rates, 10) * seconds)


def most_characters(rates: NDArray[np.float64], seconds: float) -> int:
    """Return how many characters a target may have: its seconds at the pool's 97th percentile of rates."""
    return max(10, int(np.ceil(np.percentile(rates, 97) * seconds)))
