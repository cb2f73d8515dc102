"""The tab My language of the app as it is served: from an empty page to a pool that has learnt."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from smile.corpora import read_corpus
from smile.datatypes import Utterance
from smile.pools.pool import open_pool
from tests.browser.page import PHONE, Page
from tests.browser.steps import name, said, shown, width_on_a_phone
from tests.conftest import POOLS
from tests.support.films import film
from tests.support.linguists import staircase, write_eaf

SLOW = 240.0  # seconds; models are loaded first
EXAMPLES, NEW = 5, 2


@pytest.fixture(scope="module")
def clips(speech: Path | None) -> Sequence[Utterance]:
    """Short clips of Mboshi, which Whisper does not know, or of a demo pool."""
    if speech is None:
        return open_pool(POOLS / "kmr").utterances[: EXAMPLES + NEW]
    utterances = read_corpus(speech / "mdw", "10min_train").utterances
    return sorted(utterances, key=lambda u: u.audio.stat().st_size)[20 : 20 + EXAMPLES + NEW]


@pytest.fixture(scope="module")
def examples(clips: Sequence[Utterance], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a table, one row of which names a recording that is not there."""
    path, table = tmp_path_factory.mktemp("own") / "mine.zip", io.StringIO()
    rows = csv.writer(table)
    rows.writerow(("file", "text"))
    with ZipFile(path, "w") as archive:
        for number, clip in enumerate(clips[:EXAMPLES]):
            archive.write(clip.audio, f"clip-{number}{clip.audio.suffix}")
            rows.writerow((f"clip-{number}{clip.audio.suffix}", clip.text))
        rows.writerow(("missing.wav", "nobody said this"))
        archive.writestr("metadata.csv", table.getvalue())
    return path


@pytest.fixture(scope="module")
def recordings(clips: Sequence[Utterance], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("new") / "new.zip"
    with ZipFile(path, "w") as archive:
        for number, clip in enumerate(clips[EXAMPLES:]):
            archive.write(clip.audio, f"new-{number}{clip.audio.suffix}")
    return path


@pytest.fixture
def page(driver: webdriver.Chrome, app: str) -> Iterator[Page]:
    """The tab, opened by somebody who has never been here."""
    driver.get_log("browser")
    page = Page(driver, app).open()
    driver.execute_script("localStorage.clear()")
    shown(page.open())
    yield page
    driver.get("about:blank")


def done(page: Page, words: str) -> None:
    page.wait(lambda: words in said(page), f"“{words}”; it says “{said(page)}”", SLOW)


def add(page: Page, files: Path) -> None:
    page.one("#own-uploads input[type='file']").send_keys(str(files))
    page.wait(lambda: page.all("#own-uploads .file-preview"), "the upload")
    page.click("#own-add-files")


def write(page: Page, css: str, text: str) -> None:
    page.one(css).send_keys(Keys.CONTROL + "a")
    page.one(css).send_keys(text)


def test_from_an_empty_page_to_a_pool_that_has_learnt(page, clips, examples, recordings):
    assert "No examples yet" in page.text("#own-examples")
    name(page, "mbosh", "mdw")
    add(page, examples)
    done(page, "Checked")
    assert page.text("#own-examples .own-count").startswith(f"{EXAMPLES} examples")
    assert "missing.wav" in page.text("#own-rejected")
    assert "Whisper alone" in page.text("#own-verdict")
    assert len(page.all("#own-verdict tbody tr")) == 7, "four examples less one are no five"
    assert "acoustic model" in page.text("#own-verdict")
    assert page.all("#own-uploads .file-preview") == []

    page.one("#own-recordings input[type='file']").send_keys(str(recordings))
    page.wait(lambda: len(page.all("#own-results tbody tr")) == NEW, "the recordings")
    page.click("#own-transcribe")
    done(page, "Done")
    assert len(page.all("#own-verdict tbody tr")) == 7, "the check's table stays"
    page.click("#own-results .pick-row")
    page.wait(lambda: page.all("#own-part audio[src^='data:audio/flac']"), "the player")

    for number, clip in enumerate(clips[EXAMPLES:], 1):
        write(page, "#own-part textarea", clip.text)
        page.click("#own-learn")
        page.wait(
            lambda n=number: page.text("#own-examples .own-count").startswith(f"{EXAMPLES + n} examples"),
            "the new example",
            SLOW,
        )
        done(page, "Added")
    page.wait(lambda: page.all("#own-curve .js-plotly-plot"), "the curve")
    assert "From an earlier check" in page.text("#own-verdict")
    assert len(page.all("#own-verdict tbody tr")) == 7, "four examples less one are no five"
    assert len(page.all("#own-results .badge")) == NEW
    assert clips[EXAMPLES].text in page.text("#own-results")

    page.click("#own-undo")
    done(page, "Taken back")
    assert page.text("#own-examples .own-count").startswith(f"{EXAMPLES + NEW - 1} examples")
    assert len(page.all("#own-results .badge")) == NEW - 1

    shown(page.open())
    page.wait(lambda: "Mboshi" in page.text("#own-named"), "what was left here")
    assert len(page.all("#own-results .pick-row")) == NEW
    another_visitor_sees_nothing(page)
    page.click("#own-delete")
    page.click("#own-really")
    done(page, "deleted")
    assert "No examples yet" in page.text("#own-examples")
    assert page.errors() == []


def another_visitor_sees_nothing(page: Page) -> None:
    """Somebody else opens the page; then the first one comes back."""
    kept = page.driver.execute_script("return {...localStorage}")
    page.driver.execute_script("localStorage.clear()")
    shown(page.open())
    page.wait(lambda: "No language named" in page.text("#own-named"), "the empty tab")
    assert page.all("#own-results .pick-row") == []
    for key, value in kept.items():
        page.driver.execute_script("localStorage.setItem(arguments[0], arguments[1])", key, value)
    shown(page.open())
    page.wait(lambda: "Mboshi" in page.text("#own-named"), "the first visitor's language")


def test_an_example_is_recorded_typed_corrected_and_removed(page):
    name(page, "No such tongue", "mis")
    page.show("own-typed")
    page.click("#own-clip button.record-button")
    page.wait(lambda: page.all("#own-clip button.stop-button"), "the recorder")
    time.sleep(2.0)
    page.click("#own-clip button.stop-button")
    page.wait(lambda: page.all("#own-clip button[aria-label='Play']"), "the recording")
    page.one("#own-clip-text textarea").send_keys("<b>ọ̀rọ̀</b>")
    page.click("#own-add-clip")
    done(page, "Added")
    assert "<b>ọ̀rọ̀</b>" in page.text("#own-examples")
    page.click("#own-examples .pick-row")
    page.wait(lambda: page.all("#own-example audio"), "the example")
    write(page, "#own-example textarea", "ọ̀rọ̀ mi")
    page.click("#own-save")
    done(page, "The new text is in")
    assert "ọ̀rọ̀ mi" in page.text("#own-examples")
    page.click("#own-examples .pick-row")
    page.wait(lambda: page.all("#own-example audio"), "the example")
    page.click("#own-remove")
    done(page, "at least one example")
    assert page.errors() == []


def test_files_without_tiers_come_after_files_with_some(page, examples, tmp_path):
    talk = staircase(tmp_path / "talk.wav", 9)
    eaf = write_eaf(tmp_path / "talk.eaf", talk.name)
    name(page, "mbosh", "mdw")
    page.one("#own-uploads input[type='file']").send_keys(f"{talk}\n{eaf}")
    page.wait(lambda: page.all("#own-tiers input:checked"), "the tiers", SLOW)
    page.click("#own-add-files")
    done(page, "Checked")
    count = int(page.text("#own-examples .own-count").split()[0])
    page.wait(lambda: page.all("#own-uploads input[type='file']"), "the next files")
    add(page, examples)
    wanted = f"{count + EXAMPLES} examples"
    page.wait(lambda: page.text("#own-examples .own-count").startswith(wanted), wanted, SLOW)
    done(page, "Checked")
    shown(page.open())
    page.wait(lambda: "Welcome back" in said(page), "where things stand")
    page.click("#own-delete")
    page.click("#own-really")
    done(page, "deleted")


def test_on_a_phone_nothing_sticks_out(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        shown(page.open())
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]
        for field in ("#own-uploads", "#own-recordings"):
            label = page.one(f"{field} [data-testid='block-label']").rect
            icon = page.one(f"{field} .icon-wrap").rect
            assert label["y"] + label["height"] <= icon["y"], "the label leaves the icon free"
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_enter_names_the_language_that_alone_can_be_meant(page):
    page.one("#own-search :is(input, textarea)").send_keys("gaelic", Keys.ENTER)
    done(page, "Choose your language below")
    page.wait(lambda: page.all("#own-matches input"), "the languages")
    write(page, "#own-search :is(input, textarea)", "mbosh" + Keys.ENTER)
    done(page, "Your language is Mboshi")
    assert "Mboshi" in page.text("#own-named")
    assert page.errors() == []


def test_on_a_phone_what_is_known_of_a_recording_is_read_under_its_text(page, recordings):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.one("#own-recordings input[type='file']").send_keys(str(recordings))
        page.wait(lambda: len(page.all("#own-results tbody tr")) == NEW, "the recordings")
        state = page.one("#own-results .state")
        assert state.text == "waiting"
        assert state.rect["width"] > PHONE["width"] / 3
        table = page.one("#own-results table").rect
        assert table["x"] + table["width"] <= PHONE["width"]
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def pick(page: Page, dropdown: str, begins: str) -> None:
    """Choose the option of a dropdown that begins so."""
    page.click(f"#{dropdown} input")
    there = "ul[role='listbox'] li"
    page.wait(lambda: any(begins in li.text for li in page.all(there)), f"the choice {begins}")
    next(li for li in page.all(there) if begins in li.text).click()


def test_columns_that_nobody_can_know_are_chosen(driver, served, clips, tmp_path):
    with ZipFile(tmp_path / "mine.zip", "w") as archive:
        for number, clip in enumerate(clips[:2]):
            archive.write(clip.audio, f"clip-{number}{clip.audio.suffix}")
        rows = [
            f"{number};a gloss that is longer than {clip.text};clip-{number};{clip.text}"
            for number, clip in enumerate(clips[:2])
        ]
        archive.writestr("liste.csv", "\n".join(["Liste 2024", "nr;glosse;klang;wort", *rows]))
    driver.get_log("browser")
    page = Page(driver, served).open()
    shown(page)
    page.one("#own-uploads input[type='file']").send_keys(str(tmp_path / "mine.zip"))
    page.wait(lambda: page.all("#own-columns table"), "the first rows", SLOW)
    page.click("#own-add-files")
    done(page, "Choose which column names the recordings, and which one holds the texts.")
    assert page.all("#own-uploads .file-preview"), "the files stay"
    assert "3: klang" in page.value("#own-column-audio input")
    assert page.value("#own-column-text input") == ""
    assert "line 3" in page.value("#own-column-first input")
    pick(page, "own-column-text", "4: wort")
    assert width_on_a_phone(page) <= PHONE["width"]
    assert page.errors() == []


def test_the_encoding_of_a_table_is_chosen_by_what_it_reads(driver, served, clips, tmp_path):
    with ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.write(clips[0].audio, f"clip{clips[0].audio.suffix}")
        archive.writestr("liste.csv", f"klang;wort\nclip{clips[0].audio.suffix};w Łodzi\n".encode("cp1250"))
    driver.get_log("browser")
    page = Page(driver, served).open()
    shown(page)
    page.one("#own-uploads input[type='file']").send_keys(str(tmp_path / "old.zip"))
    page.wait(lambda: page.all("#own-encoding input"), "the encodings", SLOW)
    assert page.value("#own-encoding input") == ""
    pick(page, "own-column-text", "2: wort")
    page.click("#own-add-files")
    done(page, "Choose below the files in which encoding their texts read right.")
    pick(page, "own-encoding", "Windows-1250")
    page.wait(lambda: "w Łodzi" in page.one("#own-columns table").text, "the table, read again", SLOW)
    assert "w Łodzi" in page.value("#own-encoding input")
    page.click("#own-add-files")
    done(page, "Choose which column names the recordings, and which one holds the texts.")
    assert page.all("#own-uploads .file-preview"), "the files stay"
    assert width_on_a_phone(page) <= PHONE["width"]
    assert page.errors() == []


def test_the_audio_track_is_chosen_where_there_are_several(driver, served, tmp_path):
    film(tmp_path / "a.mkv", ("matroska", "libopus"), [[(0.5, 0.3)], [(1.0, 0.3)]], default=1)
    (tmp_path / "liste.csv").write_text("klang;wort\na.mkv;w lesie\n", encoding="utf-8")
    driver.get_log("browser")
    page = Page(driver, served).open()
    shown(page)
    both = "\n".join(str(tmp_path / name) for name in ("a.mkv", "liste.csv"))
    page.one("#own-uploads input[type='file']").send_keys(both)
    page.wait(lambda: page.all("#own-track input"), "the tracks", SLOW)
    assert page.value("#own-track input") == "the default one of each recording"
    pick(page, "own-track", "track 1 of 2")
    assert page.value("#own-track input") == "track 1 of 2"
    page.click("#own-add-files")
    done(page, "Choose which column names the recordings, and which one holds the texts.")
    assert not page.all("#own-encoding input"), "it is in UTF-8"
    assert page.errors() == []
