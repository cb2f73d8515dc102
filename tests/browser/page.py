"""The page as a visitor sees and works it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

PATIENCE = 60.0  # seconds
PLAY = "#audio .play-pause-button"  # which is named in the browser's language
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


class Page:
    """The tab Transcribe in a browser."""

    def __init__(self, driver: Chrome, address: str):
        self.driver, self.address = driver, address

    def open(self, query: str = "") -> Page:
        """Load the page and wait until its settings are there."""
        self.driver.get(f"{self.address}?{query}")
        self.wait(lambda: self.all("#start") and self.all("#stage p") and self.shots != "")
        time.sleep(0.7)  # until the address has been read
        return self

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        self.wait(lambda: self.all(css), css)
        return self.all(css)[0]

    def wait(self, condition: Callable[[], object], what: str = "", patience: float = PATIENCE) -> None:
        """Wait until something holds; fails with what the page shows."""
        end = time.monotonic() + patience
        while not self._holds(condition):
            assert time.monotonic() < end, f"waited {patience:.0f} s for {what}; the page says: {self.stage}"
            time.sleep(0.05)

    @staticmethod
    def _holds(condition: Callable[[], object]) -> bool:
        try:
            return bool(condition())
        except StaleElementReferenceException:
            return False

    def text(self, css: str) -> str:
        """The text of an element, also of one out of sight."""
        return str(self.one(css).get_property("textContent")).strip()

    def value(self, css: str) -> str:
        return str(self.one(css).get_property("value"))

    @property
    def stage(self) -> str:
        return " ".join(str(e.get_property("textContent")) for e in self.all("#stage p"))

    @property
    def vanilla(self) -> str:
        return self.text("#vanilla .transcript")

    @property
    def smile(self) -> str:
        return self.text("#smile .transcript")

    @property
    def shots(self) -> str:
        return self.value("#shots input[type='number']")

    @property
    def query(self) -> dict[str, str]:
        """The settings in the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.driver.current_url).query).items()}

    def click(self, css: str) -> None:
        """Click where a visitor would, wherever on the page it is."""
        element = self.one(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def show(self, *tabs: str) -> None:
        """Go to a tab, and to a tab in it."""
        for tab in tabs:
            self.click(f"button[role='tab'][data-tab-id='{tab}']")
            time.sleep(0.3)

    def pick_example(self, number: int = 0) -> None:
        """One click; waits for its audio and text."""
        before = self.value("#reference textarea")
        self.click(f"#example label:nth-of-type({number + 1})")
        self.wait(lambda: self.value("#reference textarea") not in ("", before), "the example's text")
        self.wait(lambda: self.all(PLAY), "the example's audio")

    def choose(self, name: str, text: str) -> None:
        """Choose the first option of a dropdown that has such a text."""
        field = self.one(f"#{name} input")
        self.click(f"#{name} input")
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(Keys.BACKSPACE, text)
        self.wait(lambda: self.all("ul[role='listbox'] li"), "the options")
        field.send_keys(Keys.ENTER)

    def set_number(self, name: str, number: int) -> None:
        field = self.one(f"#{name} input[type='number']")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(str(number), Keys.TAB)

    def clear_audio(self) -> None:
        self.click("#audio button[aria-label='Clear']")
        self.wait(lambda: not self.all("#audio button[aria-label='Play']"), "the audio to go")

    def upload(self, path: Path) -> None:
        """Upload a recording; waits until the page has taken it."""
        self.click("#audio button[aria-label='Upload file']")
        self.one("#audio input[type='file']").send_keys(str(path))
        self.wait(lambda: not self.all("#audio input[type='file']"), "the upload")
        time.sleep(0.5)

    def record(self, seconds: float) -> None:
        """Record from the microphone."""
        self.click("#audio button.record-button")
        time.sleep(seconds)
        self.click("#audio button.stop-button")
        self.wait(lambda: self.all("#audio button[aria-label='Play']"), "the recording")
        time.sleep(0.5)

    def start(self) -> None:
        """Press the button and wait until the page has taken notice."""
        self.driver.execute_script("document.querySelector('#stage p').dataset.old = ''")
        self.click("#start")
        self.wait(lambda: self.all("#stage p:not([data-old])"), "the beginning")

    def transcribe(self, patience: float = PATIENCE) -> None:
        """Press the button and wait for the end, good (and scored) or bad."""
        self.start()
        self.wait(lambda: self.all("#download, #stage .error"), "the end", patience)

    def errors(self) -> list[str]:
        """What the browser's console complains of."""
        return [str(e["message"]) for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]
