"""A file that is larger than what is taken is told where it was chosen, and nothing of it is sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.browser.page import Page

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
