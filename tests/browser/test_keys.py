"""A visitor's key in a browser: shown, copied, and entered where nobody has been."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser.page import PHONE, Page
from tests.browser.steps import findings, name, said, shown


@pytest.fixture(params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, driver: webdriver.Chrome, served: str) -> Iterator[Page]:
    driver.get_log("browser")
    page = Page(driver, served).open()
    if request.param == "phone":
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    emptied(page)
    yield page
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")


def emptied(page: Page) -> None:
    """A browser that has never been here."""
    page.driver.execute_script("localStorage.clear()")
    shown(page.open())


def unfolded(page: Page) -> None:
    page.click("#own-keys > button")
    page.wait(lambda: page.one("#own-show-key").is_displayed(), "the buttons of the key")


def test_a_key_that_is_copied_opens_what_it_belongs_to_elsewhere(page: Page) -> None:
    name(page, "mbosh", "mdw")
    unfolded(page)
    assert not page.all("#own-secret"), "a key is shown when it is asked for"
    page.click("#own-show-key")
    page.wait(lambda: len(page.value("#own-secret :is(input, textarea)")) == 32, "the key")
    key = page.value("#own-secret :is(input, textarea)")
    assert findings(page) == []
    emptied(page)
    page.wait(lambda: "Begin with the name" in said(page), "an empty tab")
    unfolded(page)
    page.one("#own-wanted input").send_keys(key)
    page.click("#own-enter-key")
    page.wait(lambda: "is here now" in said(page), "what is theirs")
    assert "Mboshi" in page.text("#own-named")
    page.click("#own-another")
    page.wait(lambda: "the other language" in said(page), "another language")
    assert page.value("#own-secret :is(input, textarea)") == key
    name(page, "scottish", "gla")
    assert "Scottish Gaelic" in page.text("#own-named")
    assert page.driver.execute_script(
        "return document.documentElement.scrollWidth"
    ) <= page.driver.execute_script("return window.innerWidth")
    assert page.errors() == []
