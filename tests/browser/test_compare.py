"""The tab Compare in a real browser, with an engine whose answers are known."""

from __future__ import annotations

import time

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.page import PHONE
from tests.support.fake_engine import HEARD, TEXTS


def compare(page, done: bool = True) -> None:
    page.show("compare")
    page.click("#compare-example label:nth-of-type(2)")
    page.wait(lambda: page.value("#compare-reference textarea") == TEXTS["gla"][1], "the reference")
    page.click("#compare-start")
    if done:
        page.wait(lambda: "Done" in page.text("#compare-stage"), "the end", 60)


def test_cells_fill_in_and_open(page, engine):
    compare(page)
    grid = engine.compared[-1][2]
    assert len(page.all("#compare-table .cell")) == len(grid.places())
    assert page.text("#compare-table .cell .text") == HEARD
    assert page.all("#compare-table [class*='heat']")
    assert "Agrees best" in page.text("#compare-table .consensus")
    page.click("#compare-table .cell[data-cell='3']")
    page.wait(lambda: page.all("#compare-detail .neighbours audio"), "the examples of the cell")
    assert page.one("#compare-table .cell[data-cell='3']").get_attribute("aria-pressed") == "true"
    top = "return innerHeight - document.querySelector('#compare-detail').getBoundingClientRect().top"
    page.wait(lambda: page.driver.execute_script(top) > 40, "the opened cell in sight")
    heading = page.one("#compare-detail h3")
    page.wait(lambda: page.driver.switch_to.active_element == heading, "the focus on it")
    heading.send_keys(Keys.ESCAPE)
    assert page.driver.switch_to.active_element == page.one("#compare-table .cell[data-cell='3']")
    page.one("#compare-reference textarea").clear()
    page.one("#compare-reference textarea").send_keys(" ")
    page.wait(lambda: not page.all("#compare-table [class*='heat']"), "the colours to go")
    assert page.errors() == []


def test_cancel_keeps_what_is_there(page, engine):
    engine.pace = 0.1
    compare(page, done=False)
    page.wait(lambda: len(page.all("#compare-table .cell")) >= 2, "two cells")
    page.click("#compare-stop")
    page.wait(lambda: "Cancelled" in page.text("#compare-stage"), "the end")
    kept = len(page.all("#compare-table .cell"))
    assert kept >= 2
    assert page.all("#compare-table .waiting")
    time.sleep(0.8)
    assert len(page.all("#compare-table .cell")) == kept
    assert engine.running == 0
    assert page.all("#compare-csv")


def test_one_that_the_page_was_left_in_is_told(page, engine):
    told = "Press Compare to begin it again"
    engine.pace = 0.1
    compare(page, done=False)
    page.wait(lambda: page.all("#compare-table .cell"), "a cell")
    page.driver.refresh()
    page.wait(lambda: told in page.text("#compare-results"), "the page to say so")
    engine.pace = 0.0
    compare(page)
    assert told not in page.text("#compare-results")
    page.driver.refresh()
    page.wait(lambda: page.all("#compare-stage .stage"), "the tab")
    time.sleep(0.5)
    assert told not in page.text("#compare-results")


@pytest.mark.parametrize("window", [(1280, 800), (1280, 560), (390, 844)])
def test_cancel_is_in_sight_while_it_runs(page, engine, window):
    engine.pace = 0.3
    metrics = dict(zip(("width", "height"), window, strict=True))
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**metrics, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        page.open()
        page.show("compare")
        page.click("#compare-example label:nth-of-type(2)")
        page.wait(lambda: page.value("#compare-reference textarea") == TEXTS["gla"][1], "the reference")
        page.click("#compare-start")
        page.wait(lambda: page.all("#compare-table .cell"), "a cell")
        time.sleep(0.7)  # until the page has scrolled
        low, high = page.driver.execute_script(
            "const { top, bottom } = document.querySelector('#compare-stop').getBoundingClientRect();"
            "return [top, innerHeight - bottom]"
        )
        assert low >= 0
        assert high >= 0
        page.one("#compare-stop").click()
        page.wait(lambda: "Cancelled" in page.text("#compare-stage"), "the end")
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_last_clip_of_transcribe_comes_along(page, engine):
    page.choose("pool", "Kurdish")
    page.pick_example(1)
    page.transcribe()
    page.click("#to-compare")
    page.wait(lambda: page.value("#compare-reference textarea") == TEXTS["mini/ckb"][1], "the reference")
    assert "Kurdish" in page.value("#compare-pool input")
    page.wait(lambda: page.all("#compare-audio button[aria-label='Play']"), "the recording")
    page.click("#compare-start")
    page.wait(lambda: "Done" in page.text("#compare-stage"), "the end", 60)
    assert engine.compared[-1][1] == "mini/ckb"


def test_a_phone_shows_the_grid_in_one_column(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open()
        compare(page)
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE["width"]
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_follows_the_pool_of_transcribe_until_another_is_chosen_here(page):
    page.choose("pool", "Cherokee")
    page.wait(lambda: page.query.get("pool") == "chr", "the pool")
    page.show("compare")
    page.wait(lambda: "Cherokee" in page.value("#compare-pool input"), "the same pool here")
    page.wait(lambda: TEXTS["chr"][0] in page.text("#compare-example"), "its recordings")
    page.choose("compare-pool", "Kurdish")
    page.wait(lambda: TEXTS["mini/ckb"][0] in page.text("#compare-example"), "the recordings of another")
    page.show("transcribe")
    page.choose("pool", "Gaelic")
    page.wait(lambda: TEXTS["gla"][0] in page.text("#example"), "the recordings to try")
    page.show("compare")
    time.sleep(1)
    assert "Kurdish" in page.value("#compare-pool input")
    assert page.errors() == []
