"""Parts and mixtures of pools keep their clips, their embeddings and stores of their own."""

from __future__ import annotations

import itertools

from smile.decoding.knn.store import store_path
from smile.pools.pool import open_pool
from smile.pools.subsets import mixed, subset
from smile.whisper.model import Models
from tests.conftest import POOLS


def test_smaller_pools_are_nested(models: Models) -> None:
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    one, two = subset(pool, 0.5), subset(pool, 1.0)
    assert 0 < len(one) < len(two) < len(pool)
    assert set(one.utterances) < set(two.utterances)
    assert one.minutes <= 0.5
    for utterance, row in zip(one.utterances, one.embeddings, strict=True):
        assert (pool.embeddings[pool.utterances.index(utterance)] == row).all()
    assert subset(pool, 0) is pool


def test_pools_of_so_many_clips_are_nested_in_the_order_that_minutes_have(models: Models) -> None:
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    parts = [subset(pool, 0, clips) for clips in (1, 12, 30)]
    assert [len(part) for part in parts] == [1, 12, 30]
    for part, larger in itertools.pairwise([*parts, pool]):
        assert set(part.utterances) < set(larger.utterances)
    half = subset(pool, 0.5)
    assert subset(pool, 0, len(half)).utterances == half.utterances
    assert subset(pool, 0.5, 3).utterances == subset(pool, 0, 3).utterances
    assert subset(pool, 0.5, 1000).utterances == half.utterances
    assert len(subset(pool, 0, 1000)) == len(pool)
    for utterance, row in zip(parts[1].utterances, parts[1].embeddings, strict=True):
        assert (pool.embeddings[pool.utterances.index(utterance)] == row).all()


def test_another_seed_draws_other_clips_and_has_stores_of_its_own(models: Models) -> None:
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    parts = [subset(pool, 0, 12, seed) for seed in range(4)]
    assert len({part.utterances for part in parts}) == len({part.stores for part in parts}) == 4
    assert {u for part in parts for u in part.utterances} <= set(pool.utterances)
    for part in parts[1:]:
        assert set(subset(pool, 0, 5, parts.index(part)).utterances) < set(part.utterances)
    assert subset(pool, 0, 12, 0).stores == subset(pool, 0, 12).stores


def test_each_part_has_a_datastore_of_its_own(models: Models) -> None:
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    other = open_pool(POOLS / "chr", models.smile.info.encoder)
    cut = [subset(pool, minutes, clips) for minutes, clips in ((0.5, 0), (1.0, 0), (0, 12), (0.5, 12))]
    parts = (pool, *cut, mixed([pool, other]))
    assert len({store_path(part, models.smile) for part in parts}) == 6


def test_a_mixture_holds_every_clip_with_its_embedding(models: Models) -> None:
    pools = [open_pool(POOLS / code, models.smile.info.encoder) for code in ("gle", "chr")]
    both = mixed(pools)
    assert both.utterances == (*pools[0].utterances, *pools[1].utterances)
    assert (both.embeddings[len(pools[0]) :] == pools[1].embeddings).all()
    assert (both.language.code, both.language.name) == ("gle+chr", "Irish and Cherokee")
    guesses = [pool.header.guesses for pool in pools]
    assert sum(both.header.guesses.values()) == sum(sum(g.values()) for g in guesses)
    assert mixed(pools[:1]) is pools[0]
