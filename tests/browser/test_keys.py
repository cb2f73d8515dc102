"""A visitor's key and languages in a browser: one key opens all of them, here and elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.ui import VisitorService
from smile.ui.own import keys
from smile.ui.own import page as own_page
from tests.browser.editor import examples
from tests.browser.page import PHONE, Page
from tests.browser.steps import findings, name, said, shown

LATE = """
window.late = window.waits = 0;
const before = window.fetch;
window.fetch = async (...asked) => {
  const late = window.late, proxied = window.proxied && String(asked[0]).includes("/run/");
  const busy = () => new Response("<html>Busy</html>", { status: window.proxied });
  const answer = proxied ? busy() : await before(...asked);
  if (late && String(asked[0]).includes("/run/")) {
    window.waits += 1;
    await new Promise((resolve) => setTimeout(resolve, late));
    window.waits -= 1;
  }
  return answer;
};
"""

ASKED = """
const [body, status, done] = arguments;
const { components, dependencies } = window.gradio_config;
const place = components.find(({ props }) => props?.storage_key === "smile-my-language").id;
const event = dependencies.find(({ inputs }) => inputs.includes(place)).id;
window.proxied = status;
const given = { method: "POST", body: body ?? JSON.stringify({ fn_index: event, data: [""] }) };
fetch("/gradio_api/run/predict", given)
  .then(async (answer) => done(`${answer.status} ${await answer.text()}`), (error) => done(String(error)))
  .finally(() => (window.proxied = 0));
"""


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


def languages(page: Page) -> list[str]:
    """The languages that the page offers."""
    return [str(label.text) for label in page.all("#own-languages label") if label.is_displayed()]


def chosen(page: Page) -> str:
    """The number of the one that is open, as the choice has it."""
    return str(page.driver.execute_script("return document.querySelector('#own-languages :checked')?.value"))


def begun(page: Page, *named: tuple[str, str]) -> None:
    """Begin these languages one after the other."""
    for number, (typed, code) in enumerate(named):
        if number:
            page.click("#own-another")
            page.wait(lambda: "name of the other language" in said(page), "another language")
            page.wait(lambda: page.value("#own-search :is(input, textarea)") == "", "the search, empty")
        name(page, typed, code)


def narrow_enough(page: Page) -> bool:
    wide = "return document.documentElement.scrollWidth <= window.innerWidth"
    return bool(page.driver.execute_script(wide))


def test_a_key_that_is_copied_opens_all_languages_elsewhere(page: Page) -> None:
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"))
    unfolded(page)
    assert not page.all("#own-secret"), "a key is shown when it is asked for"
    page.click("#own-show-key")
    page.wait(lambda: len(page.value("#own-secret :is(input, textarea)")) == 32, "the key, without a number")
    key = page.value("#own-secret :is(input, textarea)")
    assert findings(page) == []
    emptied(page)
    page.wait(lambda: "Begin with the name" in said(page), "an empty tab")
    assert not languages(page), "there is nothing to choose from"
    unfolded(page)
    page.one("#own-wanted input").send_keys(key)
    page.click("#own-enter-key")
    page.wait(lambda: "is here now" in said(page), "what is theirs")
    assert "Mboshi" in page.text("#own-named")
    assert "copy it now" not in said(page), "nothing was here before"
    assert languages(page) == ["Mboshi · no examples", "Scottish Gaelic · no examples"]
    assert narrow_enough(page)
    assert page.errors() == []


def test_languages_are_gone_between_by_keys_and_a_reload_opens_the_last(page: Page) -> None:
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"))
    assert chosen(page) == "2"
    assert findings(page) == []
    page.one("#own-languages input:checked").send_keys(Keys.ARROW_UP)
    page.wait(lambda: "Mboshi" in page.text("#own-named"), "the first language")
    page.wait(lambda: "Your language is Mboshi" in said(page), "how things stand")
    assert page.driver.execute_script("return document.activeElement.value") == "1", (
        "the choice has the focus"
    )
    page.click("#own-languages label:nth-of-type(2)")
    page.wait(lambda: "Scottish Gaelic" in page.text("#own-named"), "the second")
    shown(page.open())
    page.wait(lambda: "Scottish Gaelic" in page.text("#own-named"), "the one that was open last")
    assert chosen(page) == "2"
    assert narrow_enough(page)
    page.click("#own-delete-this")
    page.wait(lambda: "Press again" in page.text("#own-delete-this"), "the question")
    page.click("#own-delete-this")
    page.wait(lambda: "was deleted" in said(page), "the deletion")
    assert languages(page) == ["Mboshi · no examples"]
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"))
    page.click("#own-delete")
    page.wait(lambda: "all 2 languages" in page.text("#own-really"), "what is deleted")
    page.click("#own-really")
    page.wait(lambda: "all 2 languages" in said(page), "that it was")
    page.wait(lambda: not languages(page), "nothing to choose from")
    assert page.errors() == []


def test_whatever_a_language_is_called_is_a_text_that_fits(page: Page) -> None:
    for number, typed in enumerate(("<img src=x onerror=alert(1)>", "x" * 100)):
        if number:
            page.click("#own-another")
            page.wait(lambda: "name of the other language" in said(page), "another language")
        page.one("#own-search :is(input, textarea)").send_keys(typed)
        page.wait(lambda: page.all("#own-matches input[value='mis']"), "a name of one's own")
        page.click("#own-matches label:has(input[value='mis'])")
        page.wait(lambda called=typed: called in page.text("#own-named"), "the name")
    assert languages(page) == ["<img src=x onerror=alert(1)> · no examples", f"{'x' * 100} · no examples"]
    assert not page.all("#own img[src='x'], .gradio-container img[src='x']")
    assert narrow_enough(page)
    assert page.errors() == []


@pytest.fixture
def slow_link(page: Page) -> Iterator[Page]:
    """The page, whose answers are held back for as many milliseconds as `window.late` says."""
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LATE})
    shown(page.open())
    yield page
    page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_a_late_answer_of_the_language_that_was_left_paints_nothing(slow_link: Page) -> None:
    page = slow_link
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"))
    page.one("#own-search :is(input, textarea)").clear()
    page.one("#own-search :is(input, textarea)").send_keys("northern kurdish")
    page.wait(lambda: page.all("#own-matches input[value='kmr']"), "the language")
    page.driver.execute_script("window.late = 4000")
    page.click("#own-matches label:has(input[value='kmr'])")
    page.wait(lambda: page.driver.execute_script("return window.waits"), "the answer, on its way")
    page.driver.execute_script("window.late = 0")
    page.click("#own-languages label:nth-of-type(1)")
    page.wait(lambda: "Mboshi" in page.text("#own-named"), "the other language")
    assert page.driver.execute_script("return window.waits"), "the answer is still on its way"
    page.wait(lambda: not page.driver.execute_script("return window.waits"), "the late answer")
    time.sleep(0.5)
    assert ("Mboshi" in page.text("#own-named"), chosen(page)) == (True, "1")
    assert "Kurdish" not in said(page)
    shown(page.open())
    page.wait(lambda: "Mboshi" in page.text("#own-named"), "the one that was open last")
    assert languages(page) == ["Mboshi · no examples", "Northern Kurdish · no examples"], "the name was taken"


def test_of_two_ways_to_go_the_last_one_counts(slow_link: Page) -> None:
    page = slow_link
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"), ("northern kurdish", "kmr"))
    for late in ((0, 0), (1500, 0), (0, 1500)):
        page.click("#own-languages label:nth-of-type(1)")
        page.wait(lambda: "Mboshi" in page.text("#own-named"), "the first language")
        for after, number in zip(late, (2, 3), strict=True):
            page.driver.execute_script(f"window.late = {after}")
            page.driver.execute_script(
                f"document.querySelector('#own-languages [value=\"{number}\"]').click()"
            )
            time.sleep(0.3 * any(late))  # the question is on its way
        page.driver.execute_script("window.late = 0")
        page.wait(lambda: "Northern Kurdish" in page.text("#own-named"), f"the third language, {late}")
        page.wait(lambda: not page.driver.execute_script("return window.waits"), "both answers")
        time.sleep(0.5)
        assert ("Northern Kurdish" in page.text("#own-named"), chosen(page)) == (True, "3"), late
    shown(page.open())
    page.wait(lambda: "Northern Kurdish" in page.text("#own-named"), "the one that was open last")


def test_what_a_proxy_says_in_the_place_of_an_answer_is_handed_on(slow_link: Page) -> None:
    ask = slow_link.driver.execute_async_script
    for body, status in ((None, 200), (None, 413), (None, 503), ("no JSON", 400), ("null", 500)):
        assert ask(ASKED, body, status) == f"{status} <html>Busy</html>"


def test_a_language_that_is_gone_over_to_is_shown_again(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was still on its way from the other one would else stay on the page."""
    begun(page, ("mbosh", "mdw"), ("scottish", "gla"))
    found = keys.found

    def found_before_more_came(service: VisitorService, address: str) -> own_page.Page:
        told = found(service, address)
        examples(service.visitors.open(address).folder)
        return told

    monkeypatch.setattr(keys, "found", found_before_more_came)
    page.all("#own-languages label")[0].click()
    page.wait(lambda: chosen(page) == "1", "Mboshi")
    page.wait(lambda: languages(page)[0] == "Mboshi · 2 examples", "the page once more")
    assert "add examples next" in said(page), "and what was said of it"


def test_a_deletion_asks_in_the_place_of_its_name(page: Page) -> None:
    begun(page, ("mbosh", "mdw"))
    page.click("#own-delete-this")
    assert page.text("#own-delete-this").strip() == "Delete it for good? Press again"
