"""Chained Ogg and joined FLAC are read to their end, whatever their links are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.audio import chained
from smile.audio.chained import Part, links
from smile.audio.io import read_audio
from smile.audio.isolated import read_apart
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.support.boundaries import boundary
from tests.support.sounds import encode, signal, similarity

OGG = st.tuples(
    st.sampled_from(["vorbis.ogg", "opus.ogg"]), st.sampled_from([8_000, 16_000, 48_000]), st.integers(1, 2)
)
FLAC = st.tuples(st.just("pcm16.flac"), st.sampled_from([16_000, 44_100]), st.integers(1, 2))
LENGTH = st.floats(0.3, 1.5)


@boundary(40)
@given(parts=st.one_of(*(st.lists(st.tuples(kind, LENGTH), min_size=2, max_size=4) for kind in (OGG, FLAC))))
def test_every_link_is_read(
    tmp_path: Path, parts: list[tuple[tuple[str, int, int], float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chained, "STEP", 1000)
    content, alone = b"", []
    for (kind, rate, channels), seconds in parts:
        samples = np.repeat(signal(seconds, rate)[:, None], channels, axis=1)
        path = encode(tmp_path / kind, samples, rate, kind)
        content += path.read_bytes()
        alone.append(read_audio(path))
    (tmp_path / "joined").write_bytes(content)
    whole = read_audio(tmp_path / "joined")
    assert abs(len(whole) - sum(map(len, alone))) <= 100 * len(parts)  # one resampler, or one a link
    assert similarity(whole, np.concatenate(alone)) > 0.98


def test_a_worker_reads_every_link(tmp_path: Path) -> None:
    path = encode(tmp_path / "one.ogg", signal(1.0), SAMPLE_RATE, "vorbis.ogg")
    path.write_bytes(2 * path.read_bytes())
    samples = read_apart(path).samples
    np.testing.assert_array_equal(samples, read_audio(path))
    assert len(samples) == 2 * SAMPLE_RATE


def test_streams_that_begin_at_once_are_one_link() -> None:
    page = b"OggS\x00\x02" + bytes(20) + b"\x01\x03abc"
    more = b"OggS\x00\x00" + bytes(20) + b"\x00"
    content = 2 * page + more + page + more
    edge = 2 * len(page) + len(more)
    assert links(io.BytesIO(content), "It") == [(0, edge), (edge, len(content))]


def test_one_file_is_one_link(tmp_path: Path) -> None:
    for kind in ("pcm16.wav", "pcm16.flac", "vorbis.ogg", "opus.ogg", "lame.mp3"):
        path = encode(tmp_path / kind, signal(1.0), SAMPLE_RATE, kind)
        with path.open("rb", buffering=0) as file:
            assert links(file, "It") == [(0, path.stat().st_size)]
            assert file.tell() == 0


def test_too_many_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "forged.ogg").write_bytes(b"OggS\x00\x02" * 20_000)
    with pytest.raises(AudioError, match=r"^'forged\.ogg' is joined of too many parts; .*\.$"):
        read_audio(tmp_path / "forged.ogg")


@given(content=st.binary(max_size=60), moves=st.lists(st.tuples(st.integers(-70, 70), st.integers(0, 2))))
def test_a_part_is_as_a_file_of_its_own(content: bytes, moves: list[tuple[int, int]]) -> None:
    whole, part = io.BytesIO(content), Part(io.BytesIO(b"before" + content + b"after"), 6, 6 + len(content))
    for offset, whence in moves:
        origin = (0, whole.tell(), len(content))[whence]
        whole.seek(min(max(0, origin + offset), len(content)))
        assert part.seek(offset, whence) == whole.tell()
        assert part.read(7) == whole.read(7)
        assert part.tell() == whole.tell()
    assert part.read() == whole.read()
