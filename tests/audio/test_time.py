"""What is heard is where a player has it: late tracks and holes of a container are silence in between."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.audio.io import read_audio, read_recording, stream
from smile.audio.isolated import read_apart
from smile.audio.timeline import ALL_HOLES, LONGEST_HOLE, Timeline
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.support.boundaries import boundary
from tests.support.films import CODECS, NEAR, OPTIONS, Tone, encoded, film, loud, spread, tone

FILES = [
    *(("matroska", codec) for codec in CODECS),
    *(("ogg", codec) for codec in ("libopus", "flac", "vorbis")),
    *(("asf", codec) for codec in ("libmp3lame", "aac", "pcm_s16le", "pcm_f32le")),
    *(("mp4", codec) for codec in ("aac", "libopus", "flac", "libmp3lame")),
    *(("mpegts", codec) for codec in ("aac", "libopus", "libmp3lame")),
]


@st.composite
def timelines(draw: st.DrawFn) -> list[Tone]:
    """Up to four tones, the first one late, with silence in between."""
    tones, at = [], 0.1
    for _ in range(draw(st.integers(1, 4))):
        at += draw(st.floats(0.15, 2.0))
        tones.append((at, draw(st.floats(0.15, 0.6))))
        at += tones[-1][1]
    return tones


@boundary(60)
@given(kind=st.sampled_from(FILES), tones=timelines(), others=st.integers(0, 2), data=st.data())
def test_sound_is_where_its_time_stamps_say(
    tmp_path: Path, kind: tuple[str, str], tones: list[Tone], others: int, data: st.DataObject
) -> None:
    flagged = kind[0] == "matroska"  # the others do not say which is the default
    place = data.draw(st.integers(0, others)) if flagged else 0
    tracks = [[(0.1, 0.3)] for _ in range(others)]
    tracks.insert(place, tones)
    samples = read_audio(film(tmp_path / "film", kind, tracks, default=place))
    got = loud(samples)
    assert [begin for begin, _ in got] == pytest.approx([begin for begin, _ in tones], abs=NEAR)
    frame = CODECS[kind[1]][1] / CODECS[kind[1]][0]
    assert [long for _, long in got] == pytest.approx([long for _, long in tones], abs=frame + 2 * NEAR)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind[0] != "ogg"])  # which counts samples
def test_jitter_of_time_stamps_changes_no_sample(tmp_path: Path, kind: tuple[str, str]) -> None:
    still = read_audio(film(tmp_path / "still", kind, [[(0.0, 3.0)]]))
    jittery = read_audio(film(tmp_path / "jittery", kind, [[(0.0, 3.0)]], jitter=0.001))
    np.testing.assert_array_equal(still, jittery)
    assert len(loud(still)) == 1


def test_a_worker_reads_a_hole_as_this_process_does(tmp_path: Path) -> None:
    path = film(tmp_path / "film", FILES[0], [[(1.0, 0.5), (5.0, 0.5)]])
    for limit in (600.0, 3.0):
        here, apart = read_recording(path, limit), read_apart(path, limit)
        np.testing.assert_array_equal(here.samples, apart.samples)
        assert here.cut == apart.cut == (limit == 3.0)


def test_a_hole_longer_than_a_recording_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", FILES[0], [[(0.0, 0.5), (700.0, 0.5)]])
    for read in (read_audio, read_apart):
        with pytest.raises(AudioError, match=r"^'film\.mkv' has a hole of 700 s .* WAV files\.$"):
            read(path)
    pieces = stream(path)
    assert len(next(pieces)) > 0


def test_a_broadcast_whose_clock_jumps_goes_on(tmp_path: Path) -> None:
    path = film(tmp_path / "film.ts", ("mpegts", "libmp3lame"), [[(0.0, 0.5), (700.0, 0.5)]])
    assert len(read_audio(path)) / SAMPLE_RATE == pytest.approx(1.05, abs=0.1)


def test_all_holes_together_are_bounded() -> None:
    timeline = Timeline("It", 0.0)
    step = LONGEST_HOLE - 1.0
    for number in range(round(ALL_HOLES // step)):
        assert timeline.silence(step * (number + 1), 0.0) == step
    with pytest.raises(AudioError, match="It has a hole of 599 s"):
        timeline.silence(step * (number + 2), 0.0)


def test_a_clock_that_drifts_is_followed() -> None:
    timeline = Timeline("It", 0.0)
    passed = 0.0
    for number in range(5_000):
        passed += timeline.silence(number * 0.0205, 0.02) + 0.02
        assert abs(passed - (number + 1) * 0.0205) < NEAR


def test_the_first_track_is_read_where_none_is_the_default(tmp_path: Path) -> None:
    path = film(tmp_path / "film", FILES[0], [[(0.5, 0.3)], [(1.5, 0.3)]], default=2)
    assert loud(read_audio(path))[0][0] == pytest.approx(0.5, abs=NEAR)


@pytest.mark.parametrize("codec", ["libopus", "flac", "vorbis"])
def test_a_hole_in_ogg_with_sound_only_is_silence(tmp_path: Path, codec: str) -> None:
    rate, size = CODECS[codec]
    path = tmp_path / "sound.ogg"
    with av.open(str(path), "w", format="ogg", options=OPTIONS["ogg"]) as output:
        sound: Any = output.add_stream(codec, rate=rate, layout="stereo" if codec == "vorbis" else "mono")
        for packet in spread(sound, [(0.0, 0.5), (3.0, 0.4), (5.0, 0.3)], rate, size):
            output.mux(packet)
    assert [begin for begin, _ in loud(read_audio(path))] == pytest.approx([0.0, 3.0, 5.0], abs=NEAR)
    joined = tmp_path / "joined.ogg"
    joined.write_bytes(path.read_bytes() * 2)
    with pytest.raises(AudioError, match=r"^'joined\.ogg' has a hole in its sound, or .* WAV files\.$"):
        read_audio(joined)


@pytest.mark.parametrize(("options", "page"), [({}, 1.0), ({"page_duration": "200000"}, 0.2)])
def test_what_follows_a_hole_within_a_page_of_ogg_is_in_its_place(
    tmp_path: Path, options: dict[str, str], page: float
) -> None:
    """Pages as FFmpeg makes them by itself hold many packets; what came before in such a page is near it."""
    rate, size = CODECS["libopus"]
    path = tmp_path / "sound.ogg"
    with av.open(str(path), "w", format="ogg", options=options) as output:
        sound: Any = output.add_stream("libopus", rate=rate, layout="mono")
        tones = [(0.0, 0.5), (0.5, 2.0), (6.5, 0.5)]
        for packet in spread(sound, tones, rate, size):
            output.mux(packet)
    *_, (begin, seconds) = loud(read_audio(path))
    assert begin + seconds == pytest.approx(7.0, abs=NEAR)
    assert 6.5 - page < begin < 6.5 + NEAR


def test_an_ogg_without_sound_is_one_sentence(tmp_path: Path) -> None:
    silent = film(tmp_path / "v.ogg", ("ogg", "libopus"), [])
    with pytest.raises(AudioError, match="no audio track"):
        read_audio(silent)


@pytest.mark.parametrize("codec", ["pcm_s16le", "libmp3lame"])
@pytest.mark.parametrize("late", [0.0, 0.06, 2.0])
def test_a_track_of_avi_begins_where_its_header_says(tmp_path: Path, codec: str, late: float) -> None:
    data = bytearray(film(tmp_path / "film", ("avi", codec), [[(0.0, 1.0)]]).read_bytes())
    before = loud(read_audio(tmp_path / "film"))
    head = data.find(b"strh", data.find(b"strh") + 4) + 8
    assert data[head : head + 4] == b"auds"
    scale, rate = struct.unpack_from("<2I", data, head + 20)
    units = round(late * rate / scale)
    struct.pack_into("<I", data, head + 28, units)
    (tmp_path / "late").write_bytes(data)
    (begin, length), *_ = loud(read_audio(tmp_path / "late"))
    assert begin == pytest.approx(before[0][0] + units * scale / rate, abs=NEAR)
    assert length == pytest.approx(before[0][1], abs=NEAR)


def test_windows_media_is_where_its_frames_are_played(tmp_path: Path) -> None:
    path, rate = tmp_path / "sound.wma", 44_100
    samples = np.concatenate([np.zeros(rate, np.float32), tone(0.5, rate), np.zeros(rate, np.float32)])
    with av.open(str(path), "w", format="asf") as output:
        sound: Any = output.add_stream("wmav2", rate=rate, layout="mono")
        sound.bit_rate = 64_000
        for packet in encoded(sound, samples, rate, 2048):
            output.mux(packet)
    delay = 2048 / rate  # of the encoder, whose first packet is at time 0
    assert loud(read_audio(path))[0][0] == pytest.approx(1.0 + delay, abs=NEAR)


@pytest.mark.parametrize("container", ["matroska", "avi", "asf", "mov"])
def test_floats_beyond_1_are_scaled_in_every_container(tmp_path: Path, container: str) -> None:
    path, wave = tmp_path / "sound", (20 * tone(1.0, SAMPLE_RATE)).astype(np.float32)
    with av.open(str(path), "w", format=container) as output:
        sound: Any = output.add_stream("pcm_f32le", rate=SAMPLE_RATE, layout="mono")
        for packet in encoded(sound, wave, SAMPLE_RATE, 320):
            output.mux(packet)
    for samples in (read_audio(path), read_apart(path).samples):
        np.testing.assert_allclose(samples, wave / np.abs(wave).max(), atol=1e-3)
