"""The learned distance: trained on some languages, it finds like texts in another; other widths fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smile.datatypes import SmileError
from smile.retrieval.divergences import distances, euclidean
from smile.retrieval.learned import learned
from smile.training.similarity import Language, Projection, SimilarityConfig, learn, nearest_likeness, save

WIDTH, TOPICS = 24, 6


def toy(code: str, seed: int, clips: int = 60) -> Language:
    """Clips whose texts are alike where 6 values are, hidden under louder ones that mean nothing."""
    generator = np.random.default_rng(seed)
    topics = generator.normal(size=(clips, TOPICS))
    noise = 3 * generator.normal(size=(clips, WIDTH - TOPICS))
    apart = ((topics[:, None] - topics[None]) ** 2).sum(axis=2)
    return Language(code, np.hstack([topics, noise]).astype(np.float32), np.exp(-apart))


def test_it_finds_like_texts_in_a_language_that_it_has_not_seen() -> None:
    unseen = toy("new", 9)
    losses: list[float] = []
    config = SimilarityConfig(width=8, steps=150, rate=0.02, dropout=0.0, sharpness=0.2)
    projection = learn([toy("one", 1), toy("two", 2)], config, lambda step, loss: losses.append(loss))
    assert losses[-1] < losses[0] / 2
    assert nearest_likeness([unseen], projection.distances) > 2 * nearest_likeness([unseen], euclidean)


def test_what_is_saved_measures_as_what_was_learned(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    one = Projection(
        generator.normal(size=5).astype(np.float32), generator.normal(size=(5, 2)).astype(np.float32)
    )
    save(one, tmp_path / "p.npz", made="here")
    queries, pool = (generator.normal(size=(n, 5)).astype(np.float32) for n in (3, 4))
    np.testing.assert_allclose(
        learned(queries, pool, tmp_path / "p.npz"), one.distances(queries, pool), rtol=5e-3
    )
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_another_width_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    pool = np.zeros((2, 16), np.float32)
    with pytest.raises(SmileError, match="512 values, not 16"):
        distances("learned", pool[:1], pool)
    with pytest.raises(SmileError, match="smile similarity"):
        learned(pool, pool, tmp_path / "none.npz")


def test_the_shipped_one_is_zero_from_a_clip_to_itself() -> None:
    pool = np.random.default_rng(0).normal(size=(6, 512)).astype(np.float32)
    row = distances("learned", pool[2:3], pool)[0]
    assert int(row.argmin()) == 2
    assert row[2] == pytest.approx(0, abs=1e-9)
