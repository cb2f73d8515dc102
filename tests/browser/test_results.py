"""The Results tab in a real browser, over rows that are known."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.page import PHONE
from tests.browser.picking import pick
from tests.support.measured import NASTY


@pytest.fixture
def tab(page):
    """The page with its Results open."""
    page.show("results")
    page.wait(lambda: page.all("#table tbody tr"), "the table")
    return page


def column(page, number: int) -> list[str]:
    """The texts of a column of the table, without their small print."""
    cells = page.all(f"#table tbody tr > :nth-child({number})")
    return [cell.text.split("\n")[0] for cell in cells]


def codes(page) -> list[str]:
    """The languages of the table's lines."""
    return [line.get_attribute("data-language") for line in page.all("#table tbody tr")]


def test_the_tab_appears_once_and_opens_with_everything(tab):
    tabs = [e.text for e in tab.all("button[role='tab']")]
    assert tabs[:5] == ["Transcribe", "Compare", "My language", "Map", "Results"]
    assert len(column(tab, 1)) == 5
    assert "Macro average CER" in tab.text("#summary")
    assert "not measured here" in tab.text("#beside")
    assert tab.errors() == []


def test_the_table_is_sorted_by_its_headings(tab):
    for key, reverse in (("name", False), ("name", True)):
        tab.click(f"#table button[data-sort='{key}']")
        tab.wait(lambda r=reverse: column(tab, 1) == sorted(column(tab, 1), reverse=r), "the order")
    tab.click("#table button[data-sort='rate:0']")
    tab.wait(lambda: column(tab, 2) == sorted(column(tab, 2), key=float), "the rates in order")
    assert tab.one("#table th[aria-sort='ascending'] button").get_attribute("data-sort") == "rate:0"


def test_filters_change_table_and_summary(tab):
    tab.click("#known label:nth-of-type(2)")
    tab.wait(lambda: sorted(codes(tab)) == ["chr", "sxb"], "the unknown languages")
    assert "of 2" in tab.text("#summary")
    tab.one("#search :is(input, textarea)").send_keys("chero")
    tab.wait(lambda: codes(tab) == ["chr"], "the search")
    tab.one("#search :is(input, textarea)").send_keys("x")
    tab.wait(lambda: "No language passes" in tab.text("#table"), "the sentence")
    assert "choose a baseline" in tab.text("#summary").lower()


def test_another_family(tab):
    tab.choose("families", "Slavic")
    tab.wait(lambda: codes(tab) == ["bel"], "the family")


def test_condition_baseline_metric_and_normaliser(tab):
    before = tab.text("#table")
    pick(tab, "condition-model", "SMILE")
    pick(tab, "condition-examples", "3")
    tab.wait(lambda: tab.text("#summary h3").startswith("SMILE · 3 nearest"), "the condition")
    assert not any(e.is_displayed() for e in tab.all("#baseline-examples"))
    pick(tab, "baseline-model", "untrained")
    tab.wait(lambda: "against untrained" in tab.text("#summary h3"), "the baseline")
    tab.wait(lambda: any(e.is_displayed() for e in tab.all("#baseline-examples")), "its examples")
    pick(tab, "baseline-model", "Whisper alone")
    tab.wait(lambda: "against Whisper alone" in tab.text("#summary h3"), "the baseline")
    tab.click("#metric label:nth-of-type(2)")
    tab.wait(lambda: "WER, %" in tab.text("#table"), "the metric")
    tab.click("#normaliser label:nth-of-type(2)")
    tab.wait(lambda: tab.text("#table") != before, "the normaliser")
    assert tab.errors() == []


def focused(page) -> WebElement:
    return page.driver.switch_to.active_element


SLOW = """const quick = window.fetch;
window.fetch = async (...asked) => {
  const answer = await quick(...asked);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return answer;
};"""


def test_what_is_picked_while_an_answer_is_on_its_way_holds(tab):
    assert tab.text("#summary h3").startswith("untrained · 1 nearest")
    tab.driver.execute_script(SLOW)
    pick(tab, "condition-model", "SMILE")
    pick(tab, "condition-examples", "3")
    tab.wait(lambda: tab.text("#summary h3").startswith("SMILE · 3 nearest"), "both picks")
    assert tab.value("#condition-examples input") == "3"
    assert tab.errors() == []


def test_a_click_on_a_language_opens_its_utterances(tab):
    tab.click("#table tr[data-language='chr'] td:nth-of-type(2)")
    tab.wait(lambda: len(tab.all("#utterances .utterance")) == 12, "the utterances")
    assert "Cherokee" in tab.value("#opened input")
    assert NASTY in tab.text("#utterances ol"), "markup in a transcript is text"
    assert not tab.all("#utterances img, #utterances audio")
    tab.click("#utterances .utterance summary")
    tab.wait(lambda: "chr-pool-" in tab.one("#utterances .utterance details").text, "the neighbours")
    tab.choose("opened", "Greek")
    tab.wait(lambda: "Greek" in tab.text("#utterances h3"), "the dropdown to do the same")


def test_the_keyboard_opens_a_language_and_sorts(tab):
    tab.one("#table tr[data-language='sxb'] button").send_keys(Keys.ENTER)
    tab.wait(lambda: "Suba" in tab.text("#utterances"), "the utterances")
    tab.wait(lambda: focused(tab).get_attribute("textContent") == "Suba (sxb)", "the focus on what opened")
    assert focused(tab).get_attribute("title") == "Escape goes back to the table"
    focused(tab).send_keys(Keys.TAB)
    assert focused(tab).find_elements("xpath", "ancestor::*[@id='utterances']"), "keys go on in it"
    focused(tab).send_keys(Keys.ESCAPE)
    assert focused(tab) == tab.one("#table tr[data-language='sxb'] button")
    tab.one("#table button[data-sort='clips']").send_keys(Keys.ENTER)
    tab.wait(lambda: tab.all("#table th[aria-sort='ascending'] button[data-sort='clips']"), "the order")


def test_the_focus_stays_with_who_goes_elsewhere_before_a_language_opens(tab):
    tab.driver.execute_script(SLOW)
    tab.one("#table tr[data-language='chr'] button").send_keys(Keys.ENTER)
    tab.one("#search :is(input, textarea)").send_keys("")
    tab.wait(lambda: tab.all("#utterances .utterance"), "the utterances")
    time.sleep(0.5)
    assert focused(tab) == tab.one("#search :is(input, textarea)")


@pytest.mark.parametrize("kind", ["table-csv", "rows-parquet"])
def test_downloads(tab, tmp_path, kind):
    tab.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    name = f"smile-{kind.replace('-', '.')}"
    tab.click(f"#{kind}")
    tab.wait(lambda: (tmp_path / name).exists(), "the file")
    frame = (pd.read_csv if kind.endswith("csv") else pd.read_parquet)(tmp_path / name)
    assert set(frame["language"]) == {"bel", "cat", "chr", "ell", "sxb"}


def test_every_chart_is_drawn(tab):
    tab.show("charts")
    for number in range(1, 7):
        tab.click(f"#chart label:nth-of-type({number})")
        tab.wait(lambda: tab.all("#plot .main-svg .trace, #plot .main-svg .point"), "the chart")
    pick(tab, "condition-model", "Whisper alone, controlled")
    tab.click("#chart label:nth-of-type(1)")
    tab.wait(lambda: "nothing to compare" in tab.text("#caption"), "the sentence")
    tab.wait(lambda: not any(e.is_displayed() for e in tab.all("#plot")), "the empty chart to go")
    assert tab.errors() == []


def test_findings_are_there(tab):
    tab.show("findings")
    tab.wait(lambda: "Do examples of the language help Whisper?" in tab.text("#findings"), "the findings")
    assert "Not measured yet." in tab.text("#findings")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, theme):
    page.open(f"__theme={theme}")
    page.show("results")
    page.click("#table tr[data-language='chr'] button")
    page.wait(lambda: page.all("#utterances .utterance"), "the utterances")
    script = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
    for part in ("languages", "charts", "findings"):
        page.show(part)
        assert page.driver.execute_script(script) == []


def test_on_a_phone_the_table_scrolls_in_its_box_and_charts_fit(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open()
        page.show("results")
        page.wait(lambda: page.all("#table tbody tr"), "the table")
        box = "const box = document.querySelector('#table .scroll'); return box.scrollWidth - box.clientWidth"
        assert page.driver.execute_script(box) > 100
        assert "more" in page.one("#table .scroll").get_attribute("class"), "a shadow says so"
        cells = page.all("#table tbody tr:first-child > *")
        assert cells[1].rect["x"] + cells[1].rect["width"] < PHONE["width"], "a figure is in sight"
        page.driver.execute_script("document.querySelector('#table .scroll').scrollLeft = 150")
        page.wait(lambda: page.all("#table .scroll.moved"), "the other shadow")
        assert cells[0].rect["x"] >= 0, "the first column stays"
        for part in ("charts", "findings", "languages"):
            page.show(part)
            wide = page.driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], f"{part}: nothing makes the page scroll sideways"
        page.show("charts")
        page.wait(lambda: page.all("#plot .main-svg"), "the chart")
        page.wait(lambda: page.one("#plot .main-svg").rect["width"] <= PHONE["width"], "the chart to fit")
        assert page.one("#plot .main-svg").rect["height"] >= 300
        legend = page.one("#caption .chart-legend").rect
        assert legend["y"] > page.one("#plot").rect["y"] + 300, "below"
        assert legend["x"] + legend["width"] <= PHONE["width"], "whole"
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
