"""The tab Transcribe on a phone: what is looked at first stands first, whole, and within reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.page import PHONE, Page
from tests.browser.steps import findings
from tests.support.fake_engine import FakeEngine


@pytest.fixture
def phone(page: Page) -> Iterator[Page]:
    """The page on a phone, just opened."""
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    yield page.open()
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def box(page: Page, css: str) -> dict[str, Any]:
    """Where an element stands in the window."""
    found = page.driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", page.one(css))
    assert isinstance(found, dict)
    return found


def in_view(page: Page, css: str) -> bool:
    where = box(page, css)
    return where["height"] > 0 and where["top"] >= 0 and where["bottom"] <= PHONE["height"]


def settled(page: Page) -> None:
    """Wait until the page scrolls no more."""
    was = [-1.0]

    def still() -> bool:
        before, was[0] = was[0], box(page, "#results")["top"]
        return before == was[0]

    page.wait(still, "the page to come to rest")


def test_settings_are_folded_away_below_the_result(phone):
    assert not phone.one("#level").is_displayed()
    assert box(phone, "#results")["bottom"] <= box(phone, "#settings")["top"]
    assert box(phone, "#asked")["bottom"] <= box(phone, "#results")["top"]
    button = "button.fold[aria-controls='settings']"
    phone.click(button)
    phone.wait(lambda: phone.one("#level").is_displayed(), "the settings")
    assert phone.one(button).get_attribute("aria-expanded") == "true"
    phone.set_number("shots", 2)
    phone.wait(lambda: phone.query.get("shots") == "2", "the setting in the address")
    assert findings(phone) == []
    phone.click(button)
    assert not phone.one("#level").is_displayed()
    assert phone.errors() == []


def test_no_choice_is_cut_off(phone):
    phone.click("button.fold[aria-controls='settings']")
    phone.wait(lambda: phone.one("#level").is_displayed(), "the settings")
    for label in phone.all("#level label, #sampler label"):
        inner, outer = label.find_element("css selector", "span").rect, label.rect
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"], label.text
        assert label.get_property("scrollWidth") <= label.get_property("clientWidth"), label.text
    level = phone.one("#level .wrap").rect
    assert all(
        one.rect["x"] + one.rect["width"] <= level["x"] + level["width"] for one in phone.all("#level label")
    )


def test_cancel_is_in_view_and_then_both_transcripts(phone: Page, engine: FakeEngine) -> None:
    phone.pick_example()
    engine.pace = 0.3
    phone.start()
    phone.wait(lambda: phone.all("#stop"), "the button")
    settled(phone)
    assert in_view(phone, "#stop")
    assert in_view(phone, "#stage p")
    phone.wait(lambda: phone.smile != "Nothing yet.", "the second transcript")
    assert in_view(phone, "#stop")
    engine.pace = 0.0
    phone.wait(lambda: phone.all("#download"), "the end")
    settled(phone)
    assert in_view(phone, "#vanilla .card")
    assert in_view(phone, "#smile .card")
    assert "CER" in phone.one("#smile .rates").text
    assert not phone.one("#smile .facts").is_displayed()
    phone.click("button.fold[aria-controls='results']")
    phone.wait(lambda: phone.one("#smile .facts").is_displayed(), "the figures")
    assert phone.one("#vanilla .diff").is_displayed()
    assert findings(phone) == []
    assert phone.errors() == []


def test_on_a_desk_nothing_is_folded(page: Page) -> None:
    page.pick_example()
    page.transcribe()
    assert page.one("#level").is_displayed()
    assert page.one("#smile .facts").is_displayed()
    assert not any(button.is_displayed() for button in page.all("button.fold"))
    left, right = box(page, "#asked"), box(page, "#results")
    assert left["right"] < right["left"]
    assert abs(left["top"] - right["top"]) < 2
    assert 0 <= box(page, "#settings")["top"] - left["bottom"] < 40


def test_in_the_dark_nothing_beyond_the_page_is_light(page: Page) -> None:
    page.open("__theme=dark")
    script = "return arguments[0].map(css => getComputedStyle(document.querySelector(css)).backgroundColor)"
    beyond, behind = page.driver.execute_script(script, ["body", "gradio-app"])
    assert beyond == behind != "rgba(0, 0, 0, 0)"
