"""Pools made of pools: fewer minutes of one, several languages in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from smile.pools.pool import Pool, order_digest
from smile.retrieval.samplers import stable_shuffle
from smile.text.languages import together


def subset(pool: Pool, minutes: float, clips: int = 0, seed: int = 0) -> Pool:
    """Return so many minutes or clips of a pool (0: all), at least one; each is part of a larger one.

    Which ones, the seed decides. It has datastores of its own, since those of the whole pool know all clips.
    """
    if not minutes and not clips:
        return pool
    kept = stable_shuffle(pool.utterances, f"{seed}/" if seed else "")
    if minutes:
        ends = np.cumsum([pool.utterances[i].seconds for i in kept])
        kept = kept[: max(1, int((ends <= minutes * 60).sum()))]
    limits = [f"{minutes:g}min"] * bool(minutes) + [f"{clips}clips"] * bool(clips)
    limits += [f"seed{seed}"] * bool(seed)
    return chosen(pool, kept[: clips or None], "-".join(limits))


def chosen(pool: Pool, indices: Sequence[int], name: str) -> Pool:
    """Return a pool of these clips in the order of the whole one; its datastores are kept by this name."""
    kept = sorted(indices)
    return replace(
        pool,
        utterances=tuple(pool.utterances[i] for i in kept),
        embeddings=pool.embeddings[kept],
        stores=(pool.stores or pool.folder) / name,
    )


def drop(pool: Pool, *indices: int) -> Pool:
    """Return a pool without some of its clips."""
    kept = [i for i in range(len(pool)) if i not in indices]
    return replace(pool, utterances=tuple(pool.utterances[i] for i in kept), embeddings=pool.embeddings[kept])


def mixed(pools: Sequence[Pool]) -> Pool:
    """Join the clips of several pools of one encoder in one pool; of one pool, return that pool.

    Its language is called after all of them; Whisper's guesses are added up. Its datastores are
    kept with the first pool.
    """
    first, *others = pools
    if not others:
        return first
    guesses = sum((Counter(pool.header.guesses) for pool in pools), Counter[str]())
    utterances = tuple(u for pool in pools for u in pool.utterances)
    return replace(
        first,
        header=replace(
            first.header, language=together([pool.language for pool in pools]), guesses=dict(guesses)
        ),
        utterances=utterances,
        embeddings=np.concatenate([pool.embeddings for pool in pools]),
        queries=(),
        stores=(first.stores or first.folder) / f"mixed-{order_digest(utterances)}",
    )
