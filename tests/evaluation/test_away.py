"""Workers that see nothing of this machine's disk make the rows of this one: joined languages and parts."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from smile.datatypes import Utterance
from smile.evaluation import runs, workers
from smile.evaluation.rows import Row, read_rows
from smile.evaluation.runs import Job
from smile.evaluation.workers import EvaluationTask
from smile.util.workers import Placement
from tests.support.made_conditions import condition
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper

CONDITIONS = (
    condition("part", pool="second", shots=1, clips=3, knn=0.5),
    condition("both", pool="gle+gla", shots=2, knn=0.5),
)


def done(job: Job) -> list[Row]:
    job, models = runs.prepared(job)
    assert runs.run(job, models, runs.plan(job), lambda *said: None) == 0
    return read_rows(job.out / "gle+gla.jsonl")


def test_joined_languages_and_parts_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = {"model": str(tiny_whisper(tmp_path / "tiny")), "precision": "float32"}
    corpus = superb(tmp_path / "corpus", ("gle", "gla"), train=5, test=3)
    here = Job(corpus, ("gle+gla",), CONDITIONS, tmp_path / "one", tmp_path / "cache", model=model, limit=2)
    expected = done(here)
    assert len(expected) == 2 * len(CONDITIONS)

    @contextmanager
    def elsewhere(placement: Placement, do: object) -> Iterator[object]:
        def work(tasks: Iterable[object]) -> Iterator[tuple[str, object]]:
            there, sent = pickle.loads(pickle.dumps(do)), [pickle.loads(pickle.dumps(task)) for task in tasks]
            shutil.rmtree(corpus)
            shutil.rmtree(here.cache)
            yield from ((task.key, there(task)) for task in sent)

        yield work

    monkeypatch.setattr(workers, "workers", elsewhere)
    assert done(replace(here, out=tmp_path / "far", cluster="far:1", jobs=2)) == expected


def test_what_is_no_file_is_left_to_the_worker_to_tell(tmp_path: Path) -> None:
    task = EvaluationTask(Utterance("a", tmp_path, "text", "gle"), (), {}, "test")
    assert workers._with_sound(task).data is None
