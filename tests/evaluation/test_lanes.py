"""Clips and conditions that one process does side by side, their steps done together, give the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from smile.evaluation import runs
from smile.evaluation.rows import Row, read_rows
from smile.evaluation.runs import Job
from smile.util import together
from smile.util.workers import Placement
from smile.whisper import engines, model
from smile.whisper.engines import GPU_LANES, with_lanes
from smile.whisper.engines.batched import BatchedRecognizer
from tests.support.made_conditions import condition
from tests.support.superb import superb

MODEL = {"adapter": None, "engine": "hf"}
CONDITIONS = (
    condition("b-1", shots=1, beam_size=3),
    condition("c-1", shots=1, knn=0.5, level="combined"),
)


def done(job: Job) -> list[Row]:
    job, models = runs.prepared(job)
    assert not runs.run(job, models, runs.plan(job), lambda label, made, total: None)
    return read_rows(job.out / "gle.jsonl")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[int]]:
    """Models as on a GPU, and two lanes; counts how many sessions each step was of."""
    load, stepped, sizes = engines.load_recognizer, BatchedRecognizer.stepped, Counter[int]()

    def wrapped(*given: object, **options: object) -> BatchedRecognizer:
        return BatchedRecognizer(load(*given, **options))  # type: ignore[arg-type]

    def seen(self: BatchedRecognizer, some: Sequence[object]) -> object:
        sizes[len(some)] += 1
        return stepped(self, some)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchedRecognizer, "stepped", seen)
    monkeypatch.setattr(engines, "load_recognizer", wrapped)
    monkeypatch.setattr(engines, "clips_at_a_time", lambda device: 2)
    monkeypatch.setattr(together, "MOMENT", 1.0)  # so late is no lane of a busy machine
    monkeypatch.setattr(runs, "with_lanes", lambda placement, device: replace(placement, lanes=2))
    model._load.cache_clear()
    yield sizes
    model._load.cache_clear()


@pytest.fixture
def given(tmp_path: Path) -> Job:
    corpus = superb(tmp_path / "corpus", train=3, test=2)
    return Job(corpus, (), CONDITIONS, tmp_path / "out", tmp_path / "cache", model=MODEL)


@pytest.fixture
def alone(given: Job, tmp_path: Path) -> list[Row]:
    return done(replace(given, out=tmp_path / "one", cache=tmp_path / "cache-one"))


def test_two_lanes_give_the_rows_of_one(alone: list[Row], given: Job, shared: Counter[int]) -> None:
    two = done(given)
    assert max(shared) > 1
    assert len(alone) == 2 * len(CONDITIONS)
    for one, other in zip(alone, two, strict=True):
        assert one.hypothesis == other.hypothesis
        assert one.neighbours == other.neighbours


def test_only_one_process_with_a_gpu_has_lanes() -> None:
    assert with_lanes(Placement(), "cuda").lanes == GPU_LANES
    assert with_lanes(Placement(), "cpu").lanes == 1
    assert with_lanes(Placement(jobs=2), "cuda:1").lanes == 1
    assert with_lanes(Placement(cluster="local"), "cuda").lanes == 1
