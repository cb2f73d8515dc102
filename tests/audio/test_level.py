"""Quiet recordings have the features of loud ones, and those of a usual level are left as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.audio.features import log_mel
from smile.audio.io import QUIET, from_array, read_audio, write
from smile.audio.isolated import read_apart
from smile.datatypes import SAMPLE_RATE
from tests.support.sounds import Signal, encode, signal


def level(span: float) -> Signal:
    """Speech with so much from peak to peak."""
    voice = signal(3.0)
    return (voice * (span / np.ptp(voice))).astype(np.float32)


@pytest.mark.parametrize("db", [-40, -50, -60, -70])
def test_a_quiet_recording_has_the_features_of_a_loud_one(tmp_path: Path, db: float) -> None:
    loud, quiet = level(1.5), level(1.5 * 10 ** (db / 20))
    path = encode(tmp_path / "quiet.wav", quiet, SAMPLE_RATE, "float.wav")
    for samples in (read_audio(path), read_apart(path).samples, from_array(quiet, SAMPLE_RATE)):
        assert 0.5 <= np.abs(samples).max() < 1.0
        difference = log_mel(samples) - log_mel(loud)
        assert np.abs(difference - np.median(difference[:, :300])).max() < 1e-3
        assert np.abs(difference).max() < 0.3  # 12 dB


@given(span=st.floats(1.001 * QUIET, 1.0))
def test_a_recording_of_usual_level_is_not_touched(span: float) -> None:
    np.testing.assert_array_equal(from_array(level(span), SAMPLE_RATE), level(span))


@given(span=st.floats(0.001, 0.99 * QUIET), offset=st.sampled_from([0.0, 0.03, -0.2]))
def test_the_offset_of_a_quiet_recording_is_not_amplified(span: float, offset: float) -> None:
    samples = from_array(level(span) + np.float32(offset), SAMPLE_RATE)
    assert 0.5 <= np.abs(samples).max() < 1.0
    assert abs(float(samples.mean())) < 0.02


@pytest.mark.parametrize("name", ["quiet.wav", "quiet.flac"])
@pytest.mark.parametrize("span", [0.001, 0.006, 0.03])
def test_a_quiet_recording_that_is_written_is_read_as_it_was(tmp_path: Path, name: str, span: float) -> None:
    path = encode(tmp_path / name, level(span), SAMPLE_RATE, "pcm16" + Path(name).suffix)
    samples = read_audio(path)
    write(tmp_path / f"again-{name}", samples)
    np.testing.assert_array_equal(read_audio(tmp_path / f"again-{name}"), samples)
