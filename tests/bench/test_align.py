"""The known times that word times are measured against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smile.audio.io import write
from smile.bench.align import run
from smile.bench.known import cut_to_sound, joined, told
from smile.datatypes import SmileError, Utterance


def test_clips_are_cut_to_their_sound_and_joined_at_known_times(tmp_path: Path) -> None:
    clips = []
    for number, seconds in enumerate((0.4, 0.7)):
        tone = 0.5 * np.sin(np.arange(round(seconds * 16_000))).astype(np.float32)
        write(
            tmp_path / f"{number}.wav",
            np.concatenate([np.zeros(8_000, np.float32), tone, np.zeros(4_000, np.float32)]),
        )
        clips.append(Utterance(str(number), tmp_path / f"{number}.wav", "x"))
    sound = joined(clips, 0.5)
    for (start, end), seconds in zip(sound.times, (0.4, 0.7), strict=True):
        assert end - start == pytest.approx(seconds, abs=0.02)
        piece = sound.samples[round(start * 16_000) : round(end * 16_000)]
        assert abs(piece).max() > 0.4
    assert sound.times[1][0] - sound.times[0][1] == pytest.approx(0.5)
    assert len(cut_to_sound(sound.samples)) < len(sound.samples) - 15_000


def test_pools_have_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="--pools"):
        run(tmp_path, None, ["gla"], "10min_dev", 1)


def test_errors_are_told_in_milliseconds_whatever_their_sign() -> None:
    assert told(np.array([[-0.01, 0.02], [0.03, -0.5]])) == "25 (359)"
