"""A real Chromium with a microphone that plays a file, the page with a known engine, and the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from smile.audio.io import read_audio, write
from smile.corpora import read_corpus
from smile.ui import build_app
from tests.browser.page import Page
from tests.conftest import POOLS
from tests.support.app import served_app
from tests.support.chromium import chromium
from tests.support.fake_engine import FakeEngine
from tests.support.launched import launched
from tests.support.measured import packed


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory, speech: Path | None) -> Path:
    """A few seconds of speech as wav, for the microphone and for uploads."""
    source = read_corpus(speech / "eng", "10min_test") if speech else read_corpus(next(POOLS.glob("*/")))
    clip = max(source.utterances[:20], key=lambda utterance: len(read_audio(utterance.audio)))
    path = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    write(path, read_audio(clip.audio))
    return path


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory, spoken: Path) -> Iterator[webdriver.Chrome]:
    heard = f"--use-file-for-fake-audio-capture={spoken}"
    driver = chromium(tmp_path_factory.mktemp("profile"), heard)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def french_driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = chromium(tmp_path_factory.mktemp("french"), "--lang=fr", "--accept-lang=fr-FR,fr,en")
    yield driver
    driver.quit()


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FakeEngine:
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="package")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packed rows."""
    folder = tmp_path_factory.mktemp("measured")
    packed(folder)
    return folder / "packed"


@pytest.fixture(scope="package")
def served(engine: FakeEngine, measured: Path) -> Iterator[str]:
    """The address of the page with a known engine and known rows."""
    with launched(build_app(engine, measured)) as page:
        yield page.local_url


@pytest.fixture
def page(driver: webdriver.Chrome, served: str, engine: FakeEngine) -> Iterator[Page]:
    """The page, just opened, with an engine that works at once."""
    engine.pace, engine.error, engine.unread = 0.0, None, 0
    driver.get_log("browser")
    yield Page(driver, served).open()
    driver.get("about:blank")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, speech: Path | None) -> Iterator[str]:
    """The address of the app as `python app.py` serves it."""
    with served_app(tmp_path_factory.mktemp("app"), corpora=speech, read_ahead=False) as address:
        yield address
