"""The waveform of a result on Transcribe: of the side that counts, from the visitor's own upload, or none."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.settings import Settings
from smile.ui.transcribe.heard import heard
from smile.ui.transcribe.view import Failed, Finished, Outcome, Unfinished
from tests.support.fake_engine import FakeEngine, tone
from tests.support.uploads import upload

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def audio(tmp_path: Path) -> str:
    return upload(tone(tmp_path / "mine é.wav", 1.0, 300))


def finished(folder: Path, seconds: float = 16.0, lines: int = 2, level: Any = "context") -> Finished:
    """A result of two segments, 0 to 6 s and 7.5 to 13.5 s."""
    samples = np.zeros(int(16000 * seconds), np.float32)
    *_, result = FakeEngine(folder, lines=lines).transcribe(samples, "gla", Settings(level=level))
    return Finished(result, "gla", seen=(seconds, (100, 3)))


def wave(made: str) -> dict[str, Any]:
    (found,) = re.findall(r'data-wave="([^"]*)"', made)
    return json.loads(html.unescape(found))


def starts(made: str, kind: str) -> list[float]:
    return [float(s) for s in re.findall(rf'class="wave-word{kind}" data-start="([\d.]+)"', made)]


def test_segments_and_words_of_the_other_side_are_played_from_the_upload(tmp_path: Path, audio: str) -> None:
    made = heard(finished(tmp_path), audio)
    assert 'src="gradio_api/file=/' in made
    assert "mine%20%C3%A9.wav" in made
    told = wave(made)
    assert (told["segment"], told["segments"], told["peaks"]) == ([0, 16], [[0, 6], [7.5, 13.5]], [100, 3])
    assert starts(made, " wave-time") == [0.0, 7.5]
    words = starts(made, "")
    assert len(words) == 12
    assert words == sorted(words), "without times they are spread over their segments"
    assert "have no times" in made
    assert "With examples (SMILE)" in made


def test_words_of_an_acoustic_model_have_their_own_times(tmp_path: Path, audio: str) -> None:
    made = heard(finished(tmp_path, level="acoustic"), audio)
    assert "have no times" not in made
    assert 'class="wave-word word doubt" data-start="1.000" data-end="1.500" data-until="1.500"' in made


def test_a_segment_goes_no_further_than_the_recording(tmp_path: Path, audio: str) -> None:
    made = heard(finished(tmp_path, 2.0, 1), audio)
    assert max(starts(made, "")) < 2.0
    assert not starts(made, " wave-time"), "one segment has no need of a time"


def test_without_a_text_of_the_other_side_it_is_whisper_alone(tmp_path: Path, audio: str) -> None:
    done = finished(tmp_path)
    done = replace(done, result=replace(done.result, smile=replace(done.result.smile, segments=())))
    assert "Whisper alone" in heard(done, audio)


@pytest.mark.parametrize("outcome", [None, Unfinished(), Failed("No.")])
def test_what_is_not_finished_is_not_heard(outcome: Outcome, audio: str) -> None:
    assert heard(outcome, audio) == ""


@pytest.mark.parametrize("path", [None, "", "/etc/passwd", "../x", "\0", "x" * 9999])
def test_only_an_upload_is_played(tmp_path: Path, path: str | None) -> None:
    assert heard(finished(tmp_path), path) == ""


def test_no_text_is_written_unescaped(tmp_path: Path, audio: str) -> None:
    done = finished(tmp_path)
    (first, *_) = done.result.smile.segments
    side = replace(first, decoded=replace(first.decoded, text=NASTY))
    done = replace(done, result=replace(done.result, smile=replace(done.result.smile, segments=(side,))))
    assert "<script" not in heard(done, audio)
    assert "&lt;script&gt;" in heard(done, audio)
    unfinished = replace(done, result=replace(done.result, done=False))
    assert heard(unfinished, audio) == ""
