"""Which clips of a pool may stand in front of a target, and which language its prompt names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smile.datatypes import LanguageDetection, Neighbour, Vector
from smile.decoding.encoding import Encoding
from smile.pools.large import indexed, is_large, large_pool, nearest
from smile.pools.pool import Pool
from smile.retrieval.divergences import SAME, distances
from smile.retrieval.samplers import Query, choose, of_length
from smile.settings import Settings

SAME_LENGTH = 0.05  # share of its length by which a clip differs from itself, once cut at pauses


def retrieve(
    pool: Pool, query: Query, seconds: float, settings: Settings, encoding: Encoding
) -> tuple[Neighbour, ...]:
    """Return the examples for a target of so many seconds, of those that fit beside it.

    A clip of the pool that is the target itself is left out. The query's embedding comes from the pool's own
    encoder.
    """
    if settings.shots == 0:
        return ()
    itself, longest = same_recording(query.embedding, seconds, pool), encoding.longest(seconds)
    if is_large(pool) and indexed(settings.sampler, settings.divergence) and not settings.total_seconds:
        fitting = large_pool(pool).fitting(longest, itself)
        return nearest(pool, query.embedding, settings.shots, settings.divergence, fitting)
    fits = [i for i, u in enumerate(pool.utterances) if u.seconds <= longest and i not in itself]
    if settings.total_seconds:
        lengths = [pool.utterances[i].seconds for i in fits]
        fits = [fits[i] for i in of_length(lengths, settings.shots, settings.total_seconds - seconds)]
    neighbours = choose(query, pool.embeddings[fits], [pool.utterances[i] for i in fits], settings)
    return tuple(replace(n, index=fits[n.index]) for n in neighbours)


def same_recording(embedding: Vector, seconds: float, pool: Pool) -> set[int]:
    """Return which clips of a pool are this very recording, to judge by embedding (d,) and length."""
    if is_large(pool):
        return large_pool(pool).same_recording(embedding, seconds, SAME, SAME_LENGTH)
    row = distances("kl", embedding[None], pool.embeddings)[0]
    near = np.flatnonzero(row < SAME)
    return {int(i) for i in near if abs(pool.utterances[i].seconds - seconds) <= SAME_LENGTH * seconds}


def language_token(policy: str, pool: Pool | None, detection: LanguageDetection) -> str:
    """Return the Whisper code that a policy gives: the guess, the pool's, or the code itself."""
    if policy == "pool":
        return pool_token(pool, detection.language) if pool else detection.language
    return detection.language if policy == "guess" else policy


def pool_token(pool: Pool, otherwise: str = "en") -> str:
    """Return Whisper's code for the pool's language, else the commonest guess at its clips."""
    guesses = pool.header.guesses
    common = max(guesses, key=lambda code: guesses[code]) if guesses else otherwise
    return pool.header.language.whisper or common
