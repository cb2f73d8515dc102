"""A microphone that is refused, absent or busy: what is said, and that Record works again."""

from __future__ import annotations

import pytest

from tests.browser.page import Page

pytestmark = pytest.mark.browser
FAIL = """
const media = navigator.mediaDevices;
window.refusedBy = arguments[0];
const own = Object.getPrototypeOf(media).getUserMedia;
Object.getPrototypeOf(media).getUserMedia = function (wanted) {
  return window.refusedBy ? Promise.reject(new DOMException("no", window.refusedBy)) : own.call(this, wanted);
};
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", "allow it"),
        ("NotFoundError", "connect one"),
        ("NotReadableError", "another program"),
    ],
)
def test_it_is_told_and_record_works_again(page: Page, name: str, said: str) -> None:
    script = f"window.refusedBy = {name!r};" + FAIL.replace("window.refusedBy = arguments[0];", "")
    shown = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    page.open()
    page.click("#audio button.record-button")
    page.wait(lambda: page.all(".refused"), "the sentence")
    assert said in page.text(".refused")
    page.wait(lambda: page.all("#audio button.record-button"), "the recorder to be there again")
    page.driver.execute_script("window.refusedBy = ''")
    page.record(0.5)
    assert not page.all(".refused")
    page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", shown)
