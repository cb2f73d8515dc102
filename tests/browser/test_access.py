"""What everybody needs of the page: axe-core finds nothing serious on any tab, and the keyboard is enough."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.page import PHONE, PLAY, Page
from tests.browser.steps import findings


def unclear(page: Page) -> list[str]:
    """The buttons in sight that do not say what they do."""
    return [e.text for e in page.all("button") if e.is_displayed() and e.text.strip() == "Download"]


def sights(page: Page):
    """Show the tabs one after the other, each with what appears in it; give their names."""
    yield "the page as it opens"
    page.pick_example()
    page.transcribe()
    yield "transcripts"
    page.show("compare")
    page.click("#compare-example label:nth-of-type(1)")
    page.wait(lambda: page.all("#compare-audio button[aria-label='Play']"), "the recording")
    page.click("#compare-start")
    page.wait(lambda: page.all("#compare-stage .done"), "the cells", 60)
    yield "compared cells"
    page.show("own")
    yield "My language"
    page.show("map")
    page.wait(lambda: page.all("#map-plot .plot[data-drawn]"), "the map", 60)
    page.choose("map-test", "Diluain") if page.all("#map-test input") else None
    yield "the map"
    page.show("results")
    page.click("#table tr[data-language='chr'] button")
    page.wait(lambda: page.all("#utterances .utterance"), "the utterances")
    page.click("#legend summary")
    yield "results"
    for part in ("charts", "findings"):
        page.show(part)
        yield part


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(page, theme):
    page.open(f"__theme={theme}")
    for sight in sights(page):
        assert findings(page) == [], sight
        assert unclear(page) == [], sight
    assert page.errors() == []


def test_axe_finds_nothing_serious_in_results_on_a_phone(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open()
        page.show("results")
        page.wait(lambda: page.all("#table tbody tr"), "the table")
        assert findings(page) == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_keyboard_picks_a_part_of_a_condition(page):
    page.show("results")
    page.wait(lambda: page.all("#table tbody tr"), "the table")
    field = page.one("#condition-model input")
    field.send_keys("")  # its list opens with the focus
    page.wait(lambda: page.all("ul[role='listbox'] li"), "the options")
    field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.wait(lambda: not page.text("#summary h3").startswith("untrained"), "another condition")
    assert page.errors() == []


def test_words_of_the_glossary_explain_themselves_to_a_key_and_to_a_finger(page):
    page.pick_example()
    page.transcribe()
    page.click("#smile .more-facts summary")
    page.driver.execute_script("document.querySelector('#smile .more-facts .term').focus()")
    word = page.driver.switch_to.active_element
    assert word.text == "Language token"
    word.send_keys(Keys.ENTER)
    page.wait(lambda: page.one("#term-line").is_displayed(), "its line")
    assert page.text("#term-line").startswith("The token of the prompt that names a language")
    assert word.get_attribute("aria-expanded") == "true"
    assert findings(page) == []
    word.send_keys(Keys.ESCAPE)
    assert not page.one("#term-line").is_displayed()
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.click("#neighbours .neighbour:last-of-type .term")
        assert "Kullback-Leibler" in page.text("#term-line")
        box = page.one("#term-line").rect
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
        page.click("#neighbours h3")
        assert not page.one("#term-line").is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert page.errors() == []


def focused(page: Page) -> str:
    return str(page.driver.execute_script("return document.activeElement.id"))


def test_arrows_go_on_through_the_example_clips(page):
    picked = "return [...document.querySelectorAll('#example input')].findIndex((one) => one.checked)"
    page.one("#example input").send_keys("")
    for key, number in ((Keys.ARROW_DOWN, 1), (Keys.ARROW_DOWN, 2), (Keys.ARROW_UP, 1)):
        page.driver.switch_to.active_element.send_keys(key)
        page.wait(lambda number=number: page.driver.execute_script(picked) == number, f"clip {number}", 10)
        page.wait(lambda: page.all(PLAY), "its audio")


def test_every_choice_shows_that_it_has_the_focus(page):
    ring = "const label = arguments[0].closest('label'); return getComputedStyle(label).outlineStyle"
    for tab, css in (("transcribe", "#example"), ("compare", "#compare-ways"), ("results", "#metric")):
        page.show(tab)
        page.wait(lambda css=css: page.all(f"{css} input"), css)
        choice = page.one(f"{css} input")
        choice.send_keys(Keys.TAB)
        choice = page.driver.switch_to.active_element
        choice.send_keys(Keys.SHIFT + Keys.TAB)
        choice = page.driver.switch_to.active_element
        assert page.driver.execute_script(ring, choice) == "solid", css


def test_who_presses_a_key_has_the_focus_back_once_the_button_can_be_pressed_again(page):
    page.pick_example()
    page.one("#start").send_keys(Keys.ENTER)
    page.wait(lambda: page.all("#download, #stage .error"), "the end")
    page.wait(lambda: focused(page) == "start", "the focus", 10)


def test_the_focus_of_what_has_gone_stays_in_its_part_of_the_page(page):
    page.driver.execute_script(
        "document.body.insertAdjacentHTML('afterbegin',"
        "`<section id='around'>A part<div><button id='going'>Go</button></div></section>`)"
    )
    page.one("#going").send_keys(Keys.ENTER)
    page.driver.execute_script("document.querySelector('#going').parentElement.remove()")
    page.wait(lambda: focused(page) == "around", "the focus in its part", 10)
    assert page.errors() == []
