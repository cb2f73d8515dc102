"""A transcription that is broken off goes on from its last whole segment to the same result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from smile.datatypes import DecodingResult, EncoderId, LanguageDetection, Neighbour, RecognizerInfo, Speech
from smile.pools.pool import Pool, open_pool
from smile.settings import Settings
from smile.transcription import pipeline
from smile.transcription.result import Result
from smile.transcription.segments import kept_segments, written
from smile.transcription.target import RetrievedExamples, Step
from tests.conftest import POOLS

POOL = open_pool(POOLS / "gla")
INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO))
PIECES = [Speech(4.0 * n, 4.0 * n + 3.5, np.full(8, n, np.float32)) for n in range(4)]
FACTS = {"settings": "these"}


class Target:
    """Writes the number of its piece in two steps."""

    retrieval_seconds = 0.25
    asked: ClassVar[list[tuple[float, str]]] = []

    def __init__(self, models: Any, speech: Speech, key: str):
        self.speech = speech

    def vanilla(self, settings: Settings) -> Iterator[Step]:
        yield from self._steps("alone", RetrievedExamples())

    def written(self, settings: Settings, pool: Pool) -> Iterator[Step]:
        neighbour = Neighbour(pool.utterances[3], np.int64(3), 1, np.float32(0.1))  # type: ignore[arg-type]
        yield from self._steps("with", RetrievedExamples((neighbour,)))

    def embedding(self, settings: Settings) -> np.ndarray:
        return POOL.embeddings[int(self.speech.start)]

    def _steps(self, side: str, examples: RetrievedExamples) -> Iterator[Step]:
        self.asked.append((self.speech.start, side))
        for words in (side, f"{side} ọ̀ {self.speech.start:.0f}"):
            stopped: Any = "end" if "ọ̀" in words else ""
            decoded = DecodingResult((1, 2), (-0.1, -1 / 3), words, stopped)
            yield Step(decoded, "cy", LanguageDetection("cy", 0.1 + 0.2, 1e-9), examples)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """What was written: beginnings of pieces, and sides."""

    def in_steps(samples: Any, **_: Any) -> Any:
        yield
        return PIECES

    monkeypatch.setattr(pipeline, "Target", Target)
    monkeypatch.setattr(pipeline, "segments_in_steps", in_steps)
    monkeypatch.setattr(Target, "asked", [])
    return Target.asked


def run(base: Path, pool: Pool | None, stop: str = "", facts: Any = None) -> Result:
    """The last result of a run, or the first in which a text stands."""
    samples = np.zeros(16000 * 16, np.float32)
    with kept_segments(base, facts or FACTS) as kept:
        steps = pipeline.transcribe(MODELS, samples, pool, Settings(), kept)
        for result in steps:
            if stop and stop in f"{result.vanilla.text} {result.smile.text}":
                break
        steps.close()  # type: ignore[attr-defined]
    return result


def timeless(result: Result) -> Result:
    sides = {name: replace(getattr(result, name), seconds=0.0) for name in ("vanilla", "smile")}
    return replace(result, **sides, retrieval=0.0)


@pytest.mark.parametrize("pool", [POOL, None])
def test_a_run_that_was_broken_off_goes_on_to_the_same_result(
    pool: Pool | None, tmp_path: Path, asked: list[tuple[float, str]]
) -> None:
    unbroken = run(tmp_path / "one", pool)
    asked.clear()
    run(tmp_path / "two", pool, "alone ọ̀ 4 alone")
    side = "with" if pool else "alone"
    assert written(tmp_path / "two") == f"{side} ọ̀ 0 {side} ọ̀ 4"
    assert asked[-1] == (8.0, "alone"), "the third was begun"
    asked.clear()
    result = run(tmp_path / "two", pool)
    assert {start for start, _ in asked} == {8.0, 12.0}
    assert timeless(result) == timeless(unbroken)
    assert result.retrieval == unbroken.retrieval
    assert result.done


def test_other_settings_or_other_pieces_begin_anew(tmp_path: Path, asked: list[tuple[float, str]]) -> None:
    run(tmp_path / "one", POOL)
    asked.clear()
    run(tmp_path / "one", POOL, facts={"settings": "others"})
    assert len(asked) == 8
    assert len(list(tmp_path.iterdir())) == 1, "what nobody needs is removed"
    PIECES[0], first = replace(PIECES[0], end=3.4), PIECES[0]
    asked.clear()
    try:
        run(tmp_path / "one", POOL, facts={"settings": "others"})
        assert {start for start, _ in asked} == {0.0}
    finally:
        PIECES[0] = first


def test_without_a_folder_it_is_written_all_the_same(tmp_path: Path) -> None:
    assert run(tmp_path / "gone" / "one", POOL).done
    assert written(tmp_path / "gone" / "one") == ""


def test_a_torn_log_loses_one_segment(tmp_path: Path, asked: list[tuple[float, str]]) -> None:
    run(tmp_path / "one", POOL)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    assert written(tmp_path / "one") == "with ọ̀ 0 with ọ̀ 4 with ọ̀ 8"
    asked.clear()
    assert run(tmp_path / "one", POOL).done
    assert {start for start, _ in asked} == {12.0}
