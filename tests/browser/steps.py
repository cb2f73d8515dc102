"""Steps that tests of several tabs take, and what axe-core says of what is in sight."""

from __future__ import annotations

import time
from typing import Any

from axe_core_python.selenium import Axe

from tests.browser.page import PHONE, Page

SERIOUS = ("serious", "critical")
NAMED = ("Your language is", "Votre langue est")


def shown(page: Page) -> None:
    page.show("own")
    page.wait(lambda: page.all("#own-search :is(input, textarea)"), "the tab")


def name(page: Page, typed: str, code: str) -> None:
    page.one("#own-search :is(input, textarea)").send_keys(typed)
    page.wait(lambda: page.all(f"#own-matches input[value='{code}']"), "the language")
    page.click(f"#own-matches label:has(input[value='{code}'])")
    page.wait(lambda: any(words in said(page) for words in NAMED), "the name")


def said(page: Page) -> str:
    return page.text("#own-stage p")


def findings(page: Page, within: str | None = None) -> list[tuple[Any, ...]]:
    """What axe-core objects to seriously in what is in sight, or in a part of it."""
    time.sleep(0.6)  # until what is enabled again has its colours
    found = Axe().run(page.driver, within)["violations"]
    return [
        (one["id"], node["html"][:120], [check["message"] for check in node["any"]])
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def width_on_a_phone(page: Page) -> int:
    """How wide the page is, in pixels, while the window is a phone's."""
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        return int(page.driver.execute_script("return document.documentElement.scrollWidth"))
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
