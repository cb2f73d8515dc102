"""Of a long recording the page says how far it is, and about how long the rest takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smile.settings import Settings
from smile.transcription.result import Result, Transcript
from smile.ui.i18n import french
from smile.ui.parts.so_far import SoFar
from smile.ui.scheduler import Watched
from smile.ui.transcribe import view
from tests.support.fake_engine import FakeEngine


@pytest.fixture
def result(tmp_path):
    *_, last = FakeEngine(tmp_path).transcribe(b"" * 9, "gla", Settings())
    return replace(last, duration=1205.0, done=False, stage="With examples")


def at(result: Result, start: float) -> Result:
    """The same transcription, as the segment that begins there is being written."""
    segment = replace(result.smile.segments[0], start=start)
    return replace(result, vanilla=Transcript(segments=(segment,)), smile=Transcript())


def test_place_and_time_left_are_told_of_a_long_recording(result):
    now = [100.0]
    so_far = SoFar(lambda: now[0])
    assert so_far.said(at(result, 0.0)) == "0:00 of 20:05"
    now[0] = 104.0
    assert so_far.said(at(result, 5.0)) == "0:05 of 20:05", "too little to tell by"
    now[0] = 105.0
    assert so_far.said(at(result, 26.0)) == "0:26 of 20:05, about 4 minutes left"
    now[0] = 340.0
    assert so_far.said(at(result, 1200.0)) == "20:00 of 20:05, about 1 s left"


def test_one_that_goes_on_is_measured_from_where_it_does(result):
    now = [0.0]
    so_far = SoFar(lambda: now[0])
    assert so_far.said(at(result, 1000.0)) == "16:40 of 20:05"
    now[0] = 20.0
    assert so_far.said(at(result, 1100.0)) == "18:20 of 20:05, about 21 s left"


def test_what_was_kept_of_it_counts_for_nothing(result):
    now = [0.0]
    so_far = SoFar(lambda: now[0])
    assert so_far.said(replace(result, vanilla=Transcript(), smile=Transcript())) == "0:00 of 20:05"
    for now[0], start in ((8.0, 0.0), (8.1, 500.0), (8.2, 1000.0)):
        assert so_far.said(at(result, start)).endswith("of 20:05")
    now[0] = 28.0
    assert so_far.said(at(result, 1100.0)) == "18:20 of 20:05, about 21 s left"


def test_of_a_recording_that_is_longer_than_what_is_read_it_says_so(result):
    said = SoFar(cut=True).said(at(result, 26.0))
    assert said == "0:26 of the first 20:05"
    assert (
        french().text(f"With examples: {said}") == "Avec exemples\u00a0: 0:26 sur les 20:05 premières minutes"
    )


def test_nothing_is_told_of_a_short_one_or_at_the_end(result):
    assert SoFar().said(replace(result, duration=12.0)) == ""
    assert SoFar().said(replace(result, done=True)) == ""


def test_the_stage_tells_it_in_french_too(result):
    said = "0:26 of 20:05, about 4 minutes left"
    assert f"With examples: {said}" in str(view.snapshot(result, said).stage)
    told = "Avec exemples\u00a0: 0:26 sur 20:05, encore environ 4 minutes"
    assert french().text(f"With examples: {said}") == told
    assert french().text("With examples: 0:26 of 20:05") == "Avec exemples\u00a0: 0:26 sur 20:05"


def test_of_a_pool_that_is_made_ready_it_says_how_long_the_rest_takes():
    now = [0.0]
    clips = Watched(90, now=lambda: now[0])
    clips(1, 90)
    now[0] = 4.0
    clips(9, 90)
    assert str(clips) == "9 of 90 clips", "too little to tell by"
    now[0] = 10.0
    clips(21, 90)
    assert str(clips) == "21 of 90 clips, about 34 s left"
    said = f"Reading the examples of Irish: {clips}"
    assert (
        french().text(said)
        == "Lecture des exemples, Irlandais\u00a0: 21 extraits sur 90, encore environ 34 s"
    )
    clips(90, 90)
    assert str(clips) == "90 of 90 clips"


def test_a_fit_is_measured_once_its_clips_are_encoded():
    now = [0.0]
    part = Watched(90, share=True, now=lambda: now[0])
    part(29, 100)
    now[0] = 60.0
    part(30, 100)
    assert str(part) == "30 %"
    now[0] = 80.0
    part(40, 100)
    assert str(part) == "40 %, about 2 minutes left"
