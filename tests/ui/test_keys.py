"""A visitor's key opens what is theirs elsewhere; nothing is lost where another one's takes its place."""

from __future__ import annotations

from typing import Any

import pytest

from smile.ui import VisitorService
from smile.ui.own import keys, naming
from smile.ui.own.page import Page


def begun(service: VisitorService, code: str) -> str:
    return str(naming.name(service, "", code, code).key)


def seen(page: Page) -> tuple[Any, bool]:
    return page.secret["value"], page.secret["visible"]


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
    assert "copy it now" in page.stage
    assert "Mboshi" in str(keys.entered(idle, there, here).named)
    assert "of what is here already" in keys.entered(idle, there, there).stage


def test_another_language_begins_beside_the_first(idle: VisitorService) -> None:
    key = begun(idle, "mdw")
    page = keys.another(idle, key)
    assert (page.key, seen(page)) == ("", (key, True))
    second = begun(idle, "gla")
    assert {"Mboshi", "Scottish Gaelic"} == {
        str(idle.visitors.open(one).state().language.name)  # type: ignore[union-attr]
        for one in (key, second)
    }
    assert "stage error" in keys.another(idle, "").stage


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
    assert seen(naming.delete(idle, key)) == ("", False)
    assert "nothing under this key" in keys.entered(idle, "", key).stage
