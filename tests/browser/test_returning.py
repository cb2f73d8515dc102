"""A list of My language that a reload breaks off, in a browser."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from smile.transcription import batch
from smile.ui.parts.components import LOOKS
from tests.browser.page import Page
from tests.browser.steps import name, said, shown
from tests.support.fake_engine import in_three_slowly, tone


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A transcription that takes its time over three segments; the list: what it has written."""
    texts: list[str] = []
    monkeypatch.setattr(batch, "transcribe", in_three_slowly(texts, 1.5))
    return texts


@pytest.fixture
def under_way(page: Page, written: list[str], tmp_path: Path) -> Page:
    """The tab of a new visitor, with a recording of which the second segment is being written."""
    page.driver.execute_script("localStorage.clear()")
    shown(page.open())
    name(page, "mbosh", "mdw")
    page.one("#own-recordings input[type='file']").send_keys(str(tone(tmp_path / "talk.wav", 9, 300)))
    page.wait(lambda: "Press Transcribe" in said(page), "the recording")
    page.click("#own-transcribe")
    page.wait(lambda: "piece 1" in page.text("#own-results"), "the second segment")
    return page


def test_a_list_goes_on_by_itself_after_a_reload(under_way: Page, written: list[str]) -> None:
    page, before = under_way, len(written)
    shown(page.open())
    page.errors()  # of the page that was left in the middle
    page.wait(lambda: "piece 0" in page.text("#own-results"), "what was written")
    page.wait(lambda: said(page).startswith("Done."), "the end")
    assert len(page.all("#own-results .pick-row")) == 3
    assert "piece 0" not in written[before:], "it was not written again"
    assert written[before:].count("piece 2") == 1
    shown(page.open())
    page.wait(lambda: said(page).startswith("Your language is Mboshi"), "the tab with nothing left to do")
    assert not page.errors()


def test_a_cancelled_list_does_not(under_way: Page, written: list[str]) -> None:
    page = under_way
    page.click("#own-stop")
    page.wait(lambda: "Cancelled. 1 recording waits" in said(page), "the cancel")
    before = len(written)
    shown(page.open())
    page.wait(lambda: "stopped at 0:0" in said(page), f"the line; it says {said(page)}", 10)
    time.sleep(2 * LOOKS)
    assert len(written) == before
    assert said(page).count("press Transcribe") == 1
    page.click("#own-transcribe")
    page.wait(lambda: said(page).startswith("Done."), "the end")
    assert not page.errors()
