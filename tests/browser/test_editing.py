"""The editor of a transcript, on a desktop and on a phone: heard by segment and word, by hand and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.editor import arriving, drawn, field, keys, opened, serving
from tests.browser.page import Page
from tests.browser.steps import findings, shown
from tests.support.cut_by_hand import TEXTS


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("editing")) as there:
        yield there


@pytest.fixture(params=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, visited: tuple[str, Path]
) -> Iterator[Page]:
    with arriving(driver, visited, request.param) as page:
        yield page


def audio(page: Page, what: str) -> Any:
    return page.driver.execute_script(f"return document.querySelector('#own-part audio').{what}")


def remembered(page: Page) -> None:
    """Note where the sound has been played from, and how far."""
    page.driver.execute_script(
        "const audio = document.querySelector('#own-part audio'); window.heard = [];"
        "audio.addEventListener('playing', () => window.heard.push(audio.currentTime));"
        "audio.addEventListener('pause', () => window.heard.push(audio.currentTime));"
    )


def heard(page: Page) -> list[float]:
    return page.driver.execute_script("return window.heard")


def test_the_waveform_shows_the_segment_with_its_words_and_a_little_around(page: Page) -> None:
    parts = page.driver.execute_script(
        "return [...document.querySelector('.wave-lane > div').shadowRoot.querySelectorAll('[part~=region]')]"
        ".map((region) => region.textContent)"
    )
    assert sorted(parts) == sorted(["", "", *TEXTS[0].split()]), "the segment, the one after it, and words"
    assert 2.3 < audio(page, "duration") < 2.5
    assert not page.one("#own-part audio").is_displayed(), "the waveform is in its place"
    assert page.driver.execute_script(
        "return document.documentElement.scrollWidth"
    ) <= page.driver.execute_script("return window.innerWidth")
    page.click("#own-part .wave-keys summary")
    assert "Open the next segment" in page.one("#own-part .wave-keys").text
    assert findings(page) == []
    assert page.errors() == []


def test_who_opens_a_transcript_by_a_key_writes_on_in_its_text(page: Page) -> None:
    page.one("#own-results .pick-row[data-part='1']").send_keys(Keys.ENTER)
    drawn(page, 1)
    page.wait(lambda: page.driver.switch_to.active_element == field(page), "the field of its text")
    page.driver.switch_to.active_element.send_keys(Keys.END, " on")
    assert page.value("#own-part-text textarea") == f"{TEXTS[1]} on"
    page.driver.execute_script("document.activeElement.blur()")
    opened(page, 0)
    assert page.driver.switch_to.active_element != field(page), "a tap brings no keyboard up"


def test_previous_and_next_by_key_and_by_hand_and_letters_stay_letters(page: Page) -> None:
    page.click("#own-part-text textarea")
    keys(page, Keys.ARROW_DOWN)
    drawn(page, 1)
    assert page.value("#own-part-text textarea") == TEXTS[1]
    assert page.driver.switch_to.active_element == field(page), "one goes on writing"
    field(page).send_keys(Keys.END, " jplw.,")
    assert page.value("#own-part-text textarea") == f"{TEXTS[1]} jplw.,"
    assert audio(page, "paused")
    keys(page, Keys.ARROW_UP)
    drawn(page, 0)
    assert not page.one("[data-do='previous']").is_enabled()
    page.click("[data-do='next']")
    drawn(page, 1)
    page.wait(lambda: page.driver.switch_to.active_element.text == "Next", "the focus stays on the button")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    drawn(page, 2)
    assert not page.one("[data-do='next']").is_enabled()
    assert page.errors() == []


def test_a_word_is_heard_where_it_is_clicked_and_the_segment_by_a_key(page: Page) -> None:
    remembered(page)
    page.click("#own-part .wave-word:nth-child(3)")
    page.wait(lambda: len(heard(page)) == 2, "the word")
    start, end = heard(page)
    assert start == pytest.approx(0.8, abs=0.1), "the sound begins with the recording"
    assert end == pytest.approx(1.0, abs=0.15)
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.HOME)
    keys(page, "w")
    page.wait(lambda: len(heard(page)) == 4, "the first word")
    assert heard(page)[2] == pytest.approx(0.2, abs=0.1)
    assert page.value("#own-part-text textarea") == TEXTS[0]


def test_slower_and_repeat_stay_for_the_next_segment(page: Page) -> None:
    page.click("#own-part-text textarea")
    keys(page, ",")
    keys(page, "l")
    assert audio(page, "playbackRate") == 0.75
    keys(page, Keys.ARROW_DOWN)
    drawn(page, 1)
    page.wait(lambda: audio(page, "playbackRate") == 0.75, "the pace")
    assert page.one("[data-do='repeat']").get_attribute("aria-pressed") == "true"
    assert page.one("[data-speed='0.75']").get_attribute("aria-pressed") == "true"
    assert "have no times" in page.text("#own-part .wave"), "that is said where words have none"
    remembered(page)
    page.driver.execute_script(
        "window.turns = 0; document.querySelector('#own-part audio').onseeked = () => turns++"
    )
    keys(page, "p")
    page.wait(lambda: page.driver.execute_script("return window.turns") >= 3, "the segment once more")
    keys(page, "p")
    page.wait(lambda: audio(page, "paused"), "the pause")
    keys(page, "l")
    keys(page, ".")
    assert (audio(page, "playbackRate"), page.errors()) == (1, [])


def test_by_keyboard_alone_words_are_walked_and_the_waveform_is_a_slider(page: Page) -> None:
    first = page.one("#own-part .wave-word")
    first.send_keys(Keys.ARROW_RIGHT)
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert page.driver.switch_to.active_element.text == "la"
    assert len(page.all("#own-part .wave-word[tabindex='0']")) == 1
    slider = page.driver.execute_script(
        "const bar = document.querySelector('.wave-lane > div').shadowRoot.querySelector('[role=slider]');"
        "bar.focus(); return [bar.ariaLabel, bar.ariaValueNow]"
    )
    assert slider == ["Position in the recording", "0.2"]
    before = audio(page, "currentTime")
    ActionChains(page.driver).send_keys(Keys.ARROW_RIGHT).perform()
    assert audio(page, "currentTime") == pytest.approx(before + 0.25, abs=0.01)


def test_without_the_component_the_plain_player_stays(page: Page) -> None:
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*smile/wave*"]})
    try:
        shown(page.open())
        page.click("#own-results .pick-row[data-part='0']")
        page.wait(lambda: page.all("#own-part .wave.plain"), "the plain player")
        assert page.one("#own-part audio").is_displayed()
        page.click("#own-part .wave-word:nth-child(3)")
        page.wait(lambda: audio(page, "currentTime") > 0.7, "the word")
    finally:
        page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        page.driver.execute_cdp_cmd("Network.disable", {})


def test_what_is_written_is_there_after_a_reload_and_is_no_correction(page: Page) -> None:
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.END, " ŋ")
    page.wait(lambda: "Draft saved" in page.text("#own-part-saved"), "the draft")
    keys(page, Keys.ARROW_DOWN)
    drawn(page, 1)
    field(page).send_keys(" b")
    keys(page, Keys.ARROW_UP)  # at once: the draft goes along
    drawn(page, 0)
    shown(page.open())
    page.wait(lambda: page.text("#own-results").count("a draft of yours") == 2, "both drafts in the list")
    assert not page.all("#own-results .badge"), "none is a correction"
    opened(page, 0)
    assert page.value("#own-part-text textarea") == f"{TEXTS[0]} ŋ"
    assert "your draft" in page.text("#own-part-saved")
    opened(page, 1)
    assert page.value("#own-part-text textarea") == f"{TEXTS[1]} b"
    assert page.errors() == []


def test_special_characters_are_written_where_the_cursor_is(page: Page) -> None:
    assert [b.text for b in page.all(".wave-palette button")] == ["á", "ŋ", "\u25cc\u0323"]
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.HOME, Keys.ARROW_RIGHT)
    page.click("[data-insert='ŋ']")
    keys(page, "c")
    page.driver.switch_to.active_element.send_keys(Keys.END)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.value("#own-part-text textarea") == "wŋ\u0323a áyaa la tsáa"
    page.wait(lambda: "Draft saved" in page.text("#own-part-saved"), "the draft")
    for _ in range(2):
        page.driver.switch_to.active_element.send_keys(Keys.CONTROL + "z")
    assert page.value("#own-part-text textarea") == TEXTS[0], "the field's own undo"
    page.wait(lambda: "there is no draft" in page.text("#own-part-saved"), "its end")
    assert findings(page) == []
    assert page.errors() == []


def test_a_draft_of_another_window_stays_and_is_told(page: Page) -> None:
    first, address = page.driver.current_window_handle, page.driver.current_url
    page.driver.switch_to.new_window("tab")
    try:
        page.driver.get(address)
        shown(page)
        opened(page, 0)
        field(page).send_keys(Keys.END, " two")
        page.wait(lambda: "Draft saved" in page.text("#own-part-saved"), "the draft of the second window")
        page.driver.switch_to.window(first)
        field(page).send_keys(Keys.END, " one")
        page.wait(lambda: "Another window" in page.text("#own-part-saved .problem"), "the sentence")
        assert page.value("#own-part-text textarea") == f"{TEXTS[0]} one", "nothing is taken away"
        opened(page, 1)
        opened(page, 0)
        assert page.value("#own-part-text textarea") == f"{TEXTS[0]} two"
        field(page).send_keys(Keys.END, "!")
        page.wait(lambda: "Draft saved" in page.text("#own-part-saved"), "a draft that knows the other")
    finally:
        page.driver.switch_to.window(next(h for h in page.driver.window_handles if h != first))
        page.driver.close()
        page.driver.switch_to.window(first)


def test_a_segment_is_split_at_the_caret_merged_again_and_both_taken_back(page: Page) -> None:
    page.click("#own-part-text textarea")
    field(page).send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * len("wa áyaa"))
    keys(page, "k")
    page.wait(lambda: "was split" in page.text("#own-stage"), "the split")
    assert page.value("#own-part-text textarea") == "wa áyaa"
    assert len([field for field in page.all("#own-part textarea") if field.is_displayed()]) == 1
    assert [row.text for row in page.all("#own-results .pick-row")][1].startswith("la tsáa")
    assert "0.2 to 0.8 s" in page.text("#own-part figcaption")
    page.click("[data-do='merge']")
    page.wait(lambda: "was merged" in page.text("#own-stage"), "the merge")
    assert page.value("#own-part-text textarea") == TEXTS[0]
    assert len(page.all("#own-results .pick-row")) == 3
    assert page.text("[data-do='undo']") == "Take back the merge"
    for what, count in (("merge", 4), ("split", 3)):
        page.click("[data-do='undo']")
        page.wait(lambda w=what: f"last {w} was taken back" in page.text("#own-stage"), what)
        assert len(page.all("#own-results .pick-row")) == count
    assert not page.one("[data-do='undo']").is_enabled()
    assert page.value("#own-part-text textarea") == TEXTS[0]
    assert page.errors() == []


def test_control_and_enter_in_the_field_add_to_the_examples(page: Page) -> None:
    page.driver.execute_script(
        "window.presses = 0; document.querySelector('#own-learn').addEventListener('click', () => presses++)"
    )
    presses = lambda: page.driver.execute_script("return window.presses")  # noqa: E731
    page.click("#own-part .wave-keys summary")
    assert "Ctrl Enter" in page.one("#own-part .wave-keys").text.replace("\n", " ")
    for held in (Keys.ALT, Keys.CONTROL + Keys.SHIFT):
        field(page).send_keys(Keys.END, held, Keys.ENTER, Keys.NULL)
    page.one("#own-part .wave-word").send_keys(Keys.CONTROL, Keys.ENTER, Keys.NULL)
    assert presses() == 0, "other keys, and elsewhere than in the field"
    field(page).send_keys(Keys.CONTROL, "a", Keys.NULL)
    field(page).send_keys(Keys.BACKSPACE)
    field(page).send_keys(Keys.CONTROL, Keys.ENTER, Keys.NULL)
    page.wait(lambda: "Write what is said" in page.text("#own-stage"), "what the button answers")
    assert (presses(), page.value("#own-part-text textarea")) == (1, "")
    assert page.errors() == []
