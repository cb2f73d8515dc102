"""Live text: it appears while somebody records, and the transcript takes its place when they have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver

from smile.audio.io import write
from smile.ui import build_app
from smile.ui.serving import Dashboard
from tests.browser.page import Page
from tests.browser.steps import findings
from tests.support.chromium import chromium
from tests.support.fake_engine import FakeEngine
from tests.support.launched import launched
from tests.support.tones import spoken as said_in_tones

pytestmark = pytest.mark.browser
TEXT = "bad face fed a cab "


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser into whose microphone somebody says the same over and over, in the language of tones."""
    folder = tmp_path_factory.mktemp("speaker")
    write(folder / "tones.wav", np.tile(said_in_tones(TEXT), 3))
    driver = chromium(folder / "profile", f"--use-file-for-fake-audio-capture={folder / 'tones.wav'}")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FakeEngine:
    made = FakeEngine(tmp_path_factory.mktemp("live"))
    made.fit("gla")
    return made


@pytest.fixture(scope="module")
def dashboard(engine: FakeEngine, measured: Path) -> Iterator[Dashboard]:
    with launched(build_app(engine, measured)) as page:  # type: ignore[arg-type]
        yield page


@pytest.fixture
def page(speaker: webdriver.Chrome, dashboard: Dashboard, engine: FakeEngine) -> Iterator[Page]:
    engine.pace = 0.0
    speaker.get_log("browser")
    yield Page(speaker, str(dashboard.local_url)).open("pool=gla")
    speaker.get("about:blank")


def record(page: Page) -> None:
    page.click("#audio button.record-button")


def stop(page: Page) -> None:
    page.click("#audio button.stop-button")


def live(page: Page) -> str:
    return " ".join(str(part.get_property("textContent")) for part in page.all("#audio-live .live-text"))


def notes(page: Page) -> str:
    return " ".join(note.text for note in page.all("#audio-live .note") if note.is_displayed())


def test_text_appears_while_one_records_and_the_transcript_replaces_it(
    page: Page, engine: FakeEngine, dashboard: Dashboard
) -> None:
    record(page)
    page.wait(lambda: page.all("#audio-live .live"), "the region")
    page.wait(lambda: len(live(page)) > 2, "text")
    assert page.all("#audio button.stop-button")  # it is still being recorded
    page.wait(lambda: "bad face fed a cab bad face" in live(page), "the words")
    assert page.all("#audio-live .committed[aria-live='polite']")
    assert notes(page) == ""
    assert findings(page, "#audio-live") == []
    engine.pace, asked = 0.3, len(engine.asked)
    stop(page)
    page.wait(lambda: "full transcript" in notes(page), "its end")
    assert "bad face fed a cab" in live(page)
    page.wait(lambda: len(engine.asked) > asked, "the transcription, which nobody has pressed for")
    page.wait(lambda: page.all("#download"), "its end")
    page.wait(lambda: not page.all("#audio-live .live"), "the transcript in place of the live text")
    assert "Diluain" in page.smile
    assert len(dashboard.live) == 0
    assert page.errors() == []


def test_what_is_needed_is_said_and_the_recording_is_as_ever(page: Page, engine: FakeEngine) -> None:
    page.choose("pool", "Cherokee")
    asked = len(engine.asked)
    page.record(1.0)
    assert "acoustic model" in page.text("#audio-live .live-needed")
    assert len(engine.asked) == asked  # it waits for the button, as without live text
    page.transcribe()
    assert len(engine.asked) == asked + 1


def test_another_clip_takes_its_place(page: Page, dashboard: Dashboard) -> None:
    record(page)
    page.wait(lambda: len(live(page)) > 2, "text")
    page.driver.execute_script("document.querySelector('#example label').click()")
    page.wait(lambda: not page.all("#audio-live .live"), "the region to be empty")
    page.wait(lambda: len(dashboard.live) == 0, "the session to be dropped")


def test_it_ends_with_the_page(page: Page, dashboard: Dashboard) -> None:
    record(page)
    page.wait(lambda: len(live(page)) > 2, "text")
    assert len(dashboard.live) == 1
    page.driver.get("about:blank")
    page.wait(lambda: len(dashboard.live) == 0, "the session to be dropped", 5.0)


def test_a_pause_of_the_recording_is_none_of_the_text(page: Page, dashboard: Dashboard) -> None:
    record(page)
    page.wait(lambda: "bad" in live(page), "text")
    page.click("#audio button.pause-button")
    before = live(page)
    page.wait(lambda: page.all("#audio button.resume-button"), "the pause")
    page.driver.execute_script("return new Promise(done => setTimeout(done, 1500))")
    assert len(live(page)) <= len(before) + 12
    page.click("#audio button.resume-button")
    page.wait(lambda: len(live(page)) > len(before) + 12, "more text")
