"""A Chromium without a window, for the tests of the page."""

from __future__ import annotations

import shutil
from pathlib import Path

from selenium import webdriver

DESKTOP = (1280, 900)
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def chromium(profile: Path, *arguments: str) -> webdriver.Chrome:
    """Start one with a profile of its own; its console can be read."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert browser, "install Debian's package chromium"
    assert driver, "install Debian's package chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    size = f"--window-size={DESKTOP[0]},{DESKTOP[1]}"
    for argument in (*QUIET, f"--user-data-dir={profile}", size, *arguments):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
