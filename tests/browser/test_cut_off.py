"""No text of the page is cut off on a phone: in English and French, light and dark, with all that unfolds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.editor import arriving, serving
from tests.browser.page import PHONE, Page
from tests.support.fake_engine import TEXTS, FakeEngine

CUT = Path(__file__).with_name("cut.js").read_text(encoding="utf-8")
UNFOLD = """
const press = (css) => document.querySelectorAll(css).forEach((one) => one.checkVisibility() && one.click());
press("button.fold:not([aria-expanded='true'])");
press(".label-wrap:not(.open)");
document.querySelectorAll("details").forEach((one) => (one.open = true));
setTimeout(arguments[0], 700);
"""


@pytest.fixture(params=["en", "fr"])
def browser(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, french_driver: webdriver.Chrome
) -> webdriver.Chrome:
    """A browser of each language."""
    return french_driver if request.param == "fr" else driver


@pytest.fixture
def phone(browser: webdriver.Chrome, served: str, engine: FakeEngine) -> Iterator[Page]:
    engine.pace, engine.error, engine.unread = 0.0, None, 0
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    yield Page(browser, served)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get("about:blank")


def cut(page: Page) -> list[str]:
    """The texts that are cut off once all is unfolded."""
    page.driver.execute_async_script(UNFOLD)
    return list(page.driver.execute_script(CUT))


def sights(page: Page) -> Iterator[str]:
    """Show the tabs one after the other, each with what appears in it, too; give their names."""
    yield "the page as it opens"
    page.pick_example()
    page.transcribe()
    yield "transcripts"
    page.show("compare")
    yield "Compare"
    page.click("#compare-example label:nth-of-type(2)")
    page.wait(lambda: page.value("#compare-reference textarea") == TEXTS["gla"][1], "the reference")
    page.click("#compare-start")
    page.wait(lambda: page.all("#compare-stage .done"), "the cells")
    page.click("#compare-table .cell[data-cell='3']")
    page.wait(lambda: page.all("#compare-detail .neighbours audio"), "an opened cell")
    yield "cells"
    page.show("own")
    yield "My language"
    page.show("map")
    page.wait(lambda: page.all("#map-trust p"), "the map")
    yield "the map"
    page.show("results")
    page.wait(lambda: page.all("#table tbody tr"), "the table")
    yield "Results"
    page.click("#table tr[data-language='chr'] button")
    page.wait(lambda: page.all("#utterances .utterance"), "the utterances")
    yield "utterances"
    for part in ("charts", "findings"):
        page.show(part)
        yield part


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_is_cut_off_on_a_phone(phone: Page, theme: str) -> None:
    phone.open(f"__theme={theme}")
    for sight in sights(phone):
        assert cut(phone) == [], sight


def test_no_text_of_a_language_of_ones_own_is_cut_off_on_a_phone(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    with serving(tmp_path) as visited, arriving(browser, visited, "phone") as page:
        assert cut(page) == []
        page.click("#own-examples .pick-row")
        page.wait(lambda: page.all("#own-example audio"), "the example")
        assert cut(page) == []
        for tab in ("own-typed", "own-record", "own-aligning"):
            page.show(tab)
            assert cut(page) == [], tab


def test_the_buttons_of_a_recorder_have_room_for_their_words(phone: Page) -> None:
    phone.open()
    phone.click("#audio button.record-button")
    phone.wait(lambda: phone.one("#audio button.stop-button").is_displayed(), "the recorder at work")
    assert cut(phone) == []
    phone.click("#audio button.pause-button")
    phone.wait(lambda: phone.one("#audio button.resume-button").is_displayed(), "the pause")
    assert cut(phone) == []


def test_a_choice_that_is_too_long_for_its_line_can_be_typed_over(phone: Page) -> None:
    phone.open()
    field = phone.one("#pool input")

    def whole() -> str | None:
        return phone.one("#pool .secondary-wrap").get_attribute("data-whole")

    phone.wait(lambda: whole() == phone.value("#pool input") != "", "the choice")
    field.send_keys(Keys.CONTROL + "a")
    ink = "return getComputedStyle(arguments[0]).webkitTextFillColor"
    assert phone.driver.execute_script(ink, field) != "rgba(0, 0, 0, 0)", "what is typed is seen"
    phone.choose("pool", "ckb")
    phone.wait(lambda: "(ckb)" in phone.value("#pool input"), "another one")
    phone.wait(lambda: whole() in (None, phone.value("#pool input")), "the same behind it")
    assert cut(phone) == []
