"""The editor where answers take their time: what is written, and which segment a button is for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.own.edited import edited
from smile.own.workspace import Workspace
from tests.browser.editor import MARKS, arriving, drawn, field, keys, serving
from tests.browser.page import Page
from tests.support.cut_by_hand import NAME, TEXTS


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("editing")) as there:
        yield there


@pytest.fixture
def page(driver: webdriver.Chrome, visited: tuple[str, Path]) -> Iterator[Page]:
    with arriving(driver, visited, "desktop") as page:
        yield page


@pytest.fixture
def folder(page: Page, visited: tuple[str, Path]) -> Path:
    """The folder of the page's visitor."""
    return max(visited[1].rglob("state.json"), key=lambda path: path.stat().st_mtime_ns).parent


def kept(folder: Path) -> list[tuple[float, str]]:
    """The drafts that the server has, and where each begins."""
    return sorted((draft.start, draft.text) for draft in edited(Workspace(folder)).drafts)


def slowed(page: Page, seconds: float) -> None:
    """Let answers of the server come later from now on."""
    page.driver.execute_script(
        "window.ask ??= window.fetch; const later = arguments[0];"
        "window.fetch = async (...asked) => {"
        "  const answer = await window.ask(...asked);"
        "  await new Promise((resolve) => setTimeout(resolve, later)); return answer; }",
        1000 * seconds,
    )


def test_what_is_written_while_a_draft_is_on_its_way_is_kept_too(page: Page, folder: Path) -> None:
    slowed(page, 2)
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.END, " a")
    page.wait(lambda: kept(folder) == [(0.2, f"{TEXTS[0]} a")], "the first draft")
    field(page).send_keys(" b")
    page.wait(lambda: kept(folder) == [(0.2, f"{TEXTS[0]} a b")], "the second", patience=15)


def test_what_is_written_while_another_segment_comes_belongs_to_the_first(page: Page, folder: Path) -> None:
    slowed(page, 0.4)
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.END)
    keys(page, Keys.ARROW_DOWN)
    field(page).send_keys(" late")
    drawn(page, 1)
    page.wait(lambda: kept(folder) == [(0.2, f"{TEXTS[0]} late")], "the draft", patience=15)
    assert page.value("#own-part-text textarea") == TEXTS[1]


def test_what_is_written_just_before_a_reload_is_kept(page: Page, folder: Path) -> None:
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.END, " last")
    page.driver.refresh()
    page.wait(lambda: kept(folder) == [(0.2, f"{TEXTS[0]} last")], "the draft", patience=15)


@pytest.mark.parametrize("button", ["#own-learn", "#own-forget"])
def test_a_button_is_for_the_segment_that_the_page_shows(page: Page, folder: Path, button: str) -> None:
    slowed(page, 1.5)
    page.click("[data-do='next']")
    time.sleep(0.7)  # the server has opened the next one, the page does not know yet
    page.click(button)
    if button == "#own-forget":
        page.click(button)  # it asks
    page.wait(lambda: "just being opened" in page.text("#own-stage"), "the refusal", patience=15)
    assert (folder / "recordings" / NAME).is_file()


@pytest.mark.parametrize("button", ["#own-save", "#own-remove"])
def test_a_button_is_for_the_example_that_the_page_shows(page: Page, folder: Path, button: str) -> None:
    first, second = page.all("#own-examples .pick-row")
    first.click()
    page.wait(lambda: page.value("#own-example-text textarea") == "kwe", "the newest example")
    slowed(page, 1.5)
    second.click()
    time.sleep(0.7)
    page.click(button)
    page.wait(lambda: "just being opened" in page.text("#own-stage"), "the refusal", patience=15)
    pool = Workspace(folder).pool()
    assert pool
    assert [clip.text for clip in pool.utterances] == [MARKS, "kwe"]
