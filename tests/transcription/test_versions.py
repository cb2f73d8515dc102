"""Levels have versions: a later one makes their results anew, and the first leaves every key as it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smile.acoustic.calibrating import default
from smile.datatypes import EncoderId, RecognizerInfo
from smile.pools.pool import open_pool
from smile.settings import LEVELS, MADE_BY, VERSIONS, Level, Settings, later, latest, version_of
from smile.transcription import batch
from smile.transcription.options import as_json, identity
from smile.transcription.recordings import Recording
from tests.conftest import POOLS
from tests.support.fake_engine import in_three
from tests.support.linguists import staircase

INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO, within=lambda _: None))
PARTS = tuple(VERSIONS)


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part in its first version."""
    for part in PARTS:
        monkeypatch.setitem(VERSIONS, part, 1)


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(
    ("level", "digest"),
    [("context", "1198aaef895c"), ("acoustic", "583683fdb0d1"), ("combined", "b3a5a14d77aa")],
)
def test_a_first_version_leaves_what_was_kept_as_it_was(level: Level, digest: str) -> None:
    settings = Settings(level=level)
    assert identity(settings) == as_json(settings)
    said = json.dumps(identity(settings), sort_keys=True)
    assert hashlib.sha256(said.encode()).hexdigest()[:12] == digest
    assert (later(*PARTS), latest()) == ({}, 1)


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("part", PARTS)
def test_a_later_version_is_told_of_the_levels_that_it_makes(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {level: identity(Settings(level=level)) for level in LEVELS}
    monkeypatch.setitem(VERSIONS, part, 3)
    assert {level for level in LEVELS if version_of(level) == 3} == {
        level for level in LEVELS if part in MADE_BY[level]
    }
    for level in LEVELS:
        assert (identity(Settings(level=level)) != before[level]) == (part in MADE_BY[level])
    assert identity(Settings(level="combined"), 1) == before["combined"]
    assert (later(*PARTS), latest()) == ({part: 3}, 3)


@pytest.mark.usefixtures("first")
def test_every_later_version_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [version_of("combined")]
    for part in (*PARTS, *PARTS):
        monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
        seen.append(version_of("combined"))
    assert seen == sorted(set(seen))
    assert seen[-1] == latest()


def written(out: Path, source: Path, level: Level) -> int:
    """How many snapshots a batch of one recording yields; none where its transcript is there."""
    steps = batch.run(MODELS, [Recording("a.wav", source)], None, Settings(level=level), out)
    return sum(step.result is not None for step in steps)


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_begins_anew_where_its_level_has_a_later_version(
    level: Level, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    source = staircase(tmp_path / "a.wav", 9)
    assert [written(tmp_path / "out", source, level) for _ in range(2)] == [4, 0]
    monkeypatch.setitem(VERSIONS, "acoustic", 2)
    assert written(tmp_path / "out", source, level) == (0 if level == "context" else 4)


@pytest.mark.usefixtures("first")
def test_the_times_of_words_are_those_of_todays_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "calibration_of", lambda *_: default().calibration)
    monkeypatch.setattr(batch, "StatesId", SimpleNamespace(of=lambda _: None))
    pool = open_pool(POOLS / "gla")

    def facts(times: Any) -> dict[str, Any]:
        return batch.facts(MODELS, pool, Settings(), times)

    plain, timed = facts(""), facts("words")
    assert timed.keys() - plain.keys() == {"times", "calibration"}
    monkeypatch.setitem(VERSIONS, "fit", 2)
    assert (facts(""), facts("words")) == (plain, timed | {"fit": 2})
