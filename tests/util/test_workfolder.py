"""Long work: the lock, the log, and the moment when a result takes its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import PoolError
from smile.util.log import Log
from smile.util.storage import WorkFolder, work_folder

OWN = ("data",)


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_the_result_appears_whole_and_nothing_is_left_behind(tmp_path: Path) -> None:
    out = tmp_path / "sub" / "out"
    with work_folder(out, OWN) as work:
        fill(work.new, data="new")
        assert not out.exists()
        work.publish()
    assert contents(tmp_path) == {"sub/out/data": "new"}
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_an_older_result_is_replaced_and_what_others_put_there_is_kept(tmp_path: Path) -> None:
    out = fill(tmp_path / "out", data="old", notes="mine")
    with work_folder(out, OWN) as work:
        fill(work.new, data="new")
        assert contents(out) == {"data": "old", "notes": "mine"}
        work.publish()
    assert contents(tmp_path) == {"out/data": "new", "out/notes": "mine"}


def test_what_the_new_result_no_longer_has_goes(tmp_path: Path) -> None:
    out = fill(tmp_path / "out", data="old")
    with work_folder(out, OWN) as work:
        fill(work.new, other="new")
        work.publish()
    assert contents(out) == {"other": "new"}


@pytest.mark.parametrize("renames", [1, 2])
def test_a_swap_that_was_interrupted_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """After the first rename the old result comes back; after the second the new one stays."""
    out = fill(tmp_path / "out", data="old", notes="mine")
    rename = os.rename
    done: list[Path] = []

    def interrupted(source: Path, target: Path) -> None:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(target)
        rename(source, target)

    with work_folder(out, OWN) as work:
        fill(work.new, data="new")
        monkeypatch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            work.publish()
    monkeypatch.undo()
    with work_folder(out, OWN):
        assert contents(out) == {"data": "old" if renames == 1 else "new", "notes": "mine"}


def test_two_at_once_are_kept_apart(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        work_folder(out, OWN),
        pytest.raises(PoolError, match=rf"Another process \({os.getpid()}\) is making .*; wait"),
        work_folder(out, OWN),
    ):
        pass
    with work_folder(out, OWN):
        assert (tmp_path / "out.part" / "lock").read_text() == str(os.getpid())


def test_the_lock_of_a_dead_process_does_not_hold(tmp_path: Path) -> None:
    fill(tmp_path / "out.part", lock=str(os.getpid()))
    with work_folder(tmp_path / "out", OWN) as work:
        assert work.part.is_dir()


def test_a_folder_without_work_in_it_goes(tmp_path: Path) -> None:
    with pytest.raises(KeyError), work_folder(tmp_path / "out", OWN):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_unfinished_work_stays(tmp_path: Path) -> None:
    with work_folder(tmp_path / "out", OWN) as work:
        fill(work.new, data="half")
    assert contents(WorkFolder(tmp_path / "out", OWN).part) == {"new/data": "half"}


ENTRIES = st.dictionaries(st.text(), st.dictionaries(st.text(), st.floats(allow_nan=False)), max_size=5)


@given(ENTRIES, st.integers(0, 10_000))
def test_a_torn_log_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, dict[str, float]], cut: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    log = Log(path, {"a": 1})
    sizes = [path.stat().st_size]
    for key, value in entries.items():
        log.add(key, value)
        sizes.append(path.stat().st_size)
    log.close()
    path.write_bytes(path.read_bytes()[:cut])
    again = Log(path, {"a": 1})
    kept = sum(size <= cut for size in sizes[1:])
    assert [again.get(key) for key in entries] == [*entries.values()][:kept] + [None] * (len(entries) - kept)
    again.add("more", 1)
    again.close()
    assert Log(path, {"a": 1}).get("more") == 1


def test_a_log_of_other_settings_is_forgotten(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", {"a": 1})
    log.add("x", 1)
    log.close()
    other = Log(tmp_path / "log", {"a": 2})
    assert other.get("x") is None
    other.close()
    assert Log(tmp_path / "log", {"a": 1}).get("x") is None
