"""A connection that is lost for a while, and comes back, in a browser."""

from __future__ import annotations

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
