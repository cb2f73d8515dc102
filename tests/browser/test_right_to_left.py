"""The editor of a transcript that is written from right to left, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.editor import arriving, field, keys, serving
from tests.browser.page import Page
from tests.browser.steps import findings

TEXTS = ("\u0634\u0644\u0645\u0627 \u05d0\u05d1 gi \u05d2\u05d3", "\u05d4\u05d5", "\u05d6\u05d7")
FIRST, SECOND = TEXTS[0].split()[:2]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("rtl")) as there:
        yield there


@pytest.fixture(params=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, visited: tuple[str, Path]
) -> Iterator[Page]:
    with arriving(driver, visited, request.param, TEXTS) as page:
        yield page


def style(page: Page, css: str, name: str) -> str:
    return page.driver.execute_script(f"return getComputedStyle(document.querySelector({css!r})).{name}")


def test_words_run_from_right_to_left_and_are_walked_so(page: Page) -> None:
    words = page.all("#own-part .wave-word:not(.wave-time)")
    assert [word.text.split()[0] for word in words] == TEXTS[0].split()
    first, second, latin, last = (word.rect["x"] for word in words)
    assert first > second > latin > last
    words[0].send_keys(Keys.ARROW_LEFT)
    assert page.driver.switch_to.active_element == words[1]
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert page.driver.switch_to.active_element == words[0]
    starts = [float(word.get_attribute("data-start")) for word in words]
    assert starts == sorted(starts), "time goes on from left to right, as the waveform does"
    assert style(page, "#own-results .pick-row", "unicodeBidi") == "plaintext"
    assert (findings(page), page.errors()) == ([], [])


def test_text_is_written_on_at_its_left_end_and_split_where_the_caret_is(page: Page) -> None:
    assert style(page, "#own-part-text textarea", "unicodeBidi") == "plaintext"
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.END, " \u05d8")
    assert page.value("#own-part-text textarea") == f"{TEXTS[0]} \u05d8"
    field(page).send_keys(Keys.HOME, *[Keys.ARROW_LEFT] * len(f"{FIRST} {SECOND}"))
    keys(page, "k")
    page.wait(lambda: "was split" in page.text("#own-stage"), "the split")
    assert page.value("#own-part-text textarea") == f"{FIRST} {SECOND}"
    assert page.errors() == []
