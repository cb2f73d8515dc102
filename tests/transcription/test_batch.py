"""Many recordings: what is done is kept, what fails is told, and the files are made of what is done."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smile.datatypes import DecodingResult, EncoderId, LanguageDetection, RecognizerInfo, Samples, SmileError
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.transcription import batch
from smile.transcription.batch import DONE, Step, recordings_of, run
from smile.transcription.result import Result, Segment, Transcript
from tests.support.linguists import staircase

INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO))


class Engine:
    """Writes how long a recording is, in two snapshots, and remembers that it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(
        self, models: Any, samples: Samples, pool: Pool | None, settings: Settings
    ) -> Iterator[Result]:
        seconds = len(samples) // 16000
        self.asked.append(seconds)
        segment = Segment(
            0,
            seconds,
            DecodingResult((1,), (0.0,), f"{seconds} seconds"),
            "sw",
            LanguageDetection("sw", 1, 0),
        )
        result = Result(seconds, settings, INFO)
        yield result
        yield replace(result, vanilla=Transcript((segment,), done=True), done=True)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    monkeypatch.setattr(batch, "transcribe", fake)
    return fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name, seconds in (("b.wav", 2), ("a.wav", 1), ("deep/c.flac", 3)):
        staircase(tmp_path / "in" / name, seconds)
    (tmp_path / "in" / "bad.wav").write_bytes(b"no sound")
    (tmp_path / "in" / "notes.txt").write_text("x")
    return tmp_path / "in"


def rows(out: Path) -> list[tuple[str, str]]:
    with (out / "transcripts.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(row["file"], row["text"]) for row in csv.DictReader(file)]


def ended(steps: Iterator[Step]) -> list[Step]:
    return [step for step in steps if step.transcript or step.problem]


ALL = [("a.wav", "1 seconds"), ("b.wav", "2 seconds"), ("deep/c.flac", "3 seconds")]


def test_all_are_transcribed_and_the_bad_one_is_told(folder: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "out"
    steps = list(run(MODELS, recordings_of([folder]), None, Settings(), out, ["csv", "srt"]))
    assert rows(out) == ALL
    assert [s.name for s in steps if s.problem] == ["bad.wav"]
    assert [(s.done, s.total) for s in ended(iter(steps))] == [(n, 4) for n in (1, 2, 3, 4)]
    assert sum(s.result is not None for s in steps) == 6
    assert sorted(p.name for p in out.glob("*.srt")) == ["a.srt", "b.srt", "c.srt"]


def test_a_stopped_batch_exports_what_is_done_and_goes_on(
    folder: Path, engine: Engine, tmp_path: Path
) -> None:
    out, recordings = tmp_path / "out", recordings_of([folder])
    steps = run(MODELS, recordings, None, Settings(), out, ["csv"])
    for step in steps:
        if step.name == "b.wav" and step.result:
            break
    steps.close()
    assert rows(out) == ALL[:1]
    assert engine.asked == [1, 2]
    list(run(MODELS, recordings, None, Settings(), out, ["csv"]))
    assert engine.asked == [1, 2, 2, 3]
    assert rows(out) == ALL
    again = ended(run(MODELS, recordings, None, Settings(), out, ["jsonl"]))
    assert engine.asked == [1, 2, 2, 3]
    assert [s.transcript.text for s in again if s.transcript] == [text for _, text in ALL]


def test_a_long_recording_is_read_in_steps(engine: Engine, tmp_path: Path) -> None:
    staircase(tmp_path / "long.wav", 200)
    recordings = recordings_of([tmp_path / "long.wav"])
    steps = run(MODELS, recordings, None, Settings(), tmp_path / "out")
    for _ in range(200 // 30):
        step = next(steps)
        assert (step.done, step.name, step.result, step.transcript) == (0, "long.wav", None, None)
        assert engine.asked == []
    assert next(steps).result is not None
    assert engine.asked == [200]
    assert [s.transcript.text for s in ended(steps) if s.transcript] == ["200 seconds"]


def test_other_settings_and_other_sound_are_done_anew(folder: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "out"
    list(run(MODELS, recordings_of([folder]), None, Settings(), out))
    staircase(folder / "a.wav", 4)
    list(run(MODELS, recordings_of([folder]), None, Settings(), out))
    assert engine.asked == [1, 2, 3, 4]
    list(run(MODELS, recordings_of([folder]), None, Settings(shots=1), out))
    assert engine.asked == [1, 2, 3, 4, 4, 2, 3]


def test_a_torn_log_loses_one_recording(folder: Path, engine: Engine, tmp_path: Path) -> None:
    out, recordings = tmp_path / "out", recordings_of([folder])
    list(run(MODELS, recordings, None, Settings(), out))
    (out / DONE).write_bytes((out / DONE).read_bytes()[:-9])
    list(run(MODELS, recordings, None, Settings(), out, ["csv"]))
    assert engine.asked == [1, 2, 3, 3]
    assert rows(out) == ALL


def test_nothing_to_transcribe(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="no recordings"):
        recordings_of([tmp_path])
    with pytest.raises(SmileError, match="nowhere"):
        recordings_of([tmp_path / "nowhere"])
