"""A recording is read to its end, or refused, or what was transcribed of it says that it is not all."""

from __future__ import annotations

from pathlib import Path

import pytest

import smile
from smile.datatypes import AudioError, EncoderId, RecognizerInfo, SmileError
from smile.settings import Settings
from smile.transcription import lengths
from smile.transcription.result import Result
from tests.support.linguists import staircase

RESULT = Result(
    600.0, Settings(), RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12)), problem="A."
)


def test_a_recording_is_read_to_its_end(tmp_path: Path) -> None:
    assert len(smile.read(staircase(tmp_path / "long.wav", 607))) == 607 * 16_000


def test_a_longer_one_than_is_allowed_is_refused(tmp_path: Path) -> None:
    long = staircase(tmp_path / "long.wav", 61)
    with pytest.raises(AudioError, match=r"'long.wav' is longer than 1 minutes; .* --max-minutes"):
        lengths.read_whole(long, 1)
    assert len(lengths.read_whole(long, 61 / 60)) == 61 * 16_000


@pytest.mark.parametrize("minutes", [0, -1, 1441, float("nan"), float("inf")])
def test_a_limit_is_within_bounds(minutes: float) -> None:
    with pytest.raises(SmileError, match="at most 1440 minutes"):
        lengths.checked(minutes)


def test_a_result_says_that_it_is_not_all() -> None:
    assert lengths.told(RESULT, cut=False) is RESULT
    said = lengths.told(RESULT, cut=True).problem
    assert said == "A. Only the first 10 minutes of the recording were transcribed; it is longer."
