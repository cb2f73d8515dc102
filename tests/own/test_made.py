"""Transcripts of a visitor say what is otherwise today than when they were made, and nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smile.exporting import Span, TieredTranscript
from smile.exporting.transcripts import BY_LEVEL
from smile.own import changes, made, transcripts
from smile.own.made import Made
from smile.own.state import Correction
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.pools.setting import PoolSetting, write_setting
from smile.settings import LEVELS, VERSIONS, Level
from smile.transcription.batch import Step
from tests.conftest import POOLS

DEMO = open_pool(POOLS / "gla")
NAME = "a.ogg"


def examples(workspace: Workspace, count: int) -> None:
    """The first so many clips of a pool are the visitor's."""
    with workspace.change(f"{count} examples") as change:
        changes.without(DEMO, [u.id for u in DEMO.utterances[count:]], change.out)


def level(workspace: Workspace, chosen: Level, shots: int = 3) -> None:
    """A visitor's recordings are to be transcribed so."""
    pool = workspace.pool()
    assert pool is not None
    write_setting(pool.folder, PoolSetting(shots, 1.0, level=chosen))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A visitor with three examples and a recording."""
    visitors = Workspaces(tmp_path / "visitors", hours=2)
    opened = visitors.open(visitors.new())
    examples(opened, 3)
    shutil.copyfile(DEMO.queries[0].audio, opened.recordings / NAME)
    return opened


def written(workspace: Workspace, chosen: Level = "context") -> None:
    """The recording has a transcript as it is made today."""
    level(workspace, chosen)
    spans = (Span(0.0, 1.0, "mar", 0.5),)
    transcript = TieredTranscript(NAME, 1.0, ((BY_LEVEL[chosen], spans), ("Whisper alone", spans)))
    transcripts.keep(workspace, Step(1, 1, NAME, transcript=transcript), made.now(workspace))


def older(workspace: Workspace) -> str:
    """What is said of the transcript; whoever makes older ones anew knows of the same."""
    (part,) = transcripts.parts(workspace)
    assert bool(transcripts.outdated(workspace)) == part.stale == bool(part.older)
    return part.older


def test_it_says_how_the_examples_differ_and_not_where_they_do_not(workspace: Workspace) -> None:
    written(workspace)
    assert older(workspace) == ""
    examples(workspace, 4)
    assert older(workspace) == "with fewer examples"
    examples(workspace, 2)
    assert older(workspace) == "with more examples"
    examples(workspace, 3)
    assert older(workspace) == "", "the clips are the same, only the version is another"
    pool = workspace.pool()
    assert pool is not None
    with workspace.change("a text corrected") as change:
        changes.reworded(pool, pool.utterances[0].id, "facal eile", change.out)
    assert older(workspace) == "with other examples"
    workspace.undo()
    assert older(workspace) == ""


def test_it_says_that_the_settings_are_others(workspace: Workspace) -> None:
    written(workspace)
    for chosen, shots in (("combined", 3), ("context", 1)):
        level(workspace, chosen, shots)  # type: ignore[arg-type]
        assert older(workspace) == "with other settings"
    level(workspace, "context")
    workspace.write(replace(workspace.state(), characters="hard"))
    assert older(workspace) == "with other settings"
    examples(workspace, 4)
    assert older(workspace) == "with fewer examples", "of two differences it says the first"


@pytest.mark.parametrize("chosen", LEVELS)
@pytest.mark.parametrize("part", VERSIONS)
def test_it_says_that_an_older_smile_made_it(
    workspace: Workspace, chosen: Level, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(workspace, chosen)
    monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
    makes = {"context": (), "acoustic": ("fit", "acoustic"), "combined": tuple(VERSIONS)}[chosen]
    assert older(workspace) == ("by an older SMILE" if part in makes else "")
    written(workspace, chosen)
    assert older(workspace) == ""


@pytest.mark.parametrize("chosen", LEVELS)
def test_of_a_transcript_that_does_not_say_its_settings_the_tier_tells_the_level(
    workspace: Workspace, chosen: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in VERSIONS:
        monkeypatch.setitem(VERSIONS, part, 1)
    written(workspace, chosen)
    path = workspace.folder / "transcripts.json"
    kept = json.loads(path.read_text())
    for name in ("pool", "settings"):
        del kept[NAME][name]
    path.write_text(json.dumps(kept))
    assert older(workspace) == ""
    monkeypatch.setitem(VERSIONS, "fit", 2)
    assert older(workspace) == ("" if chosen == "context" else "by an older SMILE")
    examples(workspace, 3)
    assert older(workspace) == "with other examples", "that they are the same is not known"


def test_a_setting_that_came_later_was_as_it_is_by_default(workspace: Workspace) -> None:
    today = made.now(workspace)
    assert today.settings
    fewer = {name: value for name, value in today.settings.items() if name != "knn"}
    before = replace(today, settings={**fewer, "gone": 1})
    assert before.older(today) == ""
    assert before.older(replace(today, settings={**today.settings, "knn": 0.5})) == "with other settings"


@pytest.mark.parametrize("settings", [{}, {"level_version": "x"}, {"shots": [None]}, {"level_version": 7}])
def test_kept_settings_of_any_kind_are_told_of_and_raise_nothing(
    workspace: Workspace, settings: dict[str, Any]
) -> None:
    written(workspace)
    path = workspace.folder / "transcripts.json"
    kept = json.loads(path.read_text())
    kept[NAME]["settings"] = settings
    path.write_text(json.dumps(kept))
    assert older(workspace) in ("", "with other settings", "by an older SMILE")


def test_without_examples_no_setting_of_them_counts() -> None:
    now = Made(settings={"shots": 3, "characters": "hard"})
    assert Made(settings={"shots": 1}).older(now) == ""
    assert Made("0001", 3).older(now) == "with more examples"


def corrected(workspace: Workspace, *place: float) -> None:
    """The first part of the transcript is corrected, at a place or by its number alone."""
    correction = Correction(NAME, 0, "mar sin", "mar", "mar", 3, *place)
    state = workspace.state()
    version = replace(state.versions[-1], correction=correction)
    workspace.write(replace(state, versions=(*state.versions[:-1], version)))


def anew(workspace: Workspace, *cuts: tuple[float, float]) -> None:
    """A batch that began before there were corrections has cut the recording so."""
    spans = tuple(Span(*cut, "air a chur") for cut in cuts)
    transcript = TieredTranscript(NAME, 1.0, ((BY_LEVEL["context"], spans), ("Whisper alone", spans)))
    transcripts.keep(workspace, Step(1, 1, NAME, transcript=transcript), made.now(workspace))


def test_a_recording_with_corrections_keeps_its_cuts(workspace: Workspace) -> None:
    written(workspace)
    assert transcripts.items(workspace)[0].recording.cuts == ()
    corrected(workspace)
    assert transcripts.items(workspace)[0].recording.cuts == ((0.0, 1.0),)


@pytest.mark.parametrize("place", [(), (0.0, 1.0)], ids=["by number", "at its place"])
def test_what_is_corrected_meanwhile_keeps_its_cuts_too(
    workspace: Workspace, place: tuple[float, ...]
) -> None:
    written(workspace)
    corrected(workspace, *place)
    anew(workspace, (0.0, 0.4), (0.4, 1.0))
    (part,) = transcripts.parts(workspace)
    assert (part.start, part.end, part.corrected) == (0.0, 1.0, "mar sin")
    anew(workspace, (0.0, 1.0))
    (part,) = transcripts.parts(workspace)
    assert (part.corrected, transcripts.items(workspace)[0].transcript.tiers[0][1][0].text) == (  # type: ignore[union-attr]
        "mar sin",
        "air a chur",
    )


def test_a_correction_is_of_no_other_stretch(workspace: Workspace) -> None:
    written(workspace)
    corrected(workspace, 0.0, 1.0)
    (workspace.folder / "transcripts.json").unlink()
    anew(workspace, (0.0, 0.4), (0.4, 1.0))
    assert [part.corrected for part in transcripts.parts(workspace)] == [None, None]
    assert [name for name, _ in transcripts.exported(workspace)[0].tiers] == [
        BY_LEVEL["context"],
        "Whisper alone",
    ]


def test_a_transcript_stays_where_no_other_can_be_made(workspace: Workspace) -> None:
    written(workspace)
    transcripts.keep(workspace, Step(1, 1, NAME, problem="It cannot be read."), made.now(workspace))
    (item,) = transcripts.items(workspace)
    assert (item.transcript.text if item.transcript else "", item.problem) == ("mar", "It cannot be read.")
    anew(workspace, (0.0, 1.0))
    assert transcripts.items(workspace)[0].problem == ""
