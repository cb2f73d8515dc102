"""Choices on a page, as they are made and as they stand."""

from __future__ import annotations

from tests.browser.page import Page


def pick(page: Page, part: str, text: str) -> None:
    """Pick what a part of a condition is, by the list that opens at a click."""
    page.click(f"#{part} input")

    def chosen() -> bool:
        options = [e for e in page.all("ul[role='listbox'] li") if e.text.strip(" \n✓") == text]
        for option in options[:1]:
            option.click()
        return bool(options)

    page.wait(chosen, f"the option {text}")


def checked(page: Page, *names: str) -> list[str]:
    """The value of each of these radio groups."""
    script = "return arguments[0].map((name) => document.querySelector(`#${name} :checked`)?.value)"
    return list(page.driver.execute_script(script, names))
