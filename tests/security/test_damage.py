"""What a visitor is told when what the server keeps of theirs is damaged, and that Delete always works."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smile.own.workspace import DAMAGED
from smile.ui.guard import UNEXPECTED
from tests.security.client import Stranger
from tests.security.material import spoken
from tests.security.served import Served
from tests.support.linguists import staircase, write_eaf


def folder_of(app: Served, stranger: Stranger) -> tuple[str, Path]:
    """A visitor with a recording; the key, and where the server keeps it."""
    before = set(app.visitors.iterdir())
    key = stranger.named()
    assert "1 recording added" in stranger.bring(key, spoken())
    (folder,) = {path for path in app.visitors.iterdir() if path.is_dir()} - before
    return key, folder


def deleted(stranger: Stranger, key: str) -> str:
    """What is said when everything of a visitor is deleted."""
    event = stranger.of("own-really", "click")
    return stranger.run(event, [key, *[None] * (len(event.inputs) - 1)]).text


def transcripts(folder: Path, **change: Any) -> None:
    """Transcripts as the server writes them, but for what is changed."""
    spans = [{"start": 0.0, "end": 1.0, "text": "one", "confidence": None}]
    tiers = [["SMILE", spans], ["Whisper alone", spans]]
    made = {"recording": spoken()[0], "seconds": 1.0, "tiers": tiers, "language": "gla", **change}
    kept = {"transcript": made, "problem": "", "version": "", "examples": 0}
    (folder / "transcripts.json").write_text(json.dumps({spoken()[0]: kept}))


@pytest.mark.parametrize("tiers", [[], [["SMILE", []]], 3, [["a", [{}]]], [["a"]]], ids=json.dumps)
def test_transcripts_of_wrong_shape(app: Served, stranger: Stranger, tiers: Any) -> None:
    key, folder = folder_of(app, stranger)
    transcripts(folder)
    assert "one" in stranger.run(stranger.arrival, [key]).text
    transcripts(folder, tiers=tiers)
    answer = stranger.run(stranger.arrival, [key]).text
    assert UNEXPECTED not in answer
    assert spoken()[0] in answer


def test_recordings_that_are_gone(app: Served, stranger: Stranger) -> None:
    key, folder = folder_of(app, stranger)
    shutil.rmtree(folder / "recordings")
    assert UNEXPECTED not in stranger.run(stranger.arrival, [key]).text
    assert "1 recording added" in stranger.bring(key, spoken(1))


@pytest.mark.parametrize("place", [os.mkdir, os.mkfifo, lambda path: os.symlink("/", path)])
def test_a_damaged_lock(app: Served, stranger: Stranger, place: Callable[[Path], None]) -> None:
    key, folder = folder_of(app, stranger)
    (folder / ".lock").unlink(missing_ok=True)
    place(folder / ".lock")
    assert DAMAGED in stranger.bring(key, spoken(1))
    assert "Everything of yours was deleted" in deleted(stranger, key)
    assert not folder.exists()


def test_several_tiers_are_chosen_on_the_page(stranger: Stranger, tmp_path: Path) -> None:
    talk = staircase(tmp_path / "talk.wav", 9)
    eaf = write_eaf(tmp_path / "talk.eaf", talk.name)
    key = stranger.named()
    said = stranger.add(key, *[(path.name, path.read_bytes()) for path in (talk, eaf)])
    assert "choose the files again and tick the tier to cut the recording at" in said
    assert "--tier" not in said
