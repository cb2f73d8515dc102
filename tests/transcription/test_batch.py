"""Many recordings: what is done is kept, what fails is told, and the files are made of what is done."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile.datatypes import (
    DecodingResult,
    EncoderId,
    LanguageDetection,
    Neighbour,
    RecognizerInfo,
    Samples,
    SmileError,
    Utterance,
)
from smile.exporting import TieredTranscript
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.transcription import batch
from smile.transcription.batch import DONE, Output, Step, run
from smile.transcription.recordings import Recording, Sources, recordings_of
from smile.transcription.result import Result, Segment, Transcript
from smile.transcription.target import RetrievedExamples
from tests.support.fake_engine import in_three
from tests.support.linguists import staircase
from tests.support.sounds import contained

INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO))


def listed(sources: list[Path]) -> list[Recording]:
    """The recordings of files and folders; no zip among them is unpacked anywhere."""
    return recordings_of(sources, Path("/nowhere")).recordings


class Engine:
    """Writes how long a recording is, in two snapshots, and remembers that it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(
        self, models: Any, samples: Samples, pool: Pool | None, settings: Settings, *_: Any
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
    steps = list(run(MODELS, listed([folder]), None, Settings(), out, Output(["csv", "srt"])))
    assert rows(out) == ALL
    assert [s.name for s in steps if s.problem] == ["bad.wav"]
    assert [(s.done, s.total) for s in ended(iter(steps))] == [(n, 4) for n in (1, 2, 3, 4)]
    assert sum(s.result is not None for s in steps) == 6
    assert sorted(p.name for p in out.glob("*.srt")) == ["a.srt", "b.srt", "c.srt"]


def test_a_stopped_batch_exports_what_is_done_and_goes_on(
    folder: Path, engine: Engine, tmp_path: Path
) -> None:
    out, recordings = tmp_path / "out", listed([folder])
    steps = run(MODELS, recordings, None, Settings(), out, Output(["csv"]))
    for step in steps:
        if step.name == "b.wav" and step.result:
            break
    steps.close()
    assert rows(out) == ALL[:1]
    assert engine.asked == [1, 2]
    list(run(MODELS, recordings, None, Settings(), out, Output(["csv"])))
    assert engine.asked == [1, 2, 2, 3]
    assert rows(out) == ALL
    again = ended(run(MODELS, recordings, None, Settings(), out, Output(["jsonl"])))
    assert engine.asked == [1, 2, 2, 3]
    assert [s.transcript.text for s in again if s.transcript] == [text for _, text in ALL]


def test_one_long_recording_goes_on_after_its_last_whole_segment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    out, written = tmp_path / "out", []
    staircase(tmp_path / "long.wav", 9)
    steps = run(MODELS, listed([tmp_path / "long.wav"]), None, Settings(), out, Output(["csv"]))
    next(step for step in steps if step.result and len(step.result.vanilla.segments) == 3)
    steps.close()
    assert len(list(out.glob(f"{batch.SEGMENTS}-*"))) == 1
    for step in run(MODELS, listed([tmp_path / "long.wav"]), None, Settings(), out, Output(["csv"])):
        written += [step.result.vanilla.text] if step.result else []
    assert written == ["piece 0 piece 1 piece 2"] * 2, "nothing was written a second time"
    assert [text for _, text in rows(out)] == ["piece 0", "piece 1", "piece 2"]
    assert not list(out.glob(f"{batch.SEGMENTS}-*"))


def test_a_long_recording_is_read_in_steps(engine: Engine, tmp_path: Path) -> None:
    staircase(tmp_path / "long.wav", 200)
    recordings = listed([tmp_path / "long.wav"])
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
    list(run(MODELS, listed([folder]), None, Settings(), out))
    staircase(folder / "a.wav", 4)
    list(run(MODELS, listed([folder]), None, Settings(), out))
    assert engine.asked == [1, 2, 3, 4]
    list(run(MODELS, listed([folder]), None, Settings(shots=1), out))
    assert engine.asked == [1, 2, 3, 4, 4, 2, 3]


def test_a_torn_log_loses_one_recording(folder: Path, engine: Engine, tmp_path: Path) -> None:
    out, recordings = tmp_path / "out", listed([folder])
    list(run(MODELS, recordings, None, Settings(), out))
    (out / DONE).write_bytes((out / DONE).read_bytes()[:-9])
    list(run(MODELS, recordings, None, Settings(), out, Output(["csv"])))
    assert engine.asked == [1, 2, 3, 3]
    assert rows(out) == ALL


def test_nothing_to_transcribe(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="no recordings"):
        listed([tmp_path])
    with pytest.raises(SmileError, match="nowhere"):
        listed([tmp_path / "nowhere"])


MIXED = {"a.mka": "matroska", "b.wma": "asf", "c.caf": "caf", "d.dat": "matroska", "e": "wav", "f.oga": "ogg"}


def mixed(folder: Path) -> Path:
    """A folder with recordings in several containers, and other files."""
    (folder / "deep").mkdir(parents=True)
    for name, container in MIXED.items():
        contained(folder / name, container)
    contained(folder / "deep" / "g.aiff", "aiff")
    for name in ("notes.txt", "deep/clips.csv", ".hidden"):
        (folder / name).write_text("file,text", encoding="utf-16")
    return folder


def test_every_container_is_taken_by_content_and_the_rest_is_named(tmp_path: Path) -> None:
    sources = recordings_of([mixed(tmp_path / "in")], tmp_path / "work")
    assert [one.name for one in sources.recordings] == [*[*MIXED][:4], "deep/g.aiff", "e", "f.oga"]
    assert sources.said == "Left out, as they hold no sound: deep/clips.csv, notes.txt."


def test_a_zip_is_taken_as_its_folder_is(tmp_path: Path, engine: Engine) -> None:
    folder = mixed(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    sources = recordings_of([tmp_path / "all.zip"], tmp_path / "work")
    there = recordings_of([folder], tmp_path / "work")
    assert [one.name for one in sources.recordings] == [one.name for one in there.recordings]
    assert sources.said == there.said
    steps = ended(run(MODELS, sources.recordings, None, Settings(), tmp_path / "out"))
    assert [step.problem for step in steps] == [""] * len(there.recordings)


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SmileError, match="no recordings"):
        recordings_of([tmp_path], tmp_path / "work")


def test_many_names_are_counted() -> None:
    said = Sources([], [f"{n}.txt" for n in range(25)]).said
    assert said.endswith("19.txt and 5 more.")


def test_ones_own_long_recording_is_read_to_its_end_or_refused(engine: Engine, tmp_path: Path) -> None:
    staircase(tmp_path / "long.wav", 620)
    out, source = tmp_path / "out", [tmp_path / "long.wav"]
    (step,) = ended(run(MODELS, recordings_of(source, tmp_path, 10).recordings, None, Settings(), out))
    assert step.transcript is None
    assert step.problem.startswith("'long.wav' is longer than 10 minutes; cut it")
    (step,) = ended(run(MODELS, recordings_of(source, tmp_path).recordings, None, Settings(), out))
    assert (step.problem, engine.asked) == ("", [620])


def test_a_strangers_long_recording_is_cut_and_says_so(engine: Engine, tmp_path: Path) -> None:
    long = staircase(tmp_path / "long.wav", 62)
    stranger = Recording("long.wav", long, stranger=True, minutes=1)
    (step,) = ended(run(MODELS, [stranger], None, Settings(), tmp_path / "out"))
    assert step.transcript is not None
    assert step.problem == "Only the first 1 minutes of the recording were transcribed; it is longer."
    own = replace(stranger, stranger=False, minutes=2)
    (step,) = ended(run(MODELS, [own], None, Settings(), tmp_path / "out"))
    assert (step.problem, engine.asked) == ("", [60, 62]), "a beginning is not taken for all"


def test_what_speaks_against_a_transcript_is_told_now_and_when_it_is_there_already(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def far(*given: Any) -> Iterator[Result]:
        for result in Engine()(*given):
            yield replace(result, remoteness=(1.5, 0.9))

    monkeypatch.setattr(batch, "transcribe", far)
    staircase(tmp_path / "a.wav", 2)
    for _ in range(2):
        (step,) = ended(run(MODELS, listed([tmp_path / "a.wav"]), None, Settings(), tmp_path / "out"))
        assert (step.problem, step.warning[:33]) == ("", "This recording sounds unlike ever")


def test_a_transcript_knows_how_far_its_segments_are_from_their_examples() -> None:
    *_, alone = Engine()(MODELS, np.zeros(32000, np.float32), None, Settings())
    example = Utterance("near", Path("near.wav"), "text")
    found = RetrievedExamples(
        tuple(Neighbour(example, n, n, np.float32(d)) for n, d in enumerate((0.5, 0.25)))
    )
    known = replace(alone, pool="gla", smile=alone.vanilla, examples=((0, found),))
    made = batch.transcript_of("a.wav", known)
    assert made.distances == (0.25,)
    assert TieredTranscript.from_json(json.loads(json.dumps(asdict(made)))) == made
    assert batch.transcript_of("a.wav", replace(known, examples=())).distances == ()
