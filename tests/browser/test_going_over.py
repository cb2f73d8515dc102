"""Another key is entered while something is at work: nothing crosses over, and it is found again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smile.own.check import Check
from smile.transcription import batch
from smile.ui import VisitorService
from tests.browser.editor import examples, serving
from tests.browser.page import Page
from tests.browser.steps import name, said, shown
from tests.support.fake_engine import in_three_slowly, tone

RECORDINGS = 3
TOTAL = 40


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a page, and the folder of its visitors."""
    with serving(tmp_path_factory.mktemp("over")) as there:
        yield there


@pytest.fixture
def page(driver: Any, visited: tuple[str, Path]) -> Iterator[Page]:
    driver.get_log("browser")
    yield Page(driver, visited[0]).open()
    driver.get("about:blank")


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Transcriptions and checks that take their time; the list: what they have done."""
    done: list[str] = []

    def check(self: VisitorService, workspace: Any) -> Iterator[Check]:
        for number in range(TOTAL):
            done.append(f"check {number}")
            time.sleep(0.3)
            yield Check(number, TOTAL, (), fitted=number / TOTAL)

    monkeypatch.setattr(batch, "transcribe", in_three_slowly(done, 0.7))
    monkeypatch.setattr(VisitorService, "ready", lambda *given: (one for one in ""))
    monkeypatch.setattr(VisitorService, "check", check)
    return done


def begun(page: Page, typed: str, code: str) -> str:
    """Name a language in a browser that has never been here; give its key."""
    page.driver.execute_script("localStorage.clear()")
    shown(page.open())
    name(page, typed, code)
    page.click("#own-keys > button")
    page.click("#own-show-key")
    page.wait(lambda: len(page.value("#own-secret :is(input, textarea)")) == 32, "the key")
    return page.value("#own-secret :is(input, textarea)")


def entered(page: Page, key: str, language: str) -> None:
    """Enter a key, and wait for what belongs to it."""
    if not any(one.is_displayed() for one in page.all("#own-wanted input")):
        page.click("#own-keys > button")
    page.one("#own-wanted input").send_keys(key)
    page.click("#own-enter-key")
    page.wait(lambda: language in page.text("#own-named"), language, 20)


def transcribing(page: Page, folder: Path) -> None:
    files = [tone(folder / f"{number}.wav", 9, 300 + 50 * number) for number in range(RECORDINGS)]
    page.one("#own-recordings input[type='file']").send_keys("\n".join(map(str, files)))
    page.wait(lambda: len(page.all("#own-results tbody tr")) == RECORDINGS, "the recordings")
    page.click("#own-transcribe")
    page.wait(lambda: "piece 1" in page.text("#own-results"), "the second segment")


def checking(page: Page, folder: Path) -> None:
    page.click("#own-check")
    page.wait(lambda: "fitting acoustic models" in said(page), "the fit")


def nothing_crosses(page: Page, done: list[str]) -> None:
    """The other language is there and stays as it is, and what was at work for the first one ends."""
    time.sleep(1.5)
    before = len(done)
    time.sleep(2)
    assert len(done) == before, "it ends"
    assert "Scottish Gaelic" in page.text("#own-named")
    assert "is here now" in said(page)
    assert "piece" not in page.text("#own-results")
    assert "Checking" not in page.text("#own-verdict") + said(page)
    assert not any(one.is_displayed() for one in page.all("#own-stop"))
    assert not page.all(".toast-body")


def test_a_transcription_of_several_recordings_is_found_again(
    page: Page, paced: list[str], tmp_path: Path
) -> None:
    other = begun(page, "scottish", "gla")
    mine = begun(page, "mbosh", "mdw")
    transcribing(page, tmp_path)
    entered(page, other, "Scottish Gaelic")
    nothing_crosses(page, paced)
    entered(page, mine, "Mboshi")
    page.wait(lambda: "piece 0" in page.text("#own-results"), "what was written")
    assert "0.wav stopped at 0:0" in page.text("#own-stage"), "and how to go on"
    page.click("#own-transcribe")
    page.wait(lambda: said(page).startswith("Done."), "the end")
    assert len(page.all("#own-results .pick-row")) == 3 * RECORDINGS
    assert paced.count("piece 0") == RECORDINGS, "nothing was written twice"
    assert not page.errors()


def test_a_check_is_found_again(page: Page, paced: list[str], visited: tuple[str, Path]) -> None:
    other = begun(page, "scottish", "gla")
    mine = begun(page, "mbosh", "mdw")
    folder = max(visited[1].rglob("state.json"), key=lambda path: path.stat().st_mtime_ns).parent
    examples(folder)
    shown(page.open())
    page.wait(lambda: "2 examples" in page.text("#own-examples"), "the examples")
    checking(page, folder)
    entered(page, other, "Scottish Gaelic")
    nothing_crosses(page, paced)
    assert "No examples yet" in page.text("#own-examples")
    entered(page, mine, "Mboshi")
    page.wait(lambda: "2 examples" in page.text("#own-examples"), "the examples again")
    assert "Welcome back: 2 examples of Mboshi" in page.text("#own-stage")
    assert page.one("#own-check").is_enabled()
    checking(page, folder)
    page.click("#own-stop")
    page.wait(lambda: "Cancelled" in said(page), "the cancel")
    assert not page.errors()
