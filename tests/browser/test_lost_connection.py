"""A connection that is lost for a while, and comes back, in a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from tests.browser.page import Page
from tests.support.fake_engine import HEARD, FakeEngine, tone
from tests.support.wire import Wire, wire


@pytest.fixture
def line(served: str) -> Iterator[Wire]:
    with wire(int(urlsplit(served).port or 0)) as laid:
        yield laid


@pytest.fixture
def far(driver: webdriver.Chrome, line: Wire, engine: FakeEngine) -> Iterator[Page]:
    """The page by a wire, with an engine that takes its time over three segments."""
    engine.lines, engine.pace, engine.error, engine.unread = 3, 0.15, None, 0
    yield Page(driver, line.address).open()
    engine.lines, engine.pace = 1, 0.0
    driver.get("about:blank")
    driver.get_log("browser")


def test_a_transcription_goes_on_once_the_connection_is_back(
    far: Page, line: Wire, engine: FakeEngine, tmp_path: Path
) -> None:
    far.choose("pool", "Gaelic")
    far.upload(tone(tmp_path / "tunnel.wav", 21, 320))
    far.start()
    far.wait(lambda: HEARD in far.vanilla.partition("valt")[2], "the second segment")
    line.cut()
    far.wait(lambda: "Connection to the server was lost" in far.text("body"), "the page to say so")
    line.mend()
    far.wait(lambda: far.all("#stage .done"), "the end")
    assert far.vanilla.count(HEARD) == 3


def test_a_short_one_does_too(far: Page, line: Wire, engine: FakeEngine, tmp_path: Path) -> None:
    engine.lines = 1
    far.choose("pool", "Gaelic")
    far.upload(tone(tmp_path / "bridge.wav", 5, 330))
    far.start()
    far.wait(lambda: far.vanilla.startswith("Jeelone"), "the first word")
    line.cut()
    far.wait(lambda: "Connection to the server was lost" in far.text("body"), "the page to say so")
    line.mend()
    far.wait(lambda: far.all("#stage .done"), "the end")
    assert far.vanilla == HEARD


def asks_before_leaving(page: Page) -> bool:
    """Whether the browser would ask before the page is left or loaded anew."""
    ask = "const event = new Event('beforeunload', {cancelable: true}); return !window.dispatchEvent(event)"
    return bool(page.driver.execute_script(ask))


def sent_later(far: Page, line: Wire) -> None:
    """Mend the connection that something could not be sent for, and wait until it is with the server."""
    far.wait(lambda: "This is sent as soon as it is back" in far.text(".unsent"), "the page to say so")
    assert asks_before_leaving(far)
    line.mend()
    far.wait(lambda: not far.all(".unsent"), "what was not sent yet")
    assert not asks_before_leaving(far)
    time.sleep(2.0)  # until the server has ended what was asked for before, 3 s after the cut


def test_a_recording_that_could_not_be_sent_is_sent_once_it_is_back(
    far: Page, line: Wire, engine: FakeEngine
) -> None:
    engine.lines = 1
    far.choose("pool", "Gaelic")
    far.click("#audio button.record-button")
    time.sleep(1.0)
    line.cut()
    far.click("#audio button.stop-button")
    sent_later(far, line)
    far.start()
    far.wait(lambda: far.all("#stage .done"), "the end")
    assert far.vanilla == HEARD


def test_a_file_is_too(far: Page, line: Wire, tmp_path: Path) -> None:
    far.click("#audio button[aria-label='Upload file']")
    time.sleep(0.5)  # the page tells the server of another source
    line.cut()
    far.one("#audio input[type='file']").send_keys(str(tone(tmp_path / "valley.wav", 2, 340)))
    sent_later(far, line)
    far.wait(lambda: far.all("#audio .play-pause-button"), "the recording")
