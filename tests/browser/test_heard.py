"""A result of the tab Transcribe is heard by segments and words; nothing of it stays with another clip."""

from __future__ import annotations

import pytest

from tests.browser.page import PHONE, Page
from tests.browser.steps import findings


@pytest.mark.parametrize("phone", [False, True])
def test_a_result_is_heard_word_by_word_until_another_clip_is_chosen(page: Page, phone: bool) -> None:
    if phone:
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        page.open("__theme=dark")
    try:
        page.pick_example()
        page.transcribe()
        page.wait(lambda: page.all("#heard .wave.drawn"), "the waveform")
        said = [word.text for word in page.all("#heard .wave-word:not(.wave-time)")]
        assert " ".join(said) == " ".join(page.smile.split())
        assert findings(page) == []
        start = page.all("#heard .wave-word")[-1].get_attribute("data-start")
        playing = "document.querySelector('#heard audio').onplaying = () => (window.heard = true)"
        page.driver.execute_script(f"window.heard = false; {playing}")
        page.click(f"#heard .wave-word[data-start='{start}']")
        page.wait(lambda: page.driver.execute_script("return window.heard"), "the word")
        now = float(page.driver.execute_script("return document.querySelector('#heard audio').currentTime"))
        assert float(start) - 0.1 <= now
        page.pick_example(1)
        page.wait(lambda: not page.all("#heard .wave"), "it to go")
        assert page.errors() == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
