"""What cannot be read gives one sentence that says what to do; what is damaged gives what is left of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from smile.audio import decoders
from smile.audio.io import from_array, read_audio
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.support import sounds
from tests.support.boundaries import boundary
from tests.support.sounds import Signal, assert_sound, encode, signal, similarity

SHAPES = st.one_of(
    st.tuples(st.integers(0, 3000)),
    st.tuples(st.integers(0, 1500), st.integers(0, 3)),
    array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9),
)
DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "int64", "float16", "float32", "float64")


def sentence(path: Path) -> str:
    """The error of a file that cannot be read, after checking that a person could be shown it."""
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert re.fullmatch(r"[^\n]+\w\.", message)
    assert ". " not in message
    assert repr(path.name) in message
    assert str(path.parent) not in message
    return message


def assert_sound_or_sentence(load: Callable[[], Signal]) -> None:
    """No other exception, and no other samples, than those promised."""
    try:
        samples = load()
    except AudioError as error:
        message = str(error)
    else:
        message = "."
        assert_sound(samples)
    assert message.endswith(".")


def test_what_is_left_of_a_damaged_file_is_used(tmp_path: Path) -> None:
    for kind in ("pcm16.wav", "pcm16.flac", "lame.mp3", "adts.aac", "opus.webm"):
        path = encode(tmp_path / kind, signal(4.0), SAMPLE_RATE, kind)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        assert len(read_audio(path)) / SAMPLE_RATE == pytest.approx(2.0, abs=0.3)


def test_a_damaged_stretch_does_not_end_a_recording(tmp_path: Path) -> None:
    for kind in ("pcm16.flac", "lame.mp3", "adts.aac", "aac.m4a"):
        path = encode(tmp_path / kind, signal(12.0), SAMPLE_RATE, kind)
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 400] = bytes(400)
        path.write_bytes(content)
        assert len(read_audio(path)) / SAMPLE_RATE > 11.0


def test_no_file(tmp_path: Path) -> None:
    assert "no recording" in sentence(tmp_path / "absent.wav")
    assert "no recording" in sentence(tmp_path / ("long" * 100))
    assert "no recording" in sentence(tmp_path / "nul\0.wav")
    (tmp_path / "folder.wav").mkdir()
    assert "no recording" in sentence(tmp_path / "folder.wav")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"This is a text, not a sound.\n" * 200, "cannot be decoded"),
        (b"RIFF\x24\x00", "cannot be decoded"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt ", "cannot be decoded"),
        (b"OggS" + bytes(500), "cannot be decoded"),
        (b"ffconcat version 1.0\nfile 'good.wav'\n", "cannot be decoded"),
        (b"#EXTM3U\n#EXTINF:2,\ngood.wav\n#EXT-X-ENDLIST\n", "cannot be decoded"),
    ],
)
def test_what_is_not_a_recording(tmp_path: Path, content: bytes, words: str) -> None:
    """The last two are playlists that name a good file beside them, which must not be opened."""
    encode(tmp_path / "good.wav", signal(), SAMPLE_RATE, "pcm16.wav")
    (tmp_path / "upload.wav").write_bytes(content)
    assert words in sentence(tmp_path / "upload.wav")


@pytest.mark.parametrize("kind", ["pcm16.flac", "vorbis.ogg", "layer3.mp3", "aac.m4a", "opus.webm"])
def test_garbage_after_the_header(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / kind, signal(), SAMPLE_RATE, kind)
    content = path.read_bytes()
    path.write_bytes(content[:60] + np.random.default_rng(0).bytes(len(content)))
    sentence(path)


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(0), "holds no sound"),
        (np.ones(200), "long; record at least 0.1 s"),
        (signal(0.05), "long; record at least 0.1 s"),
        (np.zeros(48_000), "is silent"),
        (np.full(48_000, 0.25), "is silent"),
        (1e-5 * np.random.default_rng(0).standard_normal(48_000), "is silent"),
        (np.where(np.arange(48_000) == 999, np.nan, 0.1), "not numbers"),
        (np.where(np.arange(48_000) == 999, np.inf, 0.1), "not numbers"),
    ],
)
def test_samples_that_cannot_be_used(tmp_path: Path, samples: Signal, words: str, rate: int) -> None:
    path = encode(tmp_path / "bad.wav", samples.astype(np.float32), rate, "float.wav")
    assert words in sentence(path)
    with pytest.raises(AudioError, match=words):
        from_array(samples, rate)


def test_one_sample(tmp_path: Path) -> None:
    """At 44.1 kHz it makes none at 16 kHz."""
    assert "only 0.0001 s long" in sentence(encode(tmp_path / "one.wav", signal()[9:10], 16_000, "pcm16.wav"))
    assert "holds no sound" in sentence(encode(tmp_path / "less.wav", signal()[9:10], 44_100, "pcm16.wav"))


def test_sampling_rates_that_cannot_be_true(tmp_path: Path) -> None:
    assert "sampling rate of 1 Hz" in sentence(encode(tmp_path / "slow.wav", signal(), 1, "pcm16.wav"))
    with pytest.raises(AudioError, match="sampling rate"):
        from_array(signal(), 0)


def test_a_video_without_sound(tmp_path: Path) -> None:
    assert "no audio track" in sentence(sounds.write_video(tmp_path / "mute.mp4", None))


def test_labels_in_an_old_encoding_do_no_harm(tmp_path: Path) -> None:
    path = encode(tmp_path / "lame.mp3", signal(), SAMPLE_RATE, "lame.mp3")
    assert b"Lavf" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"L\xe4\xf6f"))
    assert similarity(read_audio(path), signal()) > 0.99


def test_frames_that_pyav_cannot_hand_over_are_left_out() -> None:
    """PyAV 18 reads past the planes of a frame with many channels; damaged AAC has been seen to give 50."""
    import av

    good, many = av.AudioFrame("fltp", "mono", 1024), av.AudioFrame("fltp", "hexadecagonal", 1024)
    packet: Any = SimpleNamespace(decode=lambda: [many, good, av.AudioFrame("s64", "mono", 1024)])
    assert decoders._packet_frames(packet) == [good]


@given(st.binary(max_size=4000), st.sampled_from([b"", b"RIFF", b"OggS", b"fLaC", b"ID3\x04", b"\xff\xf1"]))
def test_any_bytes_give_sound_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, magic: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.bin"
    path.write_bytes(magic + content)
    assert_sound_or_sentence(lambda: read_audio(path))


@boundary(300)
@given(kind=st.sampled_from(sounds.FORMATS), seed=st.integers(0, 2**32 - 1), flips=st.integers(1, 60))
def test_a_damaged_file_gives_sound_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, flips: int
) -> None:
    good = tmp_path_factory.getbasetemp() / f"good-{kind}"
    if not good.exists():
        encode(good, signal(1.0), SAMPLE_RATE, kind)
    content = np.frombuffer(good.read_bytes(), np.uint8).copy()
    random = np.random.default_rng(seed)
    reach = len(content) if seed % 2 else 500  # headers are where damage hurts most
    content[random.integers(0, reach, flips)] = random.integers(0, 256, flips)
    path = good.with_name("damaged.bin")
    path.write_bytes(content.tobytes())
    assert_sound_or_sentence(lambda: read_audio(path))


@boundary(300)
@given(
    samples=st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, SHAPES)),
    rate=st.one_of(st.sampled_from(sounds.ANY_RATE), st.integers(-1, 10**6), st.floats()),
)
def test_any_array_gives_sound_or_one_sentence(samples: Any, rate: Any) -> None:
    assert_sound_or_sentence(lambda: from_array(samples, rate))
