"""A visitor's key opens what is theirs elsewhere; nothing is lost where another one's takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from smile.own import workspace
from smile.own.languages import Listed
from smile.own.workspaces import FULL
from smile.ui import VisitorService
from smile.ui.i18n import french
from smile.ui.own import adding, choice, deleting, keys, naming
from smile.ui.own.page import Page
from smile.ui.own.runs import REMEMBERED, Runs, counted, ended
from tests.support.uploads import upload
from tests.support.visitors import DEMO, with_examples


def begun(service: VisitorService, code: str) -> str:
    return str(naming.name(service, "", code, code).key)


def seen(page: Page) -> tuple[Any, bool]:
    return page.secret["value"], page.secret["visible"]


def offered(page: Page) -> tuple[list[str], str, bool]:
    """The languages that a page offers, which one is open, and whether the choice is in sight."""
    choice = page.languages
    return [name for name, _ in choice["choices"]], choice["value"], page.languages_box["visible"]


def broken(service: VisitorService, key: str) -> None:
    pool = service.visitors.open(key).pool()
    assert pool
    (pool.folder / "pool.json").write_text("{")


def test_a_key_is_shown_when_it_is_asked_for_and_not_before(idle: VisitorService) -> None:
    key = begun(idle, "mdw")
    page = keys.shown(idle, key)
    assert seen(page) == (key, True)
    assert "Whoever has it can read, change and delete" in page.stage
    assert "There is nothing here yet" in keys.shown(idle, "").stage


def test_a_key_goes_on_in_another_browser(idle: VisitorService) -> None:
    key = begun(idle, "mdw")
    page = keys.entered(idle, "", f"  {key}\n")
    assert (page.key, page.wanted, seen(page)) == (key, "", ("", False))
    assert "Mboshi" in str(page.named)
    assert "is here now" in page.stage


def test_what_was_here_goes_on_under_its_own_key(idle: VisitorService) -> None:
    here, there = begun(idle, "mdw"), begun(idle, "gla")
    page = keys.entered(idle, here, there)
    assert (page.key, seen(page)) == (there, (here, True))
    assert page.secret["label"] == keys.LEFT
    assert "copy it now" in page.stage
    assert "Mboshi" in str(keys.entered(idle, there, here).named)
    assert "of what is here already" in keys.entered(idle, there, there).stage


def test_a_key_brings_all_languages_and_shows_no_number(idle: VisitorService) -> None:
    here, there = begun(idle, "mdw"), begun(idle, "gla")
    second = str(keys.another(idle, there).key)
    naming.name(idle, second, "x", "kmr")
    assert seen(keys.shown(idle, second)) == (there, True)
    assert "opens all your languages" in keys.shown(idle, second).stage
    page = keys.entered(idle, here, there)
    assert offered(page) == (["Scottish Gaelic · no examples", "Northern Kurdish · no examples"], "1", True)
    page = keys.entered(idle, second, here)
    assert (page.key, seen(page)) == (here, (there, True))
    for own in (there, second):
        assert "of what is here already" in keys.entered(idle, second, own).stage, "no other key"
    idle.visitors.delete(there)
    page = keys.entered(idle, here, there)
    assert page.key == second, "the first language is gone, the others are not"


@pytest.mark.parametrize("typed", ["", "x", "../" * 10, "A" * 32, None, 3, ["a"], "\x00" * 32, "é" * 32])
def test_a_key_of_nothing_changes_nothing(idle: VisitorService, typed: Any) -> None:
    key = begun(idle, "mdw")
    page = keys.entered(idle, key, typed)
    assert "There is nothing under this key" in page.stage
    assert "not used" not in page.stage
    assert not isinstance(page.key, str)
    assert idle.visitors.has(key)


def test_a_deleted_key_opens_nothing(idle: VisitorService) -> None:
    key = begun(idle, "mdw")
    assert seen(deleting.delete(idle, key)) == ("", False)
    assert "nothing under this key" in keys.entered(idle, "", key).stage


def test_what_is_at_work_ends_only_where_the_page_goes_over(idle: VisitorService) -> None:
    here, there = begun(idle, "mdw"), begun(idle, "gla")
    runs = Runs()

    def check(service: VisitorService, key: str) -> Iterator[Page]:
        for number in range(4):
            yield Page().says(f"step {number}")

    steps = counted(check, idle)(here, runs)
    assert "step 0" in next(steps).stage
    keys.entered(idle, here, "x", runs)
    assert "step 1" in next(steps).stage, "a refused key ends nothing"
    keys.entered(idle, here, there, runs)
    assert list(steps) == [Page()], "nothing of the first is painted over the other"
    assert "What belongs to this key" in str(ended(idle, "check", there, runs).stage), "as it was told"
    assert list(counted(check, idle)(there, runs))
    keys.entered(idle, there, here, runs)
    assert list(counted(check, idle)(here, runs)), "who comes back goes on"


def test_what_follows_work_that_was_left_says_that_nothing_changes(idle: VisitorService) -> None:
    """Gradio would empty the whole tab, and forget the key, where a callback yields nothing."""
    here, there = begun(idle, "mdw"), begun(idle, "gla")
    runs = Runs()

    def add_files(service: VisitorService, key: str) -> Iterator[Page]:
        yield Page().says("one")
        yield Page().says("two")

    def check_new(service: VisitorService, key: str) -> Iterator[Page]:
        yield Page().says("a check")

    steps = counted(add_files, idle)(here, runs)
    next(steps)
    keys.entered(idle, here, there, runs)
    assert list(steps) == [Page()]
    assert list(counted(check_new, idle)(there, runs)) == [Page()], "it follows by itself"
    assert list(counted(check_new, idle)(here, runs)) == [Page()], "of a key that was left"


def test_a_session_notes_no_more_than_the_last_keys_that_it_has_left(idle: VisitorService) -> None:
    there, runs = begun(idle, "mdw"), Runs()
    for forged in ({"a": 1}, ["x"], 7, "x" * 5000, f"{there}.02"):
        assert keys.entered(idle, forged, there, runs).key == there  # type: ignore[arg-type]
        assert not runs.has_left(forged)
    many = [f"{number:032}" for number in range(REMEMBERED + 1)]
    for key in many:
        keys.entered(idle, key, there, runs)
    assert [runs.has_left(key) for key in many] == [False, *[True] * REMEMBERED]


def test_deleting_says_what_another_key_still_opens(idle: VisitorService) -> None:
    first, second = begun(idle, "mdw"), begun(idle, "gla")
    page = deleting.delete(idle, second, first)
    assert deleting.OTHER in page.stage
    assert page.secret == gr.skip()
    assert (idle.visitors.has(first), idle.visitors.has(second)) == (True, False)
    assert deleting.OTHER not in deleting.delete(idle, first, first).stage


def test_a_key_that_is_there_already_is_not_told_again(idle: VisitorService) -> None:
    key, clip = begun(idle, "mdw"), upload(DEMO.queries[0].audio)
    assert naming.name(idle, key, "x", "gla").key == gr.skip()
    told = [page.key for page in adding.add_typed(idle, key, clip, "words")]
    assert told == [gr.skip()] * len(told), (
        "a late one would take the page back from where it has gone over to"
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("<b>&", "<b>& · 2 examples"),
        ("עברית", "\u2068עברית\u2069 · 2 examples"),
        ("A ኣማርኛ", "A ኣማርኛ · 2 examples"),
        ("اردو", "\u2068اردو\u2069 · 2 examples"),
        ("", "Not named yet · 2 examples"),
    ],
)
def test_a_name_from_right_to_left_stays_before_its_number(name: str, label: str) -> None:
    assert choice.label(Listed(1, name, 2, False)) == label


@pytest.mark.parametrize(
    "said", [workspace.GONE, workspace.DAMAGED, workspace.OTHER_MODEL, FULL, deleting.OTHER]
)
def test_what_is_said_of_a_language_is_said_in_french(said: str) -> None:
    assert french().missing(said) == []


def test_who_types_nothing_finds_nothing(idle: VisitorService) -> None:
    for typed in (None, "", " "):
        found, *page = naming.entered(idle, "", typed)
        assert (found["choices"], page) == ([], [*Page()])
        assert naming.matches(typed)["choices"] == []


def test_what_is_damaged_is_gone_over_to_and_can_be_deleted(idle: VisitorService) -> None:
    here = begun(idle, "mdw")
    there = with_examples(idle, 0, 2)
    broken(idle, there)
    page = keys.entered(idle, here, there)
    assert page.key == there
    assert "damaged" in page.stage
    assert page.delete_this["visible"]
