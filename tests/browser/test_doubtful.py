"""Doubtful words of a visitor's transcripts: marked, with numbers, and found one after the other by a key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.exporting import Span, TieredTranscript
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.ui import VisitorService, build_app, look
from tests.browser.page import PHONE, Page
from tests.browser.steps import findings, name, shown
from tests.conftest import POOLS
from tests.support.fake_engine import FakeEngine

SURE = {"wa": 0.93, "áyaa": 0.31, "la": 0.62, "tsáa": 0.2}


@pytest.fixture
def page(driver: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    """The tab of a visitor whose recording was transcribed by a pool with an acoustic model."""
    engine, visitors = FakeEngine(tmp_path), Workspaces(tmp_path / "visitors", 24)
    app = build_app(engine, service=VisitorService(engine, visitors))  # type: ignore[arg-type]
    app.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
    page = Page(driver, app.local_url).open()
    driver.execute_script("localStorage.clear()")
    shown(page.open())
    name(page, "mbosh", "mdw")
    transcribed(next((tmp_path / "visitors").rglob("state.json")).parent)
    driver.get_log("browser")
    yield page
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")
    app.close()


def transcribed(folder: Path) -> None:
    shutil.copy(open_pool(POOLS / "gla").queries[0].audio, folder / "recordings" / "new.ogg")
    words = tuple(Span(0.3 * n, 0.3 * n + 0.2, w, c) for n, (w, c) in enumerate(SURE.items()))
    tiers = tuple((tier, (Span(0.0, 2.0, " ".join(SURE), 0.8, words),)) for tier in ("Acoustic model", "x"))
    kept = {"transcript": asdict(TieredTranscript("new.ogg", 3.0, tiers, "mdw")), "problem": ""}
    kept |= {"version": "", "examples": 3}
    (folder / "transcripts.json").write_text(json.dumps({"new.ogg": kept}), encoding="utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_key_goes_from_one_doubtful_word_to_the_next(page: Page, theme: str) -> None:
    if theme == "dark":
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    shown(page.open(f"__theme={theme}"))
    page.click("#own-results .next-doubt")
    page.wait(lambda: page.text(".doubt-at").startswith("áyaa: 31 % sure, 1 of 2"), "the first")
    page.driver.switch_to.active_element.send_keys("n")
    page.wait(lambda: page.text(".doubt-at").startswith("tsáa: 20 % sure, 2 of 2"), "the next")
    page.driver.switch_to.active_element.send_keys(Keys.SHIFT, "n")
    page.wait(lambda: page.text(".doubt-at").startswith("áyaa"), "the one before")
    assert page.text("table .doubt.at") == "áyaa (31 % sure)"
    assert page.one("#own-timed").is_displayed()
    assert findings(page) == []
    assert page.errors() == []
