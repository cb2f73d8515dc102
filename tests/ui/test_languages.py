"""Several languages of one visitor: chosen, begun, deleted, and what is at work for the one that is left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from smile.datatypes import PoolError
from smile.own import changes
from smile.own import check as leave_one_out
from smile.own.addresses import MOST_LANGUAGES
from smile.own.workspace import Workspace
from smile.pools.pool import Pool
from smile.pools.setting import SETTING, PoolSetting
from smile.ui import VisitorService
from smile.ui.own import adding, checking, deleting, keys, naming
from smile.ui.own.arriving import arrived
from smile.ui.own.page import Page, fresh
from smile.ui.own.runs import Runs, clicked, counted, ended, marking, shown_again
from tests.support.uploads import upload
from tests.support.visitors import DEMO, add_recordings, named, with_examples


def offered(page: Page) -> tuple[list[str], str | None, bool]:
    """The languages that a page offers, which one is open, and whether the choice is in sight."""
    choice = page.languages
    return [name for name, _ in choice["choices"]], choice["value"], page.languages_box["visible"]


@pytest.fixture
def two(idle: VisitorService) -> tuple[str, str]:
    """A visitor's Mboshi with two examples, and Scottish Gaelic without any; their addresses."""
    key = with_examples(idle, 0, 2)
    second = str(keys.another(idle, key).key)
    naming.name(idle, second, "x", "gla")
    return key, second


def test_the_choice_is_hidden_while_there_is_nothing(idle: VisitorService) -> None:
    assert offered(fresh(None)) == ([], None, False)
    key = idle.visitors.new()
    assert offered(arrived(idle, key)) == (["Not named yet"], "1", False)
    page = naming.name(idle, key, "x", "mdw")
    assert offered(page) == (["Mboshi · no examples"], "1", True)
    assert page.delete_this["visible"]
    other = idle.visitors.new()
    add_recordings(idle, other, 1)
    assert offered(arrived(idle, other)) == (["Not named yet · no examples"], "1", True)


def test_each_language_has_its_name_and_number_of_examples(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    key, second = two
    third = str(keys.another(idle, key).key)
    both = ["Mboshi · 2 examples", "Scottish Gaelic · no examples", "Not named yet"]
    assert offered(arrived(idle, third)) == (both, "3", True)
    adding.remove_example(idle, key, DEMO.utterances[0].id)
    assert offered(arrived(idle, second)) == (["Mboshi · 1 example", *both[1:]], "2", True)


def test_another_language_begins_under_the_same_key(idle: VisitorService, two: tuple[str, str]) -> None:
    key, second = two
    assert second == f"{key}.2"
    page = keys.another(idle, second)
    assert (page.key, page.uploads, page.clip_text) == (f"{key}.3", None, "")
    assert "name of the other language" in page.stage
    assert "No language named" in str(page.named)
    assert page.secret == gr.skip(), "there is no other key to keep"
    assert keys.another(idle, key).key == f"{key}.3", "what has nothing in it is not made twice"
    page = keys.another(idle, f"{key}.3")
    assert (page.key, keys.FIRST in page.stage) == (gr.skip(), True)
    assert len(idle.visitors.languages(key)) == 3
    assert "There is nothing here yet" in keys.another(idle, "").stage


def test_as_many_as_one_key_opens(idle: VisitorService) -> None:
    key = named(idle)
    for number in range(2, MOST_LANGUAGES + 1):
        naming.name(idle, str(keys.another(idle, key).key), "x", "gla")
        assert len(idle.visitors.languages(key)) == number
    assert f"{MOST_LANGUAGES} languages here" in keys.another(idle, key).stage


def test_choosing_opens_a_language_and_changes_neither(idle: VisitorService, two: tuple[str, str]) -> None:
    key, second = two
    page = keys.chosen(idle, second, "1")
    assert page.key == key
    assert ("Mboshi" in str(page.named), "2 examples" in page.examples) == (True, True)
    assert "Welcome back: 2 examples of Mboshi" in page.stage
    page = keys.chosen(idle, key, "2")
    assert (page.key, "No examples yet" in page.examples) == (second, True)
    assert (page.part, page.part_player, page.example_player) == (None, "", "")
    assert keys.chosen(idle, key, "1") == Page()
    idle.visitors.delete(key)
    assert keys.chosen(idle, key, "2").key == second, "from one that was deleted in another window"


def test_a_callback_works_for_the_language_of_its_address_alone(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    key, second = two
    name = DEMO.utterances[0].id
    for refused in (
        adding.open_example(idle, second, name),
        adding.remove_example(idle, second, name),
        naming.undo(idle, second),
    ):
        assert "stage error" in refused.stage
    naming.name(idle, second, "x", "kmr")
    assert offered(arrived(idle, key))[0] == ["Mboshi · 2 examples", "Northern Kurdish · no examples"]
    assert "stage error" not in adding.open_example(idle, key, name).stage


@pytest.mark.parametrize(
    "number", ["", "0", "3", "12", "13", "02", "2\n", "-1", "x" * 10**5, None, 2, ["2"], {"a": 1}, True]
)
def test_a_number_that_is_none_opens_nothing(idle: VisitorService, two: tuple[str, str], number: Any) -> None:
    key, second = two
    page = keys.chosen(idle, second, number)
    assert (page.key, keys.GONE in page.stage) == (gr.skip(), True)
    assert offered(page)[1] == "2", "the choice shows what is open"
    assert idle.visitors.languages(key) == [key, second]


@pytest.mark.parametrize("key", ["", None, "x" * 32, "x" * 32 + ".2", "../..", 7])
def test_who_has_nothing_chooses_nothing(idle: VisitorService, key: Any) -> None:
    for page in (keys.chosen(idle, key, "2"), keys.another(idle, key), deleting.delete_this(idle, key)):
        assert "stage error" in page.stage
        assert page.key == gr.skip()
    assert not list(idle.visitors.root.glob("*"))


def test_a_reload_opens_what_was_open_last_or_else_another(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    key, second = two
    page = arrived(idle, second)
    assert ("Scottish Gaelic" in str(page.named), page.key) == (True, gr.skip())
    idle.visitors.delete(second)
    page = arrived(idle, second)
    assert ("Mboshi" in str(page.named), page.key) == (True, key)
    idle.visitors.delete_all(key)
    assert arrived(idle, second).key == ""


def check(service: VisitorService, key: str) -> Iterator[Page]:
    for number in range(4):
        yield Page().says(f"step {number}")


def test_what_is_at_work_for_the_language_that_is_left_ends(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    (key, second), runs = two, Runs()
    steps = counted(check, idle)(key, runs)
    assert "step 0" in next(steps).stage
    keys.chosen(idle, key, "9", runs)
    assert "step 1" in next(steps).stage, "nothing was opened, so nothing ends"
    keys.chosen(idle, key, "2", runs)
    assert list(steps) == [Page()], "nothing of the first is painted over the other"
    page = ended(idle, "check", second, runs)
    assert "Your language is Scottish Gaelic" in page.stage, "no line of the one that was left stays"
    keys.chosen(idle, second, "1", runs)
    assert list(counted(check, idle)(key, runs)), "who comes back goes on"
    deleting.delete_this(idle, second, "", runs)
    assert runs.has_left(second)


def test_the_page_is_shown_again_over_what_was_on_its_way(idle: VisitorService, two: tuple[str, str]) -> None:
    """A page of the language that was left, sent before, may come after that of the one that is open."""
    (key, second), runs = two, Runs()
    add_recordings(idle, key, 1)
    keys.chosen(idle, second, "1", runs)
    page = shown_again(idle, key, None, None, runs)
    assert ("Mboshi" in str(page.named), "Welcome back" in page.stage) == (True, True)
    assert DEMO.utterances[0].text in page.examples
    assert page.part == page.part_box == page.example_box == gr.skip(), "what was opened meanwhile stays"
    runs.begin("run")
    assert shown_again(idle, key, None, None, runs).stage == gr.skip(), (
        "what is at work now says how far it is"
    )
    assert shown_again(idle, second, None, None, runs) == Page(), "nor is what was left shown again"


def test_what_was_said_since_stays_as_the_page_is_shown_again(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    (key, second), runs = two, Runs()
    keys.chosen(idle, second, "1", runs)
    marking(naming.undo, idle)(key, None, None, runs)
    assert shown_again(idle, key, None, None, runs).stage == gr.skip(), "something was done"
    keys.chosen(idle, key, "2", runs)
    deleting.delete(idle, second)
    assert shown_again(idle, "", None, None, runs).stage == gr.skip(), "everything was deleted"


def test_an_import_that_was_left_is_told_and_checks_nothing(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    (key, second), runs = two, Runs()

    def add_files(service: VisitorService, key: str) -> Iterator[Page]:
        for number in range(3):
            yield Page().says(f"clip {number}")

    steps = counted(add_files, idle)(second, runs)
    next(steps)
    page = keys.chosen(idle, second, "1", runs)
    assert keys.BROKEN_OFF in page.stage
    assert list(steps) == [Page()]
    assert keys.BROKEN_OFF in ended(idle, "add_files", key, runs).stage, "it is told until something else is"

    def check_new(service: VisitorService, key: str) -> Iterator[Page]:
        yield from check(service, key)

    by_itself = counted(check_new, idle)
    assert list(by_itself(key, runs)) == [Page()], "nothing was added here"
    assert keys.BROKEN_OFF not in keys.chosen(idle, key, "2", runs).stage
    keys.chosen(idle, second, "1", runs)
    assert list(counted(add_files, idle)(key, runs))
    assert list(by_itself(key, runs))


def test_what_was_brought_and_not_used_is_discarded(idle: VisitorService, two: tuple[str, str]) -> None:
    key, _ = two
    stays, goes = (Path(upload(DEMO.queries[0].audio)) for _ in range(2))
    keys.chosen(idle, key, "7", None, [str(stays)])
    page = keys.chosen(idle, key, "2", None, [str(goes)], None)
    assert (stays.exists(), goes.exists(), page.uploads, page.tiers["visible"]) == (True, False, None, False)


def test_the_open_language_is_deleted_alone(idle: VisitorService, two: tuple[str, str]) -> None:
    key, second = two
    page = deleting.delete_this(idle, key, "")
    assert (page.key, idle.visitors.languages(key)) == (second, [second])
    assert deleting.THIS in page.stage
    assert "Scottish Gaelic" in str(page.named)
    page = deleting.delete_this(idle, second, "")
    assert (page.key, deleting.DELETED in page.stage, idle.visitors.languages(key)) == ("", True, [])


def test_everything_is_all_languages_and_that_is_said(idle: VisitorService, two: tuple[str, str]) -> None:
    key, second = two
    assert deleting.asked(idle, second)["value"] == "Yes, delete all 2 languages for good"
    page = deleting.delete(idle, second)
    assert (page.key, idle.visitors.languages(key)) == ("", [])
    assert "all 2 languages" in page.stage
    assert not [path for path in idle.visitors.root.iterdir() if path.is_dir()]
    one = named(idle)
    assert deleting.asked(idle, one)["value"] == deleting.REALLY
    assert "languages" not in deleting.delete(idle, one).stage


def test_a_damaged_language_does_not_keep_anyone_from_the_others(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    key, second = two
    pool = idle.visitors.open(key).pool()
    assert pool
    (pool.folder / "pool.json").write_text("{")
    state = idle.visitors.open(key).folder / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text())))
    for page in (arrived(idle, key), keys.chosen(idle, second, "1")):
        assert "damaged" in page.stage
        assert offered(page) == (["Mboshi", "Scottish Gaelic · no examples"], "1", True)
        assert page.delete_this["visible"]
    assert "Scottish Gaelic" in str(keys.chosen(idle, key, "2").named)
    assert idle.visitors.open(second).pool() is None


def test_a_list_is_not_read_again_while_nothing_changes(
    idle: VisitorService, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, second = two
    before = offered(fresh(idle.visitors.open(second)))
    opened = []
    monkeypatch.setattr(Workspace, "pool", lambda self, encoder=None: opened.append(self.folder))
    assert offered(fresh(idle.visitors.open(second))) == before
    assert set(opened) == {idle.visitors.open(second).folder}
    with pytest.raises(PoolError, match="no longer here"):
        idle.visitors.open(f"{key}.3")


def test_what_is_clicked_is_not_open_once_its_language_was_left(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    (key, second), runs = two, Runs()
    click = gr.EventData(None, {"name": DEMO.utterances[0].id})

    def leaving(asked: str | None, event: Mapping[str, Any]) -> Page:
        made = adding.open_example(idle, asked, str(event["name"]))
        keys.chosen(idle, key, "2", runs)
        return made

    assert clicked(leaving)(key, runs, click) == Page()
    assert keys.chosen(idle, second, "1", runs).key == key
    opened = clicked(lambda asked, event: adding.open_example(idle, asked, str(event["name"])))
    assert opened(key, runs, click).example == DEMO.utterances[0].id


def test_a_change_of_the_language_that_was_left_closes_nothing_in_the_other(
    idle: VisitorService, two: tuple[str, str]
) -> None:
    (key, _), runs, name = two, Runs(), DEMO.utterances[0].id
    save = marking(adding.save_example, idle)
    assert save(key, name, "other words", None, name, runs).example is None, "its editor is closed by that"
    runs.go_over(key, f"{key}.2")
    assert save(key, name, "more words", None, name, runs) == Page()
    pool = idle.visitors.open(key).pool()
    assert pool
    assert pool.utterances[0].text == "more words", "what was asked is done"


@pytest.mark.parametrize("last", [False, True])
def test_a_check_of_a_language_that_was_deleted_ends_and_says_nothing_of_the_one_in_its_place(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    key = with_examples(idle, 0, 2)
    others = [str(keys.another(idle, key).key)]
    while len(others) < MOST_LANGUAGES - 1:
        naming.name(idle, others[-1], "x", "gla")
        others.append(str(keys.another(idle, key).key))

    def replaced() -> None:
        idle.visitors.delete(key)
        assert idle.visitors.another(others[0]) == key, "there is no other number"
        with idle.visitors.open(key).change("examples added") as change:
            changes.joined(None, DEMO, change.out)

    def steps(models: Any, pool: Pool, conditions: Any, kept: Any) -> Iterator[leave_one_out.Check]:
        yield leave_one_out.Check(0, 2)
        replaced()
        seen.append(1)
        if not last:
            yield leave_one_out.Check(1, 2)
            seen.append(2)

    seen: list[int] = []
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (yield from ()))
    monkeypatch.setattr(VisitorService, "_tried", lambda self, *_: ([], ""))
    monkeypatch.setattr(leave_one_out, "leave_one_out", steps)
    monkeypatch.setattr(leave_one_out, "best", lambda *_: PoolSetting(1, 0.0))
    *_, end = checking.check(idle, key)
    assert ("no longer here" in end.stage, seen) == (True, [1])
    assert not list(idle.visitors.root.rglob("check*.json"))
    assert not list(idle.visitors.root.rglob(SETTING))
