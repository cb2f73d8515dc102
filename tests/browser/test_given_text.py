"""A text that exists already, found in its recording: on a desktop and on a phone, by hand and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.acoustic import store
from smile.acoustic.recipe import Recipe
from smile.audio.io import write
from tests.browser.editor import arriving_with, drawn, opened, serving
from tests.browser.page import Page
from tests.browser.steps import findings, width_on_a_phone
from tests.support import tones
from tests.support.fake_engine import ENCODER

SPOKEN = ("bad face", "fed a cab", "dab a bee")
TEXT = f"{SPOKEN[0]}\ncafe gag ace\n{SPOKEN[2]}\n"


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("given")) as there:
        yield there


@pytest.fixture(params=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, visited: tuple[str, Path]
) -> Iterator[Page]:
    with arriving_with(driver, visited, request.param) as (page, workspace):
        pool = workspace.pool(ENCODER)
        assert pool is not None
        store.write(pool, [tones.sure(tones.head(ENCODER, pool.language.code))], [Recipe()])
        yield page


def test_a_text_is_found_line_by_line_and_opened_in_the_editor(page: Page, tmp_path: Path) -> None:
    write(tmp_path / "story.wav", tones.said(SPOKEN))
    tab = page.one("button[role='tab'][data-tab-id='own-aligning']")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", tab)
    tab.send_keys(Keys.ENTER)
    page.one("#own-text-files input[type='file']").send_keys(str(tmp_path / "story.wav"))
    page.wait(lambda: "story" in page.text("#own-text-files"), "the upload")
    page.one("#own-given-text textarea").send_keys(TEXT)
    assert findings(page, "#own-given-text, #own-unit, #own-align, #own-add-lines") == []
    assert width_on_a_phone(page) <= 390
    page.one("#own-align").send_keys(Keys.ENTER)
    page.wait(lambda: "2 of 3 lines were found" in page.text("#own-stage"), "its end")
    assert page.value("#own-given-text textarea") == ""
    listed = page.text("#own-results")
    assert "2: cafe gag ace" in listed, "what is not spoken is told"
    assert listed.count("not in the text") == 1
    assert SPOKEN[1] in listed, "so the model has what is not in the text"
    page.click("#own-results .pick-row[data-name='story.wav'][data-part='2']")
    drawn(page, 2)
    assert page.value("#own-part-text textarea") == SPOKEN[2]
    assert len(page.all("#own-part .wave-word")) == 3
    assert "have no times" not in page.text("#own-part .wave")
    page.click("#own-results .pick-row[data-name='story.wav'][data-part='1']")
    drawn(page, 1)
    assert page.value("#own-part-text textarea") == SPOKEN[1], "what was heard there"
    assert page.errors() == []


def test_what_is_missing_is_said_and_the_text_stays(page: Page) -> None:
    page.click("button[role='tab'][data-tab-id='own-aligning']")
    page.one("#own-given-text textarea").send_keys("bad face")
    page.click("#own-align")
    page.wait(lambda: "Choose one recording" in page.text("#own-stage"), "the sentence")
    assert page.value("#own-given-text textarea") == "bad face"
    page.click("#own-add-lines")
    page.wait(lambda: "find a text in its recording first" in page.text("#own-stage"), "the sentence")
    opened(page, 0)
    assert page.errors() == []
