"""Stretches of recordings: the same samples each time, decoded once while one goes through them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smile.audio import stretches
from smile.audio.io import read_audio, write
from smile.audio.stretches import Stretches
from smile.datatypes import SAMPLE_RATE, AudioError

SECONDS = 20
LIMIT = 60.0


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, SECONDS * SAMPLE_RATE).astype(np.float32)
    write(tmp_path / "long.wav", noise)
    return tmp_path / "long.wav"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The recordings that were decoded, in turn; a window holds little beside what was asked for."""
    asked: list[Path] = []
    read = stretches.read_apart

    def noted(path: Path, limit: float) -> object:
        asked.append(path)
        return read(path, limit)

    monkeypatch.setattr(stretches, "read_apart", noted)
    monkeypatch.setattr(stretches, "BEFORE", 1.0)
    monkeypatch.setattr(stretches, "AFTER", 4.0)
    return asked


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (3.0, 5.0), (18.5, 30.0), (25.0, 26.0)])
def test_a_stretch_is_what_the_recording_has_there(
    recording: Path, decoded: list[Path], start: float, end: float
) -> None:
    sounds, wanted = Stretches(), read_audio(recording)[int(start * 16000) : int(end * 16000)]
    for _ in range(2):
        assert np.allclose(sounds.cut(recording, start, end, LIMIT), wanted, atol=2**-15)
    assert decoded == [recording]


def test_going_through_it_decodes_it_again_only_beyond_the_window(
    recording: Path, decoded: list[Path]
) -> None:
    sounds = Stretches()
    for start in (5, 6, 4, 7):
        sounds.cut(recording, start, start + 2, LIMIT)
    assert len(decoded) == 1
    whole = read_audio(recording)
    far = sounds.cut(recording, 12, 14, LIMIT)
    assert np.allclose(far, whole[12 * SAMPLE_RATE : 14 * SAMPLE_RATE], atol=2**-15)
    assert len(decoded) == 2


def test_few_windows_are_kept_and_none_of_a_file_that_is_gone_or_another(
    recording: Path, decoded: list[Path], tmp_path: Path
) -> None:
    sounds, second = Stretches(kept=1), tmp_path / "second.wav"
    second.write_bytes(recording.read_bytes())
    for path in (recording, second, recording):
        sounds.cut(path, 0, 1, LIMIT)
    assert decoded == [recording, second, recording]
    write(
        recording, np.full(2 * SAMPLE_RATE, 0.25, np.float32) * np.sign(np.arange(2 * SAMPLE_RATE) % 2 - 0.5)
    )
    assert abs(sounds.cut(recording, 0, 1, LIMIT)).max() == pytest.approx(0.25, abs=1e-4)
    recording.unlink()
    with pytest.raises(AudioError, match="There is no recording"):
        sounds.cut(recording, 0, 1, LIMIT)
    assert not sounds._windows


def test_what_is_silent_for_long_is_read_as_far_as_may_be(tmp_path: Path, decoded: list[Path]) -> None:
    late = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    late[-SAMPLE_RATE:] = np.where(np.arange(SAMPLE_RATE) % 2, 0.5, -0.5)
    write(tmp_path / "late.wav", late)
    sounds = Stretches()
    assert not sounds.cut(tmp_path / "late.wav", 1.0, 2.0, LIMIT).any()
    assert len(decoded) == 2
    sounds.cut(tmp_path / "late.wav", 3.0, 5.0, LIMIT)
    assert len(decoded) == 2
