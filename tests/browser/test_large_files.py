"""Files that are larger than what is taken are told where they were chosen, and nothing of them is sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from smile.own.quota import Quota
from tests.browser.page import Page
from tests.browser.steps import said, shown

pytestmark = pytest.mark.browser
SENT = "return performance.getEntriesByType('resource').filter(e => e.name.includes('/upload')).length"


def test_it_is_told_in_place_and_a_smaller_one_is_taken(page: Page, tmp_path: Path) -> None:
    large, small = tmp_path / "large.wav", tmp_path / "small.wav"
    sf.write(large, np.zeros(1_600_000), 16_000)
    sf.write(small, 0.1 * np.sin(np.arange(16_000)), 16_000)
    page.open()
    page.driver.execute_script("window.gradio_config.max_file_size = 2_000_000")
    page.click("#audio button[aria-label='Upload file']")
    before = page.driver.execute_script(SENT)
    page.one("#audio input[type='file']").send_keys(str(large))
    page.wait(lambda: page.all(".refused"), "the sentence")
    assert "at most 2 MB are taken" in page.text(".refused")
    assert page.driver.execute_script(SENT) == before
    page.upload(small)
    assert page.driver.execute_script(SENT) > before
    assert not page.all(".refused")


def test_several_that_are_too_large_together_are_told_and_fewer_are_taken(page: Page, tmp_path: Path) -> None:
    both = [tmp_path / "one.wav", tmp_path / "two.wav"]
    for number, path in enumerate(both, 1):
        sf.write(path, 0.1 * np.sin(number * np.arange(16_000)), 16_000)
    shown(page.open())
    assert page.driver.execute_script("return window.gradio_config.most_at_once") == Quota().at_once
    page.driver.execute_script("window.gradio_config.most_at_once = 50_000")
    before = page.driver.execute_script(SENT)
    field = "#own-recordings input[type='file']"
    page.one(field).send_keys("\n".join(map(str, both)))
    page.wait(lambda: page.all(".refused"), "the sentence")
    assert "too large together" in page.text(".refused")
    assert page.driver.execute_script(SENT) == before
    page.one(field).send_keys(str(both[0]))
    page.wait(lambda: said(page).startswith("1 recording added"), "the first")
    assert not page.all(".refused")
