"""Channels are mixed so that no speech is lost, and floats keep their shape however large they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from smile.audio.channels import MEMORY, Mixer, peak
from smile.audio.io import from_array, read_audio, stream
from smile.audio.isolated import read_apart
from smile.datatypes import SAMPLE_RATE
from tests.support.sounds import Signal, assert_sound, encode, signal, similarity


@pytest.mark.parametrize("other", [-1.0, -0.94, -0.8])
@pytest.mark.parametrize("kind", ["pcm16.wav", "float.wav", "pcm16.flac", "aac.m4a"])
def test_opposite_channels_do_not_cancel(tmp_path: Path, kind: str, other: float) -> None:
    both = np.stack([signal(), other * signal()], axis=1)
    samples = read_audio(encode(tmp_path / kind, both, SAMPLE_RATE, kind))
    assert similarity(samples, signal()) > 0.98
    assert np.abs(samples).max() > 0.8 * np.abs(signal()).max()
    np.testing.assert_array_equal(read_apart(tmp_path / kind).samples, samples)


def test_opposite_channels_of_an_array_do_not_cancel() -> None:
    both = (np.stack([signal(), -signal()], axis=1) * 32_767).astype(np.int16)
    np.testing.assert_allclose(from_array(both, SAMPLE_RATE), signal(), atol=2 / 32_767)


def test_one_of_opposite_channels_is_kept_to_the_end() -> None:
    """The louder one changes from block to block, and with it the sign would."""
    mixer, left = Mixer("It"), signal(8.0)
    sides = np.stack([left, -left * np.linspace(0.95, 1.05, len(left), dtype=np.float32)], axis=1)
    mono = np.concatenate([mixer.mono(block) for block in np.split(sides, 100)])
    assert min(np.abs(mono - sides[:, side]).max() for side in (0, 1)) == 0


def test_channels_that_turn_opposite_on_the_way_are_not_lost() -> None:
    mixer, voice = Mixer("It"), signal(60.0)
    sign = np.where(np.arange(len(voice)) < SAMPLE_RATE * 20, 1, -1).astype(np.float32)
    sides = np.stack([voice, sign * voice], axis=1)
    mono = np.concatenate([mixer.mono(block) for block in np.split(sides, 1000)])
    begin = SAMPLE_RATE * 20 + 4 * MEMORY
    assert max(similarity(side * mono[begin:], voice[begin:]) for side in (1, -1)) > 0.99


@given(
    loudness=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8).filter(lambda x: max(x) > 0.01),
    noise=st.floats(0.0, 0.1),
    seed=st.integers(0, 2**32 - 1),
)
def test_other_channels_are_mixed_to_their_mean(loudness: list[float], noise: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = signal(1.0)[:, None] * np.array(loudness) + noise * random.standard_normal(
        (16_000, len(loudness))
    )
    block = values.astype(np.float32)
    mean = np.clip(block, -1.0, 1.0).mean(axis=1, dtype=np.float32)
    np.testing.assert_array_equal(Mixer("It").mono(block), mean)


@pytest.mark.parametrize("most", [1.0, 1.5, 50.0, 32_768.0, 1e6])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_floats_over_1_are_scaled_by_their_peak(tmp_path: Path, most: float, rate: int) -> None:
    """The loudest part is the last of several blocks."""
    voice = signal(12.0, rate) * np.linspace(0.1, 1.0, 12 * rate, dtype=np.float32)
    voice *= most / np.abs(voice).max()
    path = encode(tmp_path / "loud.wav", voice, rate, "float.wav")
    meant = from_array(voice / np.float32(most), rate)
    for samples in (read_audio(path), from_array(voice, rate), np.concatenate(list(stream(path)))):
        assert np.abs(samples - meant).max() < 1e-5
        assert_sound(samples)
    np.testing.assert_array_equal(read_apart(path).samples, read_audio(path))


def test_the_peak_is_that_of_what_is_read(tmp_path: Path) -> None:
    voice = np.concatenate([signal(10.0), 50 * signal(10.0)])
    path = encode(tmp_path / "late.wav", voice, SAMPLE_RATE, "float.wav")
    for read in (read_audio, lambda *given: read_apart(*given).samples):
        np.testing.assert_array_equal(read(path, 5.0), signal(10.0)[: 5 * SAMPLE_RATE])


def test_no_value_has_no_peak() -> None:
    assert peak(np.zeros((0, 2), np.float32)) == 0.0
    assert peak(np.full((3, 1), -2, np.int16)) == 1.0


def test_a_mixer_takes_a_change_of_channels() -> None:
    mixer, voice = Mixer("It"), signal(1.0)
    blocks: list[Signal] = [np.stack([voice, -voice], axis=1), voice[:, None], np.stack([voice] * 6, axis=1)]
    for block in blocks:
        np.testing.assert_allclose(mixer.mono(block), voice, atol=1e-6)


def clicked(samples: Signal, *clicks: tuple[int, float]) -> Signal:
    """The samples with values in their place."""
    samples = samples.copy()
    for place, value in clicks:
        samples[place] = value
    return samples


SPEECH = signal(2.0)
LOUD = SPEECH * np.float32(30_000 / np.abs(SPEECH).max())
HOT = SPEECH * np.float32(1.8 / np.abs(SPEECH).max())
RARE = np.concatenate([np.random.default_rng(0).normal(0, 10, 200_000).astype(np.float32), LOUD])


@pytest.mark.parametrize(
    ("samples", "scale"),
    [
        (SPEECH, 1.0),
        (clicked(SPEECH, (900, 1e4)), 1.0),
        (clicked(SPEECH, (0, -1e30), (31_999, 3e38)), 1.0),
        (clicked(SPEECH, *((n, 50.0) for n in range(100, 120))), 1.0),
        (LOUD, 30_000.0),
        (clicked(LOUD, (5, 1e7), (6, -1e7)), 30_000.0),
        (HOT, 1.8),
        (clicked(HOT, (7, 1e4)), 1.8),
        (RARE, 30_000.0),
        (clicked(SPEECH, *((n, 50.0) for n in range(0, 32_000, 40))), 50.0),
    ],
)
def test_clicks_do_not_scale_speech_away(tmp_path: Path, samples: Signal, scale: float) -> None:
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    wanted = np.clip(samples / np.float32(scale), -1.0, 1.0)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), wanted, atol=1e-6)
    np.testing.assert_allclose(from_array(samples, SAMPLE_RATE), wanted, atol=1e-6)


def test_speech_within_full_scale_is_the_same_by_the_bit(tmp_path: Path) -> None:
    for samples in (SPEECH, clicked(SPEECH, (9, 1.0), (10, -1.0))):
        soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE, subtype="FLOAT")
        np.testing.assert_array_equal(read_audio(tmp_path / "a.wav"), samples)
    soundfile.write(tmp_path / "a.wav", clicked(SPEECH, (900, 1e4)), SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav"), clicked(SPEECH, (900, 1.0)))
