"""A real Chromium with a microphone that plays a file, the page with a known engine, and the app itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from smile.audio.io import read_audio, write
from smile.corpora import read_corpus
from smile.ui import build_app
from tests.browser.page import Page
from tests.conftest import POOLS, ROOT
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
    port = free_port()
    log = tmp_path_factory.mktemp("app") / "log"
    environment = {**os.environ, "PORT": str(port), "SMILE_CACHE": str(log.parent / "cache")}
    environment |= {"SMILE_CORPORA": str(speech or ""), "SMILE_READ_AHEAD": "0", "SMILE_STAMPS": ""}
    environment["SMILE_VISITORS"] = str(log.parent / "visitors")
    with log.open("wb") as output:
        command = [sys.executable, "app.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_served(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for an answer; fails with the log where the process ends before it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(log.read_text(encoding="utf-8"))
