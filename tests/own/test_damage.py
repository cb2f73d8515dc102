"""A visitor's folder that is damaged: what can be made again is, the rest is one sentence, Delete works."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import PoolError
from smile.exporting import Span, TieredTranscript
from smile.own import bringing, transcripts
from smile.own.bringing import Brought
from smile.own.made import Made
from smile.own.transcripts import keep
from smile.own.workspace import DAMAGED, Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.transcription.batch import Step
from tests.conftest import POOLS
from tests.support.small_pools import WRONG

QUERY = open_pool(POOLS / "gla").queries[0].audio
SPANS = (Span(0.0, 1.0, "mar", 0.5), Span(1.5, 2.0, "sin", 0.5))


@pytest.fixture
def visitors(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "visitors", hours=2)


@pytest.fixture
def key(visitors: Workspaces) -> str:
    """A visitor with a recording that is transcribed."""
    key = visitors.new()
    workspace = visitors.open(key)
    shutil.copyfile(QUERY, workspace.recordings / "a.wav")
    transcript = TieredTranscript("a.wav", 3.0, (("SMILE", SPANS), ("Whisper alone", SPANS)))
    keep(workspace, Step(1, 1, "a.wav", transcript=transcript), Made())
    return key


def told(workspace: Workspace) -> list[str]:
    """The texts of all that is transcribed; all readers of transcripts are asked."""
    items, parts = transcripts.items(workspace), transcripts.parts(workspace)
    assert len(transcripts.exported(workspace)) == len([i for i in items if i.transcript])
    assert len(transcripts.waiting(workspace)) == len([i for i in items if not i.transcript])
    return [part.text for part in parts]


def changed(workspace: Workspace, change: Callable[[dict[str, Any]], Any]) -> None:
    """What is kept of the recording is another."""
    path = workspace.folder / "transcripts.json"
    kept = json.loads(path.read_text())
    change(kept["a.wav"]["transcript"])
    path.write_text(json.dumps(kept))


def span(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda saved: saved["tiers"][0][1][0].update(fields)


BAD: list[Callable[[dict[str, Any]], Any]] = [
    lambda saved: saved.update(tiers=[]),
    lambda saved: saved["tiers"][1][1].pop(),
    lambda saved: saved["tiers"][0][1].pop(),
    lambda saved: saved["tiers"].append(["more", []]),
    lambda saved: saved.update(recording="b.wav"),
    span(start=-1.0),
    span(start=2.0),
    span(end=float("inf")),
    span(start=float("nan")),
    span(text=None),
    span(more=1),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_transcripts_of_wrong_shape_are_set_aside_and_made_again(
    number: int, visitors: Workspaces, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = visitors.open(key)
    assert told(workspace) == ["mar", "sin"]
    changed(workspace, BAD[number])
    assert told(workspace) == []
    assert [r.name for r in transcripts.waiting(workspace)] == ["a.wav"]
    assert (workspace.folder / "transcripts.json.damaged").exists()
    assert "was damaged and is made again" in caplog.text


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("where", ["all", "fields", "transcript", "tiers", "tier", "spans", "span"])
def test_anything_anywhere_in_transcripts(where: str, wrong: Any, visitors: Workspaces, key: str) -> None:
    workspace = visitors.open(key)
    path = workspace.folder / "transcripts.json"
    kept = json.loads(path.read_text())
    made = kept["a.wav"]["transcript"]
    if where == "all":
        kept = wrong
    elif where == "fields":
        kept["a.wav"] = wrong
    elif where == "transcript":
        kept["a.wav"]["transcript"] = wrong
    elif where == "tiers":
        made["tiers"] = wrong
    elif where == "tier":
        made["tiers"][0] = wrong
    elif where == "spans":
        made["tiers"][0][1] = wrong
    else:
        made["tiers"][0][1][0] = wrong
    path.write_text(json.dumps(kept))
    assert told(workspace) == []


@pytest.mark.parametrize("place", [os.mkfifo, os.mkdir, lambda path: os.symlink("none", path)])
@pytest.mark.parametrize("name", ["transcripts.json", "lent.txt"])
def test_what_is_no_file_makes_way_for_one(
    name: str, place: Callable[[Path], None], visitors: Workspaces, key: str, tmp_path: Path
) -> None:
    workspace = visitors.open(key)
    (workspace.folder / name).unlink(missing_ok=True)
    place(workspace.folder / name)
    told(workspace)
    keep(workspace, Step(1, 1, "a.wav", problem="no sound"), Made())
    assert transcripts.items(workspace)[0].problem == "no sound"
    workspace.lend(tmp_path / "a.zip")
    assert workspace.lent() == [tmp_path / "a.zip"]


def test_a_missing_folder_of_recordings_is_made_again(visitors: Workspaces, key: str, tmp_path: Path) -> None:
    workspace = visitors.open(key)
    shutil.rmtree(workspace.folder / "recordings")
    assert transcripts.items(workspace) == []
    shutil.rmtree(workspace.folder / "recordings")
    shutil.copyfile(QUERY, tmp_path / "b.wav")
    assert bringing.bring(workspace, [tmp_path / "b.wav"]) == Brought(["b.wav"])
    assert [r.name for r in transcripts.waiting(workspace)] == ["b.wav"]


def test_something_in_the_place_of_the_recordings_is_said(visitors: Workspaces, key: str) -> None:
    workspace = visitors.open(key)
    shutil.rmtree(workspace.folder / "recordings")
    (workspace.folder / "recordings").write_text("")
    with pytest.raises(PoolError, match="delete this language"):
        transcripts.items(workspace)
    visitors.delete(key)
    assert not visitors.has(key)


def test_a_deleted_folder_is_not_made_again(visitors: Workspaces, key: str) -> None:
    workspace = visitors.open(key)
    visitors.delete(key)
    with pytest.raises(PoolError, match="no longer here"):
        transcripts.items(workspace)
    assert not workspace.folder.exists()


@pytest.mark.parametrize(
    "place", [os.mkdir, os.mkfifo, lambda path: os.symlink("none", path), lambda path: os.symlink("/", path)]
)
def test_a_damaged_lock_is_one_sentence_and_delete_works(
    place: Callable[[Path], None], visitors: Workspaces, key: str, tmp_path: Path
) -> None:
    workspace = visitors.open(key)
    (workspace.folder / ".lock").unlink()
    place(workspace.folder / ".lock")
    with pytest.raises(PoolError, match=DAMAGED), workspace.lock:
        pass
    assert told(workspace) == ["mar", "sin"], "what needs no lock goes on"
    forgotten: list[Path] = []
    visitors.forget = forgotten.extend
    (workspace.folder / "lent.txt").write_text(f"{tmp_path / 'a.zip'}\n")
    visitors.delete(key)
    assert not visitors.has(key)
    assert forgotten == [tmp_path / "a.zip"]
    assert list(visitors.root.iterdir()) == []


def test_a_damaged_lock_does_not_keep_an_old_folder(visitors: Workspaces, key: str) -> None:
    folder = visitors.open(key).folder
    (folder / ".lock").unlink()
    (folder / ".lock").mkdir()
    os.utime(folder, (1, 1))
    assert visitors.sweep() == 1


def test_a_damaged_claim_is_one_sentence(visitors: Workspaces) -> None:
    visitors.root.mkdir()
    os.mkfifo(visitors.root / ".smile-visitors")
    with pytest.raises(PoolError, match="smile-visitors is not the lock that SMILE makes; remove it"):
        visitors.claim()
