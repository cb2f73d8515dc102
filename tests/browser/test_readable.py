"""The page for every eye and hand: letters, keys, names for screen readers, contrast, phones."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.page import PHONE
from tests.support.fake_engine import TEXTS


def test_letters_that_the_device_lacks_come_with_the_page(page):
    shown = """
      const text = document.createElement("p");
      text.textContent = "ᏣᎳᎩ";
      document.querySelector(".gradio-container").append(text);
    """
    loaded = """
      return [...document.fonts]
        .filter(face => face.family.includes("SMILE Noto") && face.status === "loaded")
        .map(face => face.unicodeRange).join();
    """
    assert page.driver.execute_script(loaded) == "", "nothing is fetched that no text needs"
    page.driver.execute_script(shown)
    page.wait(lambda: "13A0" in page.driver.execute_script(loaded).upper(), "Cherokee letters")
    assert page.errors() == []


def test_a_key_goes_to_the_next_doubtful_word(page):
    first, second = TEXTS["gla"][0].split()[1:4:2]
    page.open("level=acoustic")
    page.pick_example()
    page.transcribe()
    page.click("#smile .next-doubt")
    page.wait(lambda: page.text("#smile .doubt-at").startswith(f"{first}: 20 % sure, 1 of"), "the first")
    page.driver.switch_to.active_element.send_keys("n")
    page.wait(lambda: page.text("#smile .doubt-at").startswith(f"{second}: 20 % sure, 2 of"), "the next")
    assert page.text("#smile .doubt.at").startswith(second)
    assert page.errors() == []


def test_the_keyboard_is_enough(page, engine):
    page.pick_example()
    asked = len(engine.asked)
    page.one("#reference textarea").send_keys(Keys.CONTROL + Keys.ENTER)
    page.wait(lambda: len(engine.asked) == asked + 1, "Ctrl+Enter to transcribe")
    page.wait(lambda: page.all("#stage .done"), "the end")
    page.all("#example input")[0].send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: page.value("#reference textarea") == TEXTS["gla"][1], "the next example")
    engine.pace = 0.5
    page.start()
    ActionChains(page.driver).send_keys(Keys.ESCAPE).perform()
    page.wait(lambda: "Cancelled" in page.stage, "Escape to cancel")


def test_controls_have_names_and_the_stage_is_announced(page):
    nameless = page.driver.execute_script(
        """
        const named = (e) => e.labels?.length || e.ariaLabel || e.title || e.textContent.trim();
        const controls = "main :is(button, input, textarea, select, audio)";
        return [...document.querySelectorAll(controls)]
          .filter((e) => e.checkVisibility() && !named(e)).map((e) => e.outerHTML.slice(0, 120));
        """
    )
    assert nameless == []
    assert page.one("#stage [role='status']").get_attribute("aria-live") == "polite"
    page.one("#sampler input").send_keys("")
    group = page.one("#sampler")
    assert page.text(f"#{group.get_attribute('aria-labelledby')}") == "Which examples"


def test_right_to_left_text_runs_from_the_right(page):
    page.choose("pool", "Kurdish")
    page.pick_example()
    page.transcribe()
    for css in ("#smile .transcript", "#smile .diff", "#neighbours .text"):
        direction = page.one(css).value_of_css_property("direction")
        assert direction == "rtl", css
    assert page.one("#vanilla .transcript").value_of_css_property("direction") == "ltr"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, theme):
    page.open(f"__theme={theme}")
    page.pick_example()
    page.transcribe()
    script = (Path(__file__).with_name("contrast.js")).read_text(encoding="utf-8")
    assert page.driver.execute_script(script) == []


def test_a_phone_shows_everything_in_one_column(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open("shots=2")
        page.pick_example()
        page.transcribe()
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], "nothing makes the page scroll sideways"
        left, right = (page.one(css).rect for css in ("#vanilla .card", "#smile .card"))
        assert right["y"] >= left["y"] + left["height"]
        page.wait(lambda: page.driver.execute_script("return window.scrollY") > 200, "the way to the result")
        buttons = page.driver.find_elements(By.CSS_SELECTOR, "#start, #download")
        assert all(button.rect["height"] >= 32 for button in buttons)
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_dark_page_has_dark_scroll_bars(page):
    schemes = """
        const parts = ["html", "#example", "#pool"].map((css) => document.querySelector(css));
        return parts.map((part) => getComputedStyle(part).colorScheme);
    """
    assert "dark" not in page.driver.execute_script(schemes)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        page.open()
        assert page.driver.execute_script(schemes) == ["dark"] * 3
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
