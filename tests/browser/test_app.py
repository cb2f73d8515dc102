"""The app as it is served, with the real engine, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from selenium import webdriver

from smile.audio.io import read_audio, write
from smile.datatypes import SAMPLE_RATE
from smile.demo.measured import samples
from smile.pools.pool import open_pool
from smile.ui.sources import worth_trying
from tests.browser.page import Page
from tests.conftest import POOLS

SLOW = 180.0  # seconds; a pool without embeddings is indexed first
POOL = open_pool(next(path.parent for path in sorted(POOLS.glob("*/pool.json"))))
TRIED = worth_trying(POOL.folder.name, POOL.queries, samples())  # in the order of the page


@pytest.fixture
def page(driver: webdriver.Chrome, app: str) -> Iterator[Page]:
    driver.get_log("browser")
    yield Page(driver, app).open(f"pool={POOL.folder.name}")
    driver.get("about:blank")


def test_an_example_gets_both_transcripts(page):
    page.pick_example(2)
    assert page.value("#reference textarea") == TRIED[2].text
    page.transcribe(SLOW)
    assert page.vanilla
    assert page.smile
    assert page.all("#vanilla .facts")
    assert page.all("#smile .facts")
    assert page.all("#vanilla .rates")
    assert page.all("#smile .rates")
    assert "character error rate" in page.stage
    assert page.one("#vanilla .more-facts").get_attribute("open") is None
    assert "Language token" in page.one("#vanilla .more-facts").get_attribute("textContent")
    assert page.text("#neighbours .text") in {utterance.text for utterance in POOL.utterances}
    assert "synthetic voice" in page.text("#neighbours h3")
    assert page.errors() == []


def test_an_example_can_be_heard(page):
    page.pick_example()
    page.transcribe(SLOW)
    seconds = page.driver.execute_async_script(
        "const [player, done] = arguments; player.onloadedmetadata = () => done(player.duration);"
        "player.onerror = () => done(player.error.message); player.preload = 'metadata'; player.load();",
        page.one("#neighbours audio"),
    )
    shown = page.text("#neighbours .text")
    assert any(u.text == shown and u.seconds == pytest.approx(seconds, abs=0.1) for u in POOL.utterances)


def test_settings_change_the_examples_and_the_address(page):
    page.pick_example(2)
    page.set_number("shots", 3)
    page.transcribe(SLOW)
    nearest = [e.text for e in page.all("#neighbours .text")]
    assert [e.text for e in page.all("#neighbours .rank")] == ["1", "2", "3"]
    page.click("#sampler label:nth-of-type(2)")
    page.transcribe(SLOW)
    drawn = [e.text for e in page.all("#neighbours .text")]
    assert len(drawn) == 3
    assert drawn != nearest
    page.open(page.driver.current_url.split("?")[1])
    page.transcribe(SLOW)
    assert [e.text for e in page.all("#neighbours .text")] == drawn, "the same address, the same draw"


def test_a_token_that_was_chosen_is_used(page):
    page.pick_example()
    page.click("button.label-wrap")
    page.choose("language_token", "Finnish")
    page.transcribe(SLOW)
    for side, token in (("#smile", "Finnish (fi)"), ("#vanilla", "Whisper's guess")):
        page.click(f"{side} .more-facts summary")
        assert token in page.text(f"{side} .more-facts")


def test_an_upload_is_transcribed(page, spoken):
    page.upload(spoken)
    page.transcribe(SLOW)
    assert len(page.vanilla.split()) > 2


def test_the_microphone_is_transcribed(page):
    page.record(5.0)
    page.transcribe(SLOW)
    assert len(page.vanilla) > 3


def test_a_recording_without_speech_gets_no_text(page, tmp_path):
    rustle = np.random.default_rng(0).normal(0, 0.002, 3 * SAMPLE_RATE).astype(np.float32)
    write(tmp_path / "quiet.wav", rustle)
    page.upload(tmp_path / "quiet.wav")
    page.transcribe(SLOW)
    assert page.vanilla == page.smile == "No text."
    assert "No speech was heard" in page.stage


def test_a_corrupt_upload_is_one_sentence(page, tmp_path):
    (tmp_path / "notes.mp3").write_bytes(b"no sound at all" * 50)
    page.upload(tmp_path / "notes.mp3")
    page.transcribe(SLOW)
    assert page.all("#stage .error")
    assert "notes.mp3" in page.stage
    assert "Traceback" not in page.driver.page_source


def test_cancel_ends_a_long_transcription(page, spoken, tmp_path):
    write(tmp_path / "long.wav", np.tile(read_audio(spoken), 12))
    page.upload(tmp_path / "long.wav")
    page.start()
    page.wait(lambda: page.vanilla not in ("Nothing yet.", "No text."), "the first word", SLOW)
    page.click("#stop")
    page.wait(lambda: "Cancelled" in page.stage, "the page to say so")
    page.pick_example()
    page.transcribe(SLOW)
    assert page.all("#stage .done"), "the engine is free for the next one"


def test_the_languages_of_a_corpus_are_offered(page, speech):
    page.click("#pool input")
    page.wait(lambda: page.all("ul[role='listbox'] li"), "the options")
    offered = [str(e.get_property("textContent")).strip() for e in page.all("ul[role='listbox'] li")]
    assert any(POOL.language.name in label and "synthetic voice" in label for label in offered)
    assert any("· mini" in label and "synthetic" not in label for label in offered) == bool(speech)
