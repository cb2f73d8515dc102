"""Several windows with one key at once: what one deletes or begins while another is at work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from smile.datatypes import PoolError
from smile.own import workspaces
from smile.own.addresses import MOST_LANGUAGES, REMEMBERED, Address, Given, address
from smile.own.languages import languages
from smile.own.quota import Quota, used
from smile.own.workspaces import Workspaces

FIFTH = "{}.5"


@pytest.fixture
def visitors(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "visitors", 2)


@pytest.fixture
def full(visitors: Workspaces) -> str:
    """A key with as many languages as it opens, so that a number is used again at once."""
    key = visitors.new()
    for _ in range(MOST_LANGUAGES - 1):
        visitors.another(key)
    return key


def folder(visitors: Workspaces, asked: str) -> Path:
    here = address(asked)
    assert here
    return visitors.root / here.folder


def once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, first: Callable[[], object]) -> None:
    """Do something just before a function is called for the first time."""
    function, waiting = getattr(owner, name), [first]

    def called(*given: Any, **named: Any) -> Any:
        if waiting:
            waiting.pop()()
        return function(*given, **named)

    monkeypatch.setattr(owner, name, called)


def test_the_number_of_the_last_language_is_not_used_again_at_once(visitors: Workspaces) -> None:
    key = visitors.new()
    assert visitors.another(key) == f"{key}.2"
    visitors.delete(f"{key}.2")
    assert visitors.another(key) == f"{key}.3", "who still has the second open writes into no other"
    visitors.delete(f"{key}.3")
    given = [visitors.another(key) for _ in range(MOST_LANGUAGES - 1)]
    assert given == [*(f"{key}.{n}" for n in range(4, MOST_LANGUAGES + 1)), f"{key}.2", f"{key}.3"]


def test_the_last_numbers_of_so_many_keys_are_remembered_and_no_more() -> None:
    given = Given()
    keys = [f"{number:032}" for number in range(REMEMBERED + 1)]
    for key in keys:
        given.note(Address(key, 3))
    first = [given.in_turn([Address(key, 1)])[0].number for key in (keys[0], keys[1], keys[-1])]
    assert first == [2, 4, 4]


def test_a_language_that_is_begun_while_files_of_the_last_one_go_is_open(
    visitors: Workspaces, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifth, made = FIFTH.format(full), list[int]()
    visitors.open(fifth)

    def begin() -> None:
        assert visitors.another(full) == fifth
        made.append(visitors.open(fifth).state().made)

    once(monkeypatch, shutil, "rmtree", begin)
    visitors.delete(fifth)
    assert made == [0]
    visitors.open(fifth).touch()


def test_who_opens_a_language_while_it_is_deleted_writes_into_no_other(
    visitors: Workspaces, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifth, opened = FIFTH.format(full), list[Any]()
    once(monkeypatch, workspaces, "damaged", lambda: opened.append(visitors.open(fifth)))
    visitors.delete(fifth)
    assert visitors.another(full) == fifth
    with pytest.raises(PoolError, match="no longer here"):
        opened[0].state()


def test_work_that_loses_its_folder_to_another_language_says_so(visitors: Workspaces, full: str) -> None:
    fifth = FIFTH.format(full)

    def work() -> None:
        with visitors.open(fifth).work() as folder:
            visitors.delete(fifth)
            visitors.another(full)
            (folder / "clip.wav").write_bytes(b"")

    with pytest.raises(PoolError, match="no longer here"):
        work()
    assert sorted(path.name for path in folder(visitors, fifth).iterdir()) == ["recordings", "state.json"]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same server", "another server"])
def test_everything_goes_where_another_window_deletes_one_just_now(
    visitors: Workspaces, full: str, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    other = Workspaces(visitors.root, 2) if elsewhere else visitors
    once(monkeypatch, workspaces, "damaged", lambda: other.delete(full))
    assert visitors.delete_all(full) == MOST_LANGUAGES
    assert list(visitors.root.iterdir()) == []


def test_what_is_begun_while_everything_is_deleted_goes_too(
    visitors: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = visitors.new()
    visitors.another(key)
    once(monkeypatch, shutil, "rmtree", lambda: visitors.another(key))
    assert visitors.delete_all(key) == 3
    assert list(visitors.root.iterdir()) == []


def test_nothing_is_begun_under_a_key_that_was_deleted_meanwhile(
    visitors: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = visitors.new()
    once(monkeypatch, visitors, "_make", lambda: visitors.delete_all(key))
    with pytest.raises(PoolError, match="no longer here"):
        visitors.another(key)
    assert list(visitors.root.iterdir()) == []


def test_windows_that_begin_languages_at_once_have_no_more_than_one_key_opens(visitors: Workspaces) -> None:
    key, given = visitors.new(), list[str]()

    def begin() -> None:
        try:
            given.append(visitors.another(key))
        except PoolError as error:
            given.append(str(error))

    threads = [Thread(target=begin) for _ in range(MOST_LANGUAGES + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert visitors.languages(key) == [
        key,
        *sorted(filter(address, given), key=visitors.languages(key).index),
    ]
    assert len(visitors.languages(key)) == MOST_LANGUAGES
    assert sum("12 languages here" in said for said in given) == 4
    assert not list(visitors.root.glob(".new-*"))


@pytest.mark.parametrize("measure", ["room", "sweep"])
def test_what_is_deleted_while_it_is_measured_takes_no_room_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: str
) -> None:
    visitors = Workspaces(tmp_path / "visitors", 2, Quota(total=10_000, free=0))
    key, stranger = visitors.new(), visitors.new()
    second = visitors.open(visitors.another(key))
    (second.recordings / "a.wav").write_bytes(bytes(9_000))

    def measured(folder: Path) -> int:
        size = used(folder)
        if folder == second.folder:
            visitors.delete(f"{key}.2")
        return size

    monkeypatch.setattr(workspaces, "used", measured)
    if measure == "sweep":
        assert visitors.sweep() == 0
    else:
        visitors.open(key).room()
    assert visitors.open(stranger).room() > 9_000


DAMAGE: dict[str, Callable[[Path], object]] = {
    "garbage": lambda state: state.write_text("{garbage"),
    "nothing": lambda state: state.write_text(""),
    "no text": lambda state: state.write_bytes(b"\xff\xfe\0"),
    "deep": lambda state: state.write_text("[" * 100_000),
    "missing": lambda state: None,
    "folder": lambda state: state.mkdir(),
    "link": lambda state: state.symlink_to(state.parent / "transcripts.json"),
    "link to nothing": lambda state: state.symlink_to("nowhere"),
    "queue": os.mkfifo,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_keeps_nobody_from_the_others_and_can_be_deleted(
    visitors: Workspaces, damage: str
) -> None:
    key = visitors.new()
    second, third = visitors.another(key), visitors.another(key)
    for one in (second, third):
        (folder(visitors, one) / "transcripts.json").write_text("{}")
        (folder(visitors, one) / "state.json").unlink()
        DAMAGE[damage](folder(visitors, one) / "state.json")
    listed = [one.number for one in languages(visitors.open(key))]
    assert listed == ([1] if damage == "missing" else [1, 2, 3])
    assert visitors.open(key).state().made == 0
    visitors.delete(second)
    assert not os.path.lexists(folder(visitors, second))
    assert visitors.another(key) == f"{key}.4"
    visitors.delete_all(key)
    assert list(visitors.root.iterdir()) == []


def test_a_state_that_is_no_file_is_damaged_and_not_gone(visitors: Workspaces) -> None:
    key = visitors.new()
    (folder(visitors, key) / "state.json").unlink()
    (folder(visitors, key) / "state.json").mkdir()
    with pytest.raises(PoolError, match="damaged on the server"):
        visitors.open(key).state()
    os.utime(folder(visitors, key), (0, 0))
    assert visitors.sweep() == 1
