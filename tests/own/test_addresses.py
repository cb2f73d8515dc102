"""One key and its languages: what is an address and what is none, and how long, and how much, is kept."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import PoolError
from smile.own.addresses import MOST_LANGUAGES, address, beside, key_of
from smile.own.quota import FullError, Quota
from smile.own.workspaces import Workspaces

KEY = "aA0_-" * 6 + "zZ"
FORGED: list[Any] = [
    f"{KEY}{end}" for end in (".", ".0", ".1", ".02", ".13", ".999", ".-1", ".2 ", ".2\n", ".2.3")
]
FORGED += [
    f"{KEY}\n",
    f"{KEY}.٢",
    f"{KEY}/2",
    f"{KEY}.2/../..",
    KEY[1:],
    f"{KEY[1:]}.2",
    f".2{KEY}",
    f"{KEY}.2" * 9,
]
FORGED += [
    "",
    "x" * 10**6,
    f"{KEY}." + "2" * 10**6,
    f"{KEY}.2\0",
    "é" * 32,
    None,
    7,
    True,
    [KEY],
    {KEY: 2},
    b"2",
]
NO_NUMBERS: list[Any] = [
    "",
    "0",
    "01",
    "13",
    "-1",
    "2\n",
    " 2",
    "٢",
    2,
    2.0,
    True,
    None,
    [],
    {},
    "2" * 5000,
    10**5000,
]


@pytest.fixture
def visitors(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "visitors", 2)


def test_an_address_is_written_in_one_way() -> None:
    first = address(KEY)
    assert first
    assert [str(one) for one in first.all] == [KEY, *(f"{KEY}.{n}" for n in range(2, MOST_LANGUAGES + 1))]
    assert [address(str(one)) for one in first.all] == [*first.all]
    assert len({one.folder for one in first.all}) == MOST_LANGUAGES
    assert {key_of(str(one)) for one in first.all} == {KEY}
    assert (beside(f"{KEY}.3", "1"), beside(KEY, "12")) == (KEY, f"{KEY}.12")


@pytest.mark.parametrize("asked", FORGED, ids=lambda value: repr(value)[:20])
def test_a_forged_address_is_refused_like_an_unknown_key(visitors: Workspaces, asked: Any) -> None:
    assert address(asked) is None
    assert (key_of(asked), beside(asked, "2")) == ("", None)
    assert (visitors.has(asked), visitors.languages(asked), visitors.delete_all(asked)) == (False, [], 0)
    visitors.delete(asked)
    for ask in (visitors.open, visitors.another):
        with pytest.raises(PoolError, match="no longer here"):
            ask(asked)


@pytest.mark.parametrize(
    "number", NO_NUMBERS, ids=lambda value: repr(value)[:20] if value != 10**5000 else ""
)
def test_a_forged_number_is_none(number: Any) -> None:
    assert beside(KEY, number) is None


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{32}(\.[0-9]*)?\n?", fullmatch=True))
def test_whatever_is_an_address_is_the_one_that_was_sent(asked: str) -> None:
    found = address(asked)
    assert found is None or str(found) == asked


def test_a_key_opens_several_languages_in_their_order(visitors: Workspaces) -> None:
    key, stranger = visitors.new(), visitors.new()
    second, third = visitors.another(key), visitors.another(key)
    assert (second, third) == (f"{key}.2", f"{key}.3")
    assert visitors.languages(third) == [key, second, third]
    assert visitors.languages(stranger) == [stranger]
    visitors.delete(second)
    assert visitors.languages(key) == [key, third]
    assert visitors.another(key) == f"{key}.4", "who still has the second open elsewhere writes into no other"
    visitors.delete(key)
    assert visitors.languages(key) == [third, f"{key}.4"], "the key goes on without its first language"
    assert visitors.another(key) == f"{key}.5"
    assert visitors.delete_all(key) == 3
    assert (visitors.languages(third), visitors.languages(stranger)) == ([], [stranger])
    with pytest.raises(PoolError, match="no longer here"):
        visitors.another(key)


def test_what_was_deleted_takes_nothing_more_where_another_has_its_place(visitors: Workspaces) -> None:
    key = visitors.new()
    for _ in range(MOST_LANGUAGES - 1):
        visitors.another(key)
    old = visitors.open(f"{key}.2")
    visitors.delete(f"{key}.2")
    assert visitors.another(key) == f"{key}.2", "there is no other number"
    for use in (old.touch, old.state, old.lock.__enter__, old.work().__enter__):
        with pytest.raises(PoolError, match="no longer here"):
            use()
    assert visitors.open(f"{key}.2").state().made == 0


def test_no_folder_gives_a_key_or_a_number_away(visitors: Workspaces) -> None:
    key = visitors.new()
    visitors.another(key)
    kept = list(visitors.root.rglob("*"))
    assert not any(key in str(path) for path in kept)
    assert not any(key.encode() in path.read_bytes() for path in kept if path.is_file())


def test_a_key_opens_so_many_languages_and_no_more(visitors: Workspaces) -> None:
    key = visitors.new()
    for _ in range(MOST_LANGUAGES - 1):
        visitors.another(key)
    with pytest.raises(FullError, match=f"You have {MOST_LANGUAGES} languages"):
        visitors.another(key)
    visitors.delete(f"{key}.5")
    assert visitors.another(key) == f"{key}.5"
    assert not list(visitors.root.glob(".new-*"))


def test_two_windows_that_begin_a_language_at_once_have_two(
    visitors: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = visitors.new()
    other = Workspaces(visitors.root, 2)
    seen = other.languages(key)
    visitors.another(key)
    monkeypatch.setattr(other, "languages", lambda asked: seen)
    assert other.another(key) == f"{key}.3"
    assert not list(visitors.root.glob(".new-*"))


def test_who_uses_one_language_keeps_all_of_the_key(visitors: Workspaces) -> None:
    key, stranger = visitors.new(), visitors.new()
    second = visitors.another(key)
    long_ago = time.time() - 3600 * 1.5
    for one in (key, second, stranger):
        os.utime(visitors.open(one).folder, (long_ago, long_ago))
    visitors.open(second)
    assert visitors.sweep(time.time() + 3600) == 1
    assert (visitors.languages(key), visitors.has(stranger)) == ([key, second], False)
    workspace = visitors.open(key)
    for one in (key, second):
        os.utime(visitors.root / address(one).folder, (long_ago, long_ago))  # type: ignore[union-attr]
    workspace.touch()
    assert visitors.sweep(time.time() + 3600) == 0, "long work keeps the others, too"
    assert visitors.sweep(time.time() + 3600 * 3) == 2


def test_the_quota_of_a_visitor_is_over_all_languages(tmp_path: Path) -> None:
    visitors = Workspaces(tmp_path / "visitors", 2, Quota(each=10_000, total=50_000, free=0))
    key, stranger = visitors.new(), visitors.new()
    first, second = visitors.open(key), visitors.open(visitors.another(key))
    (first.recordings / "a.wav").write_bytes(bytes(6_000))
    assert 3_000 < second.room() < 4_000
    (second.recordings / "a.wav").write_bytes(bytes(6_000))
    for workspace in (first, second):
        with pytest.raises(FullError, match="one visitor may have"):
            workspace.room()
    assert visitors.open(stranger).room() > 9_000
    visitors.delete(f"{key}.2")
    assert 3_000 < first.room() < 4_000
