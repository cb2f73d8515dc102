"""What the tests of drafts and of cuts by hand share: a visitor's folder with a transcript."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from tests.support.cut_by_hand import transcribed


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The folder of a visitor whose recording was transcribed in three segments."""
    visitors = Workspaces(tmp_path / "visitors", hours=2)
    workspace = visitors.open(visitors.new())
    transcribed(workspace.folder)
    return workspace
