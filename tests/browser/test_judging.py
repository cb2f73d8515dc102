"""Examples whose texts may be wrong: heard, found right and left out, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.acoustic.store import clip_key
from smile.own import doubts
from smile.util.storage import write_json
from tests.browser.editor import MARKS, arriving_with, serving
from tests.browser.page import Page
from tests.browser.steps import findings, shown, width_on_a_phone


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("judging")) as there:
        yield there


@pytest.fixture(params=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, visited: tuple[str, Path]
) -> Iterator[Page]:
    with arriving_with(driver, visited, request.param) as (page, workspace):
        pool = workspace.pool()
        assert pool is not None
        found = [
            {"clip": clip_key(u), "misfit": 2.0, "text": u.text, "start": 0, "end": 2, "read": "nga"}
            for u in pool.utterances
        ]
        write_json(workspace.folder / doubts.FILE, {"doubts": found, "right": []})
        shown(page.open())
        yield page


def test_a_text_is_heard_found_right_and_another_left_out(page: Page) -> None:
    rows = "#own-doubts .pick-row"
    page.wait(lambda: len(page.all(rows)) == 2, "the list")
    assert page.text(f"{rows} mark") == MARKS[:2]
    assert findings(page, "#own-doubts") == []
    assert width_on_a_phone(page) <= 390
    assert page.one("#own-look").is_enabled()
    page.all(rows)[1].send_keys(Keys.ENTER)
    page.wait(lambda: page.value("#own-example-text textarea") == "kwe", "the editor")
    assert page.all("#own-example audio")
    page.all("#own-doubts [data-right]")[0].send_keys(Keys.ENTER)
    page.wait(lambda: len(page.all(rows)) == 1, "the rest of the list")
    page.click("#own-remove")
    page.wait(lambda: not page.all(rows), "the end of the list")
    assert page.errors() == []
