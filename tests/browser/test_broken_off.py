"""A long transcription that a reload breaks off, in a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smile.ui.parts.components import LOOKS
from tests.browser.page import Page
from tests.support.fake_engine import HEARD, FakeEngine, tone


@pytest.fixture
def slow(engine: FakeEngine) -> Iterator[FakeEngine]:
    """An engine that takes its time over three segments."""
    engine.lines, engine.pace = 3, 0.15
    yield engine
    engine.lines, engine.pace = 1, 0.0


def upload(page: Page, path: Path, seconds: float, pitch: float) -> None:
    page.choose("pool", "Gaelic")
    page.upload(tone(path, seconds, pitch))


def shown(page: Page) -> bool:
    return any(box.is_displayed() for box in page.all("#broken-off"))


def test_a_reload_in_the_middle_goes_on_by_itself(page: Page, slow: FakeEngine, tmp_path: Path) -> None:
    upload(page, tmp_path / "sermon.wav", 20, 300)
    page.set_number("shots", 2)
    assert not shown(page)
    page.start()
    page.wait(lambda: HEARD in page.vanilla.partition("valt")[2], "the second segment")
    slow.asked.clear()
    slow.steps = 0
    page.open()
    page.errors()  # of the page that was left in the middle
    page.wait(lambda: HEARD in page.vanilla, "what was written")
    page.wait(lambda: page.all("#audio .play-pause-button"), "the recording")
    page.wait(lambda: page.all("#download"), "the end")
    samples, pool, settings = slow.asked[-1]
    assert (samples, pool, settings.shots, page.shots) == (20 * 16000, "gla", 2, "2")
    assert len(slow.asked) == 1, "it was gone on with once"
    assert page.vanilla.count(HEARD) == 3
    assert 0 < slow.steps <= 3 * 13, "the first segment was not written again"
    page.wait(lambda: not shown(page), "the line to go")
    page.open()
    assert not shown(page)
    assert not page.errors()


def test_a_long_recording_says_how_far_it_is(page: Page, slow: FakeEngine, tmp_path: Path) -> None:
    upload(page, tmp_path / "long.wav", 45, 310)
    page.start()
    page.wait(lambda: " of 0:45" in page.text("#stage"), "the place in the recording")
    page.wait(lambda: " left" in page.text("#stage"), "the time that is left")
    page.wait(lambda: page.all("#download"), "the end")
    assert " of 0:45" not in page.text("#stage")
    assert not page.errors()


def test_after_a_cancel_it_can_be_discarded(page: Page, slow: FakeEngine, tmp_path: Path) -> None:
    upload(page, tmp_path / "cancelled.wav", 20, 330)
    page.start()
    page.wait(lambda: HEARD in page.vanilla, "the first segment")
    page.click("#stop")
    page.wait(lambda: shown(page), "the line")
    assert "cancelled.wav stopped at" in page.text("#broken-off-line")
    page.click("#discard")
    page.wait(lambda: "Press again" in page.text("#discard"), "the question")
    page.click("#reference textarea")  # which is another answer than yes
    page.wait(lambda: page.text("#discard") == "Discard", "the question to be withdrawn")
    page.click("#discard")
    assert shown(page)
    page.click("#discard")
    page.wait(lambda: not shown(page), "the line to go")
    page.open()
    assert not shown(page)
    assert not page.errors()


def test_a_cancelled_one_is_not_gone_on_with_by_itself(page: Page, slow: FakeEngine, tmp_path: Path) -> None:
    upload(page, tmp_path / "ended.wav", 20, 340)
    page.start()
    page.wait(lambda: HEARD in page.vanilla.partition("valt")[2], "the second segment")
    page.click("#stop")
    page.wait(lambda: shown(page), "the line")
    slow.asked.clear()
    page.open()
    page.wait(lambda: "ended.wav stopped at 0:06 of 0:20" in page.text("#broken-off-line"), "the line")
    time.sleep(2 * LOOKS)
    assert slow.asked == []
    assert not page.all("#audio .play-pause-button")
    page.click("#go-on")
    slow.pace = 0.02
    page.wait(lambda: page.all("#download"), "the end")
    assert page.vanilla.count(HEARD) == 3
    assert not page.errors()


def test_another_window_takes_nothing_over_while_the_first_one_runs(
    page: Page, slow: FakeEngine, tmp_path: Path
) -> None:
    first = page.driver.current_window_handle
    upload(page, tmp_path / "both.wav", 20, 350)
    page.start()
    page.wait(lambda: HEARD in page.vanilla, "the first segment")
    slow.asked.clear()
    page.driver.switch_to.new_window("tab")
    try:
        page.open()
        page.wait(lambda: "both.wav is under way" in page.text("#broken-off-line"), "the line")
        page.wait(
            lambda: "it is at 0:06 of 0:20" in page.text("#broken-off-line"), "the line to be kept true"
        )
        page.wait(lambda: not shown(page), "the line to go as the first one is done")
        assert slow.asked == []
        assert HEARD not in page.vanilla
        assert not page.errors()
        page.driver.close()
    finally:
        page.driver.switch_to.window(first)
    page.wait(lambda: page.all("#download"), "the end")


def test_my_language_keeps_its_own_key_and_deletes_both(page: Page, slow: FakeEngine, tmp_path: Path) -> None:
    upload(page, tmp_path / "deleted.wav", 20, 360)
    page.start()
    page.wait(lambda: HEARD in page.vanilla, "the first segment")
    page.click("#stop")
    page.wait(lambda: shown(page), "the line")
    keys = page.driver.execute_script("return Object.keys(localStorage)")
    assert "smile-transcriptions" in keys
    page.show("own")
    page.click("#own-delete")
    page.wait(lambda: page.one("#own-really").is_displayed(), "the question")
    page.click("#own-really")
    page.wait(lambda: "deleted" in page.text("#own-stage"), "the deletion")
    page.open()
    assert not shown(page)
