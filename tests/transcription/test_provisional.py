"""A provisional text: by examples alone, while their pool is made ready, and never taken for final."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.datatypes import (
    SAMPLE_RATE,
    AudioError,
    DecodingResult,
    EncoderId,
    LanguageDetection,
    PoolError,
    Speech,
    Vector,
)
from smile.pools.pool import Pool, open_pool
from smile.settings import Level, Settings
from smile.transcription import pipeline
from smile.transcription.pipeline import PROVISIONAL, Awaited, transcribe
from smile.transcription.result import Result, as_dict
from smile.transcription.segments import kept_segments, written
from smile.transcription.target import Step
from tests.conftest import POOLS
from tests.support import tones

CLIP = np.zeros(30 * SAMPLE_RATE, np.float32)
CUTS = [(0.0, 5.0), (6.0, 9.0), (10.0, 14.0)]
WISHED = Settings(shots=2, split_short=False)
DETECTED = LanguageDetection("cy", 1.0, 0.0)


class Dictated:
    """Stands in for a target: writes word by word what it was asked for with."""

    error: Exception | None = None  # that a text by examples alone ends with
    written_words: list[str] = []  # noqa: RUF012  # by examples alone
    closed = 0

    def __init__(self, models: Any, speech: Speech, key: str) -> None:
        self.speech, self.retrieval_seconds = speech, 0.0

    def vanilla(self, settings: Settings) -> Iterator[Step]:
        yield step("Whisper", "end")

    def written(self, settings: Settings, pool: Pool) -> Iterator[Step]:
        if settings.level != "context" or settings.knn:
            yield step(f"final at {self.speech.start:g}", "end")
            return
        try:
            for count in range(1, 5):
                text = " ".join(["by", "its", "examples", "alone"][:count])
                Dictated.written_words.append(text)
                yield step(text, "end" if count == 4 else "")
                if self.error and count == 2:
                    raise self.error
        finally:
            Dictated.closed += 1

    def embedding(self, settings: Settings) -> Vector:
        return np.zeros(512, np.float32)


def step(text: str, stopped: str) -> Step:
    return Step(DecodingResult((1,), (-0.1,), text, stopped), "cy", DETECTED)


class Readying:
    """What is done for a pool: so many steps, and then perhaps an error."""

    def __init__(self, pool: Pool, steps: int = 3, error: Exception | None = None):
        self.pool, self.error, self.left, self.closed = pool, error, steps, False
        self.ready_after: int | None = None  # words by examples alone

    def awaited(self) -> Awaited:
        return Awaited("gla", "gla", self._steps(), meanwhile=self._meanwhile)

    def _steps(self) -> Generator[str, None, Pool]:
        try:
            while self.left:
                self.left -= 1
                yield f"Reading, {self.left} left"
            if self.error:
                raise self.error
            return self.pool
        finally:
            self.closed = True

    def _meanwhile(self) -> Pool | None:
        ready = self.ready_after is not None and len(Dictated.written_words) >= self.ready_after
        if ready:
            self.left = 0
        return None if ready else self.pool


@pytest.fixture
def pool() -> Pool:
    return open_pool(POOLS / "gla")


@pytest.fixture(autouse=True)
def dictated(monkeypatch: pytest.MonkeyPatch) -> type[Dictated]:
    monkeypatch.setattr(pipeline, "Target", Dictated)
    monkeypatch.setattr(pipeline, "nearness", lambda pool: None)
    monkeypatch.setattr(Dictated, "error", None)
    monkeypatch.setattr(Dictated, "written_words", [])
    monkeypatch.setattr(Dictated, "closed", 0)
    return Dictated


def run(
    awaited: Awaited, settings: Settings = WISHED, kept: Any = None, cuts: Any = CUTS
) -> Iterator[Result]:
    models = tones.models(EncoderId("fake", "0" * 12))
    return transcribe(models, CLIP, awaited, settings, kept, cuts)


@pytest.mark.parametrize("level", ["context", "acoustic", "combined"])
def test_just_the_first_segment_has_a_provisional_text_and_the_end_knows_nothing_of_it(
    pool: Pool, level: Level
) -> None:
    results = list(run(Readying(pool).awaited(), replace(WISHED, level=level)))
    provisional = [r for r in results if r.provisional]
    assert {len(r.smile.segments) for r in provisional} == {1}
    assert {(r.settings.level, r.settings.knn) for r in provisional} == {("context", 0.0)}
    assert provisional[0].stage == PROVISIONAL, "who listens is told so, too"
    assert results.index(provisional[-1]) < next(i for i, r in enumerate(results) if "final" in r.smile.text)
    final = results[-1]
    assert [s.text for s in final.smile.segments] == ["final at 0", "final at 6", "final at 10"]
    assert (final.provisional, final.problem, final.settings.level) == (False, "", level)
    assert "provisional" not in as_dict(final)
    assert as_dict(provisional[-1])["provisional"] is True


def test_a_provisional_text_is_not_kept_for_a_run_that_goes_on(pool: Pool, tmp_path: Path) -> None:
    with kept_segments(tmp_path / "one", {}) as kept:
        steps = run(Readying(pool).awaited(), kept=kept)
        next(r for r in steps if r.smile.text == "by its examples alone")
        steps.close()  # type: ignore[attr-defined]
    assert written(tmp_path / "one") == ""


def test_a_run_that_goes_on_calls_nothing_provisional_that_is_final(pool: Pool, tmp_path: Path) -> None:
    with kept_segments(tmp_path / "one", {}) as kept:
        steps = run(Readying(pool).awaited(), replace(WISHED, level="combined"), kept)
        next(r for r in steps if len(r.vanilla.segments) == 2)
        steps.close()  # type: ignore[attr-defined]
    Dictated.written_words.clear()
    with kept_segments(tmp_path / "one", {}) as kept:
        results = list(run(Readying(pool).awaited(), replace(WISHED, level="combined"), kept))
    assert results[-1].smile.text == "final at 0 final at 6 final at 10"
    assert not any(r.provisional for r in results)
    assert {r.settings.level for r in results} == {"combined"}


def test_without_examples_there_is_nothing_by_examples_alone(pool: Pool) -> None:
    results = list(run(Readying(pool).awaited(), replace(WISHED, shots=0)))
    assert not any(r.provisional for r in results)
    assert Dictated.written_words == []


@pytest.mark.parametrize("error", [AudioError("Damaged."), PoolError("Gone."), FileNotFoundError("gone")])
def test_a_provisional_text_that_fails_is_tried_once_and_taken_back(pool: Pool, error: Exception) -> None:
    Dictated.error = error
    results = list(run(Readying(pool, steps=5).awaited()))
    assert Dictated.written_words == ["by", "by its"]
    waiting = [r for r in results if r.waiting]
    assert len(waiting) == 5
    assert {(r.smile.text, r.provisional, r.settings) for r in waiting} == {("", False, WISHED)}
    assert results[-1].smile.text.startswith("final at 0")


def test_a_pool_that_is_ready_is_not_kept_waiting_by_a_provisional_text(pool: Pool) -> None:
    readying = Readying(pool, steps=9)
    readying.ready_after = 2
    results = list(run(readying.awaited()))
    assert Dictated.written_words == ["by", "by its"]
    assert Dictated.closed == 1
    assert results[-1].smile.text.startswith("final at 0")


def test_closing_it_ends_the_provisional_text_and_what_is_done_for_the_pool(pool: Pool) -> None:
    readying = Readying(pool)
    steps = run(readying.awaited())
    next(r for r in steps if r.smile.text == "by its")
    steps.close()  # type: ignore[attr-defined]
    assert (readying.closed, Dictated.closed, Dictated.written_words) == (True, 1, ["by", "by its"])


def test_what_is_done_for_the_pool_may_fail_behind_a_provisional_text(pool: Pool) -> None:
    results = run(Readying(pool, error=PoolError("The pool was deleted meanwhile.")).awaited())
    seen = [next(r for r in results if r.smile.text == "by its examples alone")]
    with pytest.raises(PoolError, match="deleted meanwhile"):
        seen.extend(results)
    assert (seen[-1].smile.text, seen[-1].provisional, seen[-1].done) == (
        "by its examples alone",
        True,
        False,
    )


def test_of_a_full_disk_is_said_what_it_keeps_away_and_no_text_stays_provisional(pool: Pool) -> None:
    full = replace(Readying(pool).awaited(), problem=lambda: "Left out: the disk is full.")
    *_, final = run(full)
    assert (final.problem, final.settings.knn, final.provisional) == (
        "Left out: the disk is full.",
        0.0,
        False,
    )
    full = replace(Readying(pool).awaited(), problem=lambda: "Left out: the disk is full.")
    with pytest.raises(PoolError, match="Left out"):
        list(run(full, replace(WISHED, level="acoustic")))
