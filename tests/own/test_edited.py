"""Drafts of a visitor: kept as they are written, bounded, and none the worse for a damaged file."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.corpora.reading import LONGEST_TEXT
from smile.datatypes import PoolError
from smile.own import edited, transcripts
from smile.own.edited import EDITED, MOST_STEPS, Edited, Step, draft
from smile.own.quota import FullError
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from tests.support.cut_by_hand import CUTS, NAME, corrected

PLACE = (NAME, *CUTS[0])


def drafts(workspace: Workspace) -> list[str | None]:
    return [part.draft for part in transcripts.parts(workspace)]


def test_a_draft_belongs_to_its_stretch_and_is_no_correction(workspace: Workspace) -> None:
    assert draft(workspace, PLACE, "ngá\n o")
    assert drafts(workspace) == ["ngá\n o", None, None]
    assert not draft(workspace, PLACE, "ngá\n o"), "it is kept already"
    assert transcripts.parts(workspace)[0].corrected is None
    assert draft(workspace, PLACE, "")
    assert drafts(workspace)[0] == "", "an empty one is one, too"
    assert draft(workspace, PLACE, None)
    assert drafts(workspace) == [None, None, None]


def test_what_is_corrected_has_no_draft(workspace: Workspace) -> None:
    draft(workspace, PLACE, "x")
    corrected(workspace, transcripts.part(workspace, NAME, 0))
    assert drafts(workspace)[0] is None


def test_a_text_that_is_too_long_is_refused(workspace: Workspace) -> None:
    with pytest.raises(PoolError, match="5,001 characters"):
        draft(workspace, PLACE, "x" * (LONGEST_TEXT + 1))
    assert draft(workspace, PLACE, "x" * LONGEST_TEXT)


def test_of_too_many_those_make_room_whose_stretches_are_gone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited, "MOST_DRAFTS", 3)
    known = [(NAME, *cut) for cut in CUTS]
    for n in range(3):
        draft(workspace, (NAME, 10.0 + n, 11.0 + n), "x", lambda: known)
    for place in known:
        draft(workspace, place, "y", lambda: known)
    assert drafts(workspace) == ["y", "y", "y"]
    with pytest.raises(PoolError, match="as many as are kept"):
        draft(workspace, (NAME, 5.0, 6.0), "z", lambda: [*known, (NAME, 5.0, 6.0)])
    assert drafts(workspace) == ["y", "y", "y"]


def test_without_room_nothing_more_is_kept_but_a_draft_can_go(tmp_path: Path) -> None:
    visitors = Workspaces(tmp_path / "visitors", hours=2)
    folder = visitors.open(visitors.new()).folder
    draft(Workspace(folder), PLACE, "x")

    def full() -> int:
        raise FullError("full")

    with pytest.raises(FullError):
        draft(Workspace(folder, full), PLACE, "xy")
    assert draft(Workspace(folder, full), PLACE, None)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"drafts": [7]}', b'{"drafts": [], "steps": {}}', b"\xff"]
)
def test_a_damaged_file_is_set_aside(workspace: Workspace, content: bytes) -> None:
    (workspace.folder / EDITED).write_bytes(content)
    assert edited.edited(workspace) == Edited()
    assert (workspace.folder / f"{EDITED}.damaged").read_bytes() == content
    assert draft(workspace, PLACE, "x")


def test_only_the_last_steps_are_kept() -> None:
    kept = Edited()
    for n in range(MOST_STEPS + 3):
        kept = kept.stepped(Step(NAME, "split", (), ((float(n), n + 1.0),)))
    assert len(kept.steps) == MOST_STEPS
    assert kept.steps[0].after == ((3.0, 4.0),)
    assert kept.without(NAME) == Edited()
    assert kept.without("other.ogg") == kept
