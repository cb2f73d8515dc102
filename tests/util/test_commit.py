"""The commit that figures carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.util.commit import commit
from tests.support.git import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code").write_text("one")
    git(tmp_path, "add", "code")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_a_commit_is_twelve_digits_and_a_plus_where_files_differ(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")[:12]
    git(repository, "tag", "-m", "x", "v1")
    (repository / "notes").write_text("of no consequence")
    assert commit(repository) == head
    (repository / "code").write_text("two")
    assert commit(repository) == f"{head}+"


def test_outside_a_repository_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit(tmp_path) == ""
    monkeypatch.setenv("PATH", "")
    assert commit() == ""
