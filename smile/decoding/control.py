"""What steers an in-context decoding, and what ends it: from settings and a pool to small objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import SAMPLE_RATE
from smile.datatypes import RecognizerInfo, Segment
from smile.decoding.constraints import PENALTY, Allowed
from smile.decoding.knn.datastore import KnnMix
from smile.decoding.knn.store import open_store
from smile.decoding.search import LengthStop, LoopStop, NoRepeat, Steering, Stop
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.text.characters import permitted
from smile.whisper.tokenizer import Vocabulary


def stops(
    vocabulary: Vocabulary, segment: Segment, pool: Pool | None, *, loops: bool = True, bounded: bool = True
) -> list[Stop]:
    """Loop control, and the bound on length by a pool's speaking rate, each where it is asked for."""
    found: list[Stop] = [LoopStop()] if loops else []
    if bounded and pool:
        seconds = len(segment.samples) / SAMPLE_RATE
        found.append(LengthStop(most_characters(speaking_rates(pool), seconds), vocabulary))
    return found


def steering(pool: Pool, info: RecognizerInfo, vocabulary: Vocabulary, settings: Settings) -> list[Steering]:
    """What steers an in-context decoding beside mask and stops; the characters come last.

    Raises:
        PoolError: token-level k-NN is asked for and the pool has no datastore of this recognizer.
    """
    found: list[Steering] = [NoRepeat()] if settings.unlooped else []
    if settings.knn:
        found.append(KnnMix(open_store(pool, info), settings.knn))
    if settings.characters != "off":
        penalty = PENALTY if settings.characters == "soft" else np.inf
        found.append(Allowed(vocabulary, permitted([u.text for u in pool.utterances]), penalty))
    return found


def speaking_rates(pool: Pool) -> NDArray[np.float64]:
    """Characters a second of every clip of a pool."""
    return np.array([len(u.text) / max(u.seconds, 0.1) for u in pool.utterances])


def most_characters(rates: NDArray[np.float64], seconds: float) -> int:
    """How many characters a target may have: its seconds at the pool's 97th percentile of speaking rate."""
    return max(10, int(np.ceil(np.percentile(rates, 97) * seconds)))
