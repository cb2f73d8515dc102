"""Temporary files of processes that were killed are removed, and nothing else ever is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from smile.evaluation import runs
from smile.own.workspaces import Workspaces
from smile.training.checkpoint import Run
from smile.util import leftovers
from smile.util.storage import replacing, work_folder, write_text
from tests.conftest import ROOT

LATER = 3 * leftovers.OLD
WRITING = """
import pathlib, sys, time
from smile.util.storage import replacing
with replacing(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("begun", flush=True)
    time.sleep(600)
"""


def writer(path: Path) -> subprocess.Popen[str]:
    """A process that has begun to write a file and does not end."""
    command = [sys.executable, "-c", WRITING, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    return process


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def killed(path: Path) -> None:
    """A process was killed while it wrote a file."""
    process = writer(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def aged(folder: Path, seconds: float = LATER) -> None:
    """What is left over in a folder has been there for so long."""
    for path in folder.rglob(".*.tmp"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_what_a_killed_process_leaves_is_removed_once_it_is_old(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    killed(tmp_path / "in" / "a.json")
    assert len(names(tmp_path)) == 2
    assert leftovers.sweep(tmp_path) == 0
    assert leftovers.sweep(tmp_path, time.time() + LATER) == 1
    assert names(tmp_path) == ["in"]


def test_what_a_process_is_writing_stays_however_old_it_is(tmp_path: Path) -> None:
    process = writer(tmp_path / "a.json")
    try:
        assert leftovers.sweep(tmp_path, time.time() + 1000 * LATER) == 0
        assert len(names(tmp_path)) == 1
    finally:
        process.kill()
        process.communicate()
    assert leftovers.sweep(tmp_path, time.time() + LATER) == 1


def test_what_this_process_is_writing_stays_too(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.json") as temporary:
        temporary.write_text("whole")
        assert leftovers.sweep(tmp_path, time.time() + LATER) == 0
    assert (tmp_path / "a.json").read_text() == "whole"
    assert names(tmp_path) == ["a.json"]


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    ours = leftovers.beside(tmp_path / "x").name
    for name in ("a.tmp", ".a.tmp", f"{ours}.tmp", ours[1:], ours.upper(), f".{'0' * 32}.tmp"):
        (tmp_path / name).write_text("mine")
    leftovers.beside(tmp_path / "x").symlink_to("a.tmp")
    leftovers.beside(tmp_path / "x").mkdir()
    os.mkfifo(leftovers.beside(tmp_path / "x"))
    (tmp_path / "linked").symlink_to(tmp_path.parent)
    before = names(tmp_path)
    assert leftovers.sweep(tmp_path, time.time() + LATER) == 0
    assert names(tmp_path) == before


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "ours").mkdir()
    leftovers.beside(tmp_path / "other" / "x").write_text("mine")
    (tmp_path / "ours" / "link").symlink_to("../other")
    assert leftovers.sweep(tmp_path / "ours", time.time() + LATER) == 0


def test_a_visitors_folder_loses_what_is_left_over_and_is_not_thereby_used(tmp_path: Path) -> None:
    visitors = Workspaces(tmp_path / "visitors", hours=24)
    folder = visitors.open(visitors.new()).folder
    killed(folder / "transcripts.json")
    (folder / "pools" / "0001").mkdir(parents=True)
    leftovers.beside(folder / "pools" / "0001" / "x").write_text("half")
    aged(folder)
    then = time.time() - 5000
    os.utime(folder, (then, then))
    assert visitors.sweep() == 0
    assert names(folder) == ["0001", "pools", "recordings", "state.json"]
    assert folder.stat().st_mtime == pytest.approx(then, abs=1)


def test_pools_that_a_killed_server_was_making_are_gone_at_the_next_start(tmp_path: Path) -> None:
    visitors = Workspaces(tmp_path / "visitors", hours=24)
    pools = visitors.open(visitors.new()).folder / "pools"
    for name in (f".{'a' * 32}.part", ".b.part", "0001"):
        (pools / name).mkdir(parents=True)
    again = Workspaces(tmp_path / "visitors", hours=24)
    again.claim()
    again.close()
    assert names(pools) == [".b.part", "0001"]


def test_a_training_and_an_evaluation_that_go_on_remove_what_a_killed_one_left(tmp_path: Path) -> None:
    for name in ("run", "rows"):
        (tmp_path / name).mkdir()
        killed(tmp_path / name / "progress")
        aged(tmp_path / name)
    Run(tmp_path / "run")
    models: Any = None  # nothing is pending
    runs.run(runs.Job(tmp_path, (), (), tmp_path / "rows", tmp_path), models, (), lambda *_: None)
    assert names(tmp_path) == ["rows", "run"]


def test_a_work_folder_is_cleared_of_them_when_work_goes_on(tmp_path: Path) -> None:
    part = tmp_path / "out.part"
    part.mkdir()
    write_text(part / "done.jsonl", "")
    shutil.copyfile(part / "done.jsonl", leftovers.beside(part / "x"))
    beside = leftovers.beside(tmp_path / "x")
    beside.write_text("in a folder that is not ours")
    aged(tmp_path)
    with work_folder(tmp_path / "out", ()):
        assert names(part) == ["done.jsonl", "lock"]
    assert beside.exists()
