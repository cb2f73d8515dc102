"""How much visitors may keep, and that nobody's folder is touched who did not make it here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from smile.datatypes import PoolError
from smile.own import quota
from smile.own.lock import FolderLock
from smile.own.quota import FullError, Quota, used
from smile.own.workspace import STATE, WORK
from smile.own.workspaces import CLAIM, IDLE_SECONDS, Workspaces
from tests.conftest import ROOT

SMALL = Quota(each=10_000, total=25_000, visitors=3, free=0, uploads=10_000)


@pytest.fixture
def visitors(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "visitors", 2, SMALL)


def fill(folder: Path, size: int, name: str = "clip.wav") -> None:
    (folder / "recordings" / name).write_bytes(bytes(size))


def test_one_visitor_all_of_them_and_the_disk_have_bounds(
    visitors: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (visitors.open(visitors.new()) for _ in range(3))
    assert first.room() < 10_000
    fill(first.folder, 10_000)
    with pytest.raises(FullError, match=r"more than the 0\.01 MB that one visitor may have"), first.work():
        pass
    fill(second.folder, 9_000)
    assert second.room() < 1_000
    fill(third.folder, 8_000)
    with pytest.raises(FullError, match="its visitors' material"):
        third.room()
    fill(first.folder, 10)
    assert first.room() < 10_000
    assert third.room() < 2_000
    monkeypatch.setattr(quota.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(FullError, match="disk is nearly full"):
        second.room()


def test_what_is_there_under_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "clip").write_bytes(bytes(1000))
    os.link(tmp_path / "a" / "clip", tmp_path / "again")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert 1000 <= used(tmp_path) < 1200


def test_visitors_have_a_number_and_who_brought_nothing_makes_way(visitors: Workspaces) -> None:
    keys = [visitors.new() for _ in range(3)]
    with pytest.raises(FullError, match="As many visitors"):
        visitors.new()
    kept, idle = visitors.open(keys[0]), visitors.open(keys[1])
    fill(kept.folder, 10)
    long_ago = time.time() - IDLE_SECONDS - 60
    for folder in (kept.folder, idle.folder):
        os.utime(folder, (long_ago, long_ago))
    fourth = visitors.new()
    assert [visitors.has(key) for key in (*keys, fourth)] == [True, False, True, True]


@pytest.mark.parametrize("entry", ["photos", "0" * 32, "notes.txt", ".git", "state.json"])
def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path, entry: str) -> None:
    root = tmp_path / "home"
    (root / entry).mkdir(parents=True)
    (root / entry / "mine.txt").write_text("years of work")
    os.utime(root / entry, (1, 1))
    visitors = Workspaces(root, 24)
    with pytest.raises(PoolError, match=f'"{entry}".*--visitors'):
        visitors.claim()
    visitors.sweep()
    assert (root / entry / "mine.txt").read_text() == "years of work"


def test_a_link_to_a_folder_that_looks_like_a_visitors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    target = tmp_path / "target"
    target.mkdir()
    (target / STATE).write_text("{}")
    (tmp_path / "root" / ("a" * 32)).symlink_to(target)
    with pytest.raises(PoolError, match="--visitors"):
        Workspaces(tmp_path / "root", 24).claim()


def test_what_a_killed_server_left_half_done_goes_unless_another_is_at_work(visitors: Workspaces) -> None:
    visitors.claim()
    folder = visitors.open(visitors.new()).folder
    left, gone = folder / f"{WORK}0011", visitors.root / (".gone-" + "0" * 32)
    left.mkdir()
    gone.mkdir()
    Workspaces(visitors.root, 2).claim()
    assert left.is_dir(), "the first server may be using it"
    visitors.close()
    again = Workspaces(visitors.root, 2)
    again.claim()
    assert not left.exists()
    assert not gone.exists()
    assert folder.is_dir()
    assert (visitors.root / CLAIM).is_file()


def test_a_root_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PoolError, match=r"cannot be used for visitors' examples .* --visitors"):
        Workspaces(tmp_path / "file", 24).claim()


CHANGES = """
import sys
from pathlib import Path
from types import SimpleNamespace
from smile.own.workspaces import Workspaces
workspace = Workspaces(Path(sys.argv[1]), 24).open(sys.argv[2])
for _ in range(20):
    with workspace.change("one more") as change:
        change.out.mkdir()
"""


def test_forty_changes_by_two_processes_leave_forty_versions(tmp_path: Path) -> None:
    visitors = Workspaces(tmp_path / "visitors", 24)
    key = visitors.new()
    line = [sys.executable, "-c", CHANGES, str(visitors.root), key]
    running = [subprocess.Popen(line, cwd=ROOT) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    workspace = visitors.open(key)
    versions = [version.folder for version in workspace.state().versions]
    assert versions == [f"{number:04d}" for number in range(1, 41)]
    assert sorted(path.name for path in (workspace.folder / "pools").iterdir()) == versions


def test_a_lock_is_taken_again_by_its_own_thread_and_given_back_by_an_error(tmp_path: Path) -> None:
    lock, other = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    with pytest.raises(ZeroDivisionError), lock, lock:
        raise ZeroDivisionError
    with other, pytest.raises(FileNotFoundError), FolderLock(tmp_path / "gone" / "lock"):
        pass
    with lock:
        pass
