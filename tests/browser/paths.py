"""How long three users wait, in a real Chromium, before an app that has just begun with an empty cache.

    python -m tests.browser.paths path/to/mini

A visitor sees a finished example, then has a Gaelic clip of their own transcribed with a demo pool that
nobody has read; a linguist uploads 15 clips of Mboshi and has one transcribed; a researcher goes to the
table by language. Prints seconds and clicks.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from smile.corpora import read_corpus
from smile.datatypes import Utterance
from tests.browser.page import Page
from tests.browser.steps import name, said, shown
from tests.support.app import served_app
from tests.support.chromium import chromium

PATIENCE = 300.0  # seconds
EXAMPLES = 15


class Clock:
    """Seconds since it was started, printed as things happen."""

    def __init__(self, what: str):
        self._began = time.monotonic()
        print(f"\n{what}", flush=True)

    def says(self, what: str) -> None:
        """Print how long it has taken so far."""
        print(f"{time.monotonic() - self._began:7.1f} s  {what}", flush=True)


def main(data: Path) -> None:
    """Walk all three paths, each before an app of its own."""
    for path in (visitor, researcher, linguist):
        with _begun() as page:
            path(page, data)


@contextmanager
def _begun() -> Iterator[Page]:
    with TemporaryDirectory() as folder, served_app(Path(folder)) as address:
        driver = chromium(Path(folder) / "profile")
        try:
            yield Page(driver, address)
        finally:
            driver.quit()


def visitor(page: Page, data: Path) -> None:
    """From the address to a right transcript that is there, and to one of a clip of one's own."""
    clock = Clock("Visitor: the finished example")
    page.driver.get(page.address)
    _until(page, lambda: page.all("#showcase") and page.text("#showcase"), "the example")
    clock.says("the page with its example")
    page.open("pool=gla")
    page.upload(_clips(data, "gla", "10min_test", 1)[0].audio)
    clock = Clock("Visitor: a clip of their own, Scottish Gaelic, a pool that nobody has read")
    page.start()
    _until(page, lambda: page.all("#vanilla .facts"), "Whisper alone")
    clock.says("Whisper alone")
    _until(page, lambda: page.all("#smile .facts"), "a first text with examples")
    clock.says("the first text with examples")
    _until(page, lambda: page.stage.startswith("Done"), "the end")
    clock.says("both transcripts done")
    page.start()
    clock = Clock("The same once more")
    _until(page, lambda: page.stage.startswith("Done"), "the end")
    clock.says("both transcripts done")


def researcher(page: Page, data: Path) -> None:
    """From the page to rates by language with their intervals."""
    page.open()
    clock = Clock("Researcher: the table by language")
    page.click("button[role='tab'][data-tab-id='results']")
    _until(page, lambda: page.all("#table tbody tr"), "the table")
    clock.says(f"1 click: {len(page.all('#table tbody tr'))} languages; “{page.text('#summary')[:160]}”")


def linguist(page: Page, data: Path) -> None:
    """From 15 clips with their texts to the first transcript of a new recording."""
    page.open()
    clips = sorted(_clips(data, "mdw", "10min_train", 60), key=lambda u: u.seconds)[10 : 11 + EXAMPLES]
    with TemporaryDirectory() as folder:
        mine = _zipped(Path(folder) / "mine.zip", clips[:EXAMPLES])
        shown(page)
        name(page, "mbosh", "mdw")
        clock = Clock("Linguist: 15 clips of Mboshi")
        page.one("#own-uploads input[type='file']").send_keys(str(mine))
        _until(page, lambda: page.all("#own-uploads .file-preview"), "the upload")
        page.click("#own-add-files")
        _until(page, lambda: page.text("#own-examples").startswith(f"{EXAMPLES} "), "the examples")
        clock.says("the examples are in")
        page.one("#own-recordings input[type='file']").send_keys(str(clips[-1].audio))
        _until(page, lambda: page.all("#own-results tbody tr"), "the recording")
        page.click("#own-transcribe")
        _until(page, lambda: page.all("#own-results tbody tr .pick-row"), "the transcript")
        clock.says("the first transcript")
        _until(page, lambda: "Checked" in said(page), "the check")
        clock.says("checked")


def _clips(data: Path, language: str, split: str, most: int) -> Sequence[Utterance]:
    return read_corpus(data / language, split).utterances[:most]


def _zipped(path: Path, clips: Sequence[Utterance]) -> Path:
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(("file", "text"))
    with ZipFile(path, "w") as archive:
        for clip in clips:
            archive.write(clip.audio, clip.audio.name)
            rows.writerow((clip.audio.name, clip.text))
        archive.writestr("metadata.csv", table.getvalue())
    return path


def _until(page: Page, condition: Callable[[], object], what: str) -> None:
    page.wait(condition, what, PATIENCE)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
