"""Every format decodes to the same samples, reading stops at the limit, features are Whisper's own."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from smile.audio.channels import Mixer
from smile.audio.decoders import BLOCK
from smile.audio.features import log_mel
from smile.audio.io import from_array, read_audio, read_recording, write
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.support import sounds
from tests.support.sounds import Signal, assert_sound, encode, signal, similarity


def every_encoding() -> list[tuple[str, int, int]]:
    """Each format at each rate that its encoder takes, mono and stereo by turns."""
    kinds = [(kind, rate) for kind in sounds.FORMATS for rate in sounds.RATES.get(kind, sounds.ANY_RATE)]
    return [(kind, rate, 1 + number % 2) for number, (kind, rate) in enumerate(kinds)]


@pytest.mark.parametrize(("kind", "rate", "channels"), every_encoding())
def test_every_format_decodes_to_the_same_samples(
    tmp_path: Path, kind: str, rate: int, channels: int
) -> None:
    original = np.repeat(signal(2.0, rate)[:, None], channels, axis=1)
    recording = read_recording(encode(tmp_path / kind, original, rate, kind))
    assert_sound(recording.samples)
    assert similarity(recording.samples, signal(2.0)) > 0.99
    assert len(recording.samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.2)
    assert not recording.cut


@pytest.mark.parametrize("kind", ["pcm16.wav", "pcm16.flac", "vorbis.ogg", "aac.m4a", "opus.webm"])
@pytest.mark.parametrize("channels", [6, 8])
def test_surround_sound_is_mixed_down(tmp_path: Path, kind: str, channels: int) -> None:
    original = np.repeat(signal(2.0, 48_000)[:, None], channels, axis=1)
    samples = read_audio(encode(tmp_path / kind, original, 48_000, kind))
    assert similarity(samples, signal(2.0)) > 0.98


def test_downmix_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    left = signal()
    path = encode(tmp_path / "one_side.wav", np.stack([left, 0 * left], axis=1), SAMPLE_RATE, "float.wav")
    np.testing.assert_allclose(read_audio(path), left / 2, atol=1e-7)


def test_sound_at_16_khz_is_not_changed(tmp_path: Path) -> None:
    path = encode(tmp_path / "same.wav", signal(), SAMPLE_RATE, "float.wav")
    np.testing.assert_array_equal(read_audio(path), signal())


@pytest.mark.parametrize(("kind", "suffix"), [*product(sounds.FORMATS, [".wav", ".mp3", ".raw", ""])])
def test_a_wrong_suffix_does_no_harm(tmp_path: Path, kind: str, suffix: str) -> None:
    path = encode(tmp_path / f"renamed{suffix}", signal(1.0), SAMPLE_RATE, kind)
    assert similarity(read_audio(path), signal(1.0)) > 0.98


def test_the_sound_of_a_video(tmp_path: Path) -> None:
    assert similarity(read_audio(sounds.write_video(tmp_path / "film.mp4", signal())), signal()) > 0.99


def test_an_mp3_is_read_to_its_end_whatever_its_first_frames_promise(tmp_path: Path) -> None:
    """A variable bit rate without a Xing header: loud noise first makes the length look short."""
    import av

    noise = np.random.default_rng(0).normal(0, 0.2, 5 * SAMPLE_RATE).astype(np.float32)
    with av.open(str(tmp_path / "vbr.mp3"), "w", options={"write_xing": "0"}) as container:
        stream: Any = container.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.flags |= 2  # quality in place of a bit rate
        sounds.encode_stream(container, stream, np.concatenate([noise, 0 * noise, 0 * noise])[:, None])
    assert len(read_audio(tmp_path / "vbr.mp3")) / SAMPLE_RATE == pytest.approx(15.0, abs=0.2)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of all blocks decoded from here on, at the file's own rate."""
    lengths: list[int] = []
    mono = Mixer.mono

    def counting(self: Mixer, values: NDArray[Any]) -> Signal:
        lengths.append(len(values))
        return mono(self, values)

    monkeypatch.setattr(Mixer, "mono", counting)
    return lengths


@pytest.mark.parametrize("kind", sounds.FORMATS)
def test_reading_stops_at_the_limit(tmp_path: Path, kind: str, decoded: list[int]) -> None:
    path = encode(tmp_path / kind, signal(30.0), SAMPLE_RATE, kind)
    recording = read_recording(path, limit=2.0)
    assert recording.cut
    assert len(recording.samples) == 2 * SAMPLE_RATE
    assert sum(decoded) <= 3 * (2 * SAMPLE_RATE) + BLOCK  # Opus decodes to 48 kHz


def test_ten_hours_are_not_decoded(tmp_path: Path, decoded: list[int]) -> None:
    """A WAV of ten hours, all of it silence after two seconds, most of it a hole on the disk."""
    path = encode(tmp_path / "day.wav", signal(), SAMPLE_RATE, "pcm16.wav")
    size = 44 + 10 * 3600 * SAMPLE_RATE * 2
    with path.open("r+b") as file:
        file.truncate(size)
        for place, length in ((4, size - 8), (40, size - 44)):
            file.seek(place)
            file.write(length.to_bytes(4, "little"))
    assert soundfile.info(path).duration == pytest.approx(36_000)
    recording = read_recording(path, limit=10.0)
    assert recording.cut
    assert sum(decoded) <= 10 * SAMPLE_RATE + BLOCK


def test_a_recording_of_exactly_the_limit_is_not_cut(tmp_path: Path) -> None:
    path = encode(tmp_path / "exact.flac", signal(2.0, 48_000), 48_000, "pcm16.flac")
    assert not read_recording(path, limit=2.0).cut
    assert read_recording(path, limit=1.99).cut


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8", "float32", "float64"])
@pytest.mark.parametrize("channels", [0, 1, 2])
def test_arrays_of_every_type(dtype: str, channels: int) -> None:
    original = signal(1.0, 48_000)
    if np.dtype(dtype).kind in "iu":
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        values = ((original + 1) / 2 * (high - low) + low).astype(dtype)
    else:
        values = original.astype(dtype)
    if channels:
        values = np.repeat(values[:, None], channels, axis=1)
    samples = from_array(values, 48_000)
    assert_sound(samples)
    np.testing.assert_allclose(samples[100:-100], signal(1.0)[100:-100], atol=0.02)


@pytest.mark.parametrize("values", [np.array(0.5), np.array(["a"] * 9999), np.ones(9999, bool), [1j] * 9999])
def test_arrays_that_are_no_sound(values: Any) -> None:
    with pytest.raises(AudioError, match="array of numbers"):
        from_array(values, SAMPLE_RATE)


@pytest.mark.parametrize(("name", "error"), [("clip.wav", 1e-4), ("clip.flac", 1e-4), ("clip.ogg", 0.1)])
def test_written_files_are_read_back(tmp_path: Path, name: str, error: float) -> None:
    write(tmp_path / name, signal())
    samples = read_audio(tmp_path / name)
    assert len(samples) == len(signal())
    assert np.abs(samples - signal()).max() < error


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.wav"
    write(path, signal())
    before = path.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(AudioError, match=r"'clip\.wav' cannot be written"):
        write(path, 0.5 * signal())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["clip.mp3", "clip", "absent/clip.wav"])
def test_names_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        write(tmp_path / name, signal())


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("seconds", [0.2, 7.3, 30.0, 31.0])
def test_features_are_those_of_transformers(mels: int, seconds: float) -> None:
    from transformers import WhisperFeatureExtractor

    noise = 0.01 * np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE))
    samples = signal(seconds) + noise.astype(np.float32)
    extractor: Any = WhisperFeatureExtractor
    reference = extractor(mels)(samples, sampling_rate=SAMPLE_RATE, return_tensors="np")
    features = log_mel(samples, 30.0, mels)
    assert features.shape == (mels, 3000)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, reference.input_features[0], atol=1e-4)


def test_features_of_other_windows() -> None:
    samples = signal(4.0)
    assert log_mel(samples, 15.0).shape == (80, 1500)
    np.testing.assert_array_equal(log_mel(samples, 15.0), log_mel(samples, 30.0)[:, :1500])
    assert log_mel(samples[:0], 5.0).shape == (80, 500)
    assert log_mel(samples, 1.0).shape == (80, 100)
