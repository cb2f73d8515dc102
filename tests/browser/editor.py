"""The editor of a transcript with a visitor before it, as tests of it begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from smile.own import changes
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.ui import VisitorService, build_app
from tests.browser.page import PHONE, Page
from tests.browser.steps import name, shown
from tests.conftest import POOLS
from tests.support.cut_by_hand import TEXTS, transcribed
from tests.support.fake_engine import FakeEngine
from tests.support.launched import launched

MARKS = "ŋgá o\u0323"  # of the examples


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a page; give its address, and the folder of its visitors."""
    engine, visitors = FakeEngine(folder), Workspaces(folder / "visitors", 24)
    service = VisitorService(engine, visitors)  # type: ignore[arg-type]
    with launched(build_app(engine, service=service)) as app:  # type: ignore[arg-type]
        yield app.local_url, folder / "visitors"


@contextmanager
def arriving(
    driver: webdriver.Chrome, visited: tuple[str, Path], where: str, texts: Sequence[str] = TEXTS
) -> Iterator[Page]:
    """Open the tab of a visitor whose recording has three segments, the first of them open."""
    address, visitors = visited
    before = set(visitors.rglob("state.json"))
    page = Page(driver, address).open()
    driver.execute_script("localStorage.clear()")
    if where == "phone":
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    shown(page.open("__theme=dark" if where == "phone" else ""))
    name(page, "mbosh", "mdw")
    (state,) = set(visitors.rglob("state.json")) - before
    transcribed(state.parent, texts)
    examples(state.parent)
    shown(page.open())
    driver.get_log("browser")
    opened(page, 0)
    yield page
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")


@contextmanager
def arriving_with(
    driver: webdriver.Chrome, visited: tuple[str, Path], where: str
) -> Iterator[tuple[Page, Workspace]]:
    """Do the same, and give the visitor's folder beside the page."""
    before = set(visited[1].rglob("state.json"))
    with arriving(driver, visited, where) as page:
        (state,) = set(visited[1].rglob("state.json")) - before
        yield page, Workspace(state.parent)


def examples(folder: Path) -> None:
    """Lay out two examples, with letters that no ordinary keyboard has."""
    demo = open_pool(POOLS / "gla")
    clips = tuple(replace(u, text=text) for u, text in zip(demo.utterances, (MARKS, "kwe"), strict=False))
    with Workspace(folder).change("2 examples added") as change:
        changes.joined(None, replace(demo, utterances=clips, embeddings=demo.embeddings[:2]), change.out)


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
