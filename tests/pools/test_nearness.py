"""A recording near the pool and one far from it, on made embeddings and on the pools that come along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.datatypes import EncoderId
from smile.pools.background import Background, background
from smile.pools.nearness import FEWEST, fit, nearness
from smile.pools.pool import open_pool
from tests.conftest import POOLS

ENCODER = EncoderId("made", "0123")


def made(language: int, clips: int, seed: int = 0) -> np.ndarray:
    """Clips of a language: its own place, and directions in which all languages' clips differ a lot."""
    place = np.random.default_rng(100 + language).normal(0, 1, 24)
    noise = np.random.default_rng([language, seed]).normal(0, 1, (clips, 24)) * np.r_[[3.0] * 4, [0.3] * 20]
    return (place + noise).astype(np.float32)


@pytest.fixture(scope="module")
def known() -> Background:
    return Background.of({str(n): made(n, 40) for n in range(6)}, ENCODER)


def test_own_clips_are_near_and_other_languages_far_where_the_nearest_clip_cannot_tell(
    known: Background,
) -> None:
    near = fit(made(10, 60), known)
    assert near is not None
    own = [near.remoteness(clip) for clip in made(10, 200, seed=1)]
    others = [near.remoteness(clip) for n in range(11, 15) for clip in made(n, 50)]
    assert np.mean(np.array(own) > 1) < 0.05
    assert np.mean(np.array(others) > 1) > 0.95
    assert abs(np.mean(own)) < 0.3


def test_a_stricter_limit_is_farther_and_tells_nothing_new_of_what_is_usual(known: Background) -> None:
    loose, strict = (fit(made(10, 60), known, share) for share in (0.9, 0.999))
    assert loose is not None
    assert strict is not None
    assert loose.usual == strict.usual < loose.limit < strict.limit


def test_a_clip_between_the_pool_and_another_language_is_farther_than_one_of_the_pool(
    known: Background,
) -> None:
    near = fit(made(10, 60), known)
    assert near is not None
    own, other = (made(language, 200, seed=1).mean(axis=0) for language in (10, 0))
    assert near.remoteness(own) < 0 < near.remoteness((own + other) / 2) < near.remoteness(other)


def test_copies_change_nothing(known: Background) -> None:
    clips = made(10, 12)
    once, twice = fit(clips, known), fit(np.concatenate([clips, clips]), known)
    assert once is not None
    assert twice is not None
    assert (once.usual, once.limit) == (twice.usual, twice.limit)


def test_too_few_clips_are_not_judged_by(known: Background) -> None:
    assert fit(made(10, FEWEST - 1), known) is None
    assert fit(np.repeat(made(10, 1), 40, axis=0), known) is None
    assert fit(np.zeros((0, 0), np.float32), known) is None
    assert fit(made(10, FEWEST), known) is not None


def test_another_encoder_has_no_background() -> None:
    pool = open_pool(POOLS / "gle")
    assert nearness(pool) is not None
    other = replace(pool.header.encoder, weights="0" * 12)  # type: ignore[type-var]
    assert nearness(replace(pool, header=replace(pool.header, encoder=other))) is None


def test_a_pool_that_comes_along_is_far_from_another_ones_voice() -> None:
    cherokee, uyghur = (open_pool(POOLS / code) for code in ("chr", "uig"))
    near = nearness(cherokee)
    assert near is not None
    assert np.mean([near.remoteness(e) > 1 for e in uyghur.embeddings]) > 0.9


def test_a_background_comes_back_as_it_was_and_a_damaged_one_is_none(
    known: Background, tmp_path: Path
) -> None:
    known.save(tmp_path / "background.npz")
    back = background(tmp_path / "background.npz")
    assert back is not None
    assert back.encoder == ENCODER
    np.testing.assert_allclose(back.deviations, known.deviations, atol=0.05)
    np.testing.assert_array_equal(back.languages, known.languages)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "background.npz").read_bytes()[:500])
    assert background(tmp_path / "cut.npz") is None
    assert background(tmp_path / "none.npz") is None
