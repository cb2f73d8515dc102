"""The editor of a transcript, on a desktop and on a phone: heard by segment and word, by hand and by keys."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from smile.exporting import Span, TieredTranscript
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.ui import VisitorService, build_app, look
from tests.browser.page import PHONE, Page
from tests.browser.steps import findings, name, shown
from tests.conftest import POOLS
from tests.support.fake_engine import FakeEngine

TEXTS = ("wa áyaa la tsáa", "ngá o kwé", "bisí dí boo")
CUTS = ((0.2, 1.4), (1.5, 2.5), (2.6, 3.6))
ODDS = (0.93, 0.31, 0.62, 0.2)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    folder = tmp_path_factory.mktemp("editing")
    engine, visitors = FakeEngine(folder), Workspaces(folder / "visitors", 24)
    app = build_app(engine, service=VisitorService(engine, visitors))  # type: ignore[arg-type]
    app.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
    yield app.local_url, folder / "visitors"
    app.close()


@pytest.fixture(params=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, visited: tuple[str, Path]
) -> Iterator[Page]:
    """The tab of a visitor whose recording has three segments, the first of them open."""
    address, visitors = visited
    before = set(visitors.rglob("state.json"))
    page = Page(driver, address).open()
    driver.execute_script("localStorage.clear()")
    if request.param == "phone":
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    shown(page.open("__theme=dark" if request.param == "phone" else ""))
    name(page, "mbosh", "mdw")
    (state,) = set(visitors.rglob("state.json")) - before
    transcribed(state.parent)
    shown(page.open())
    driver.get_log("browser")
    opened(page, 0)
    yield page
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")


def transcribed(folder: Path) -> None:
    """Lay out a recording with its transcript, whose first segment alone has words with times."""
    clip = max(open_pool(POOLS / "gla").queries, key=lambda query: query.seconds)
    shutil.copy(clip.audio, folder / "recordings" / "new.ogg")
    said = TEXTS[0].split()
    words = tuple(
        Span(0.2 + 0.3 * n, 0.4 + 0.3 * n, w, c) for n, (w, c) in enumerate(zip(said, ODDS, strict=True))
    )
    spans = tuple(
        Span(*cut, text, parts=words if not n else ())
        for n, (cut, text) in enumerate(zip(CUTS, TEXTS, strict=True))
    )
    made = TieredTranscript("new.ogg", 3.9, (("SMILE", spans), ("Whisper alone", spans)), "mdw")
    kept = {"transcript": asdict(made), "problem": "", "version": "", "examples": 3}
    (folder / "transcripts.json").write_text(json.dumps({"new.ogg": kept}), encoding="utf-8")


def opened(page: Page, number: int) -> None:
    """Open a segment from the list."""
    page.click(f"#own-results .pick-row[data-part='{number}']")
    page.wait(lambda: page.all(f"#own-part .wave.drawn[data-part='{number}']"), "the waveform")


def drawn(page: Page, number: int) -> None:
    page.wait(lambda: page.all(f"#own-part .wave.drawn[data-part='{number}']"), f"segment {number}")


def field(page: Page) -> Any:
    return page.one("#own-part-text textarea")


def keys(page: Page, key: str) -> None:
    """Press a key together with Alt, wherever the focus is."""
    ActionChains(page.driver).key_down(Keys.ALT).send_keys(key).key_up(Keys.ALT).perform()


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


def test_previous_and_next_by_key_and_by_hand_and_letters_stay_letters(page: Page) -> None:
    field(page).click()
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
    field(page).click()
    field(page).send_keys(Keys.HOME)
    keys(page, "w")
    page.wait(lambda: len(heard(page)) == 4, "the first word")
    assert heard(page)[2] == pytest.approx(0.2, abs=0.1)
    assert page.value("#own-part-text textarea") == TEXTS[0]


def test_slower_and_repeat_stay_for_the_next_segment(page: Page) -> None:
    field(page).click()
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
