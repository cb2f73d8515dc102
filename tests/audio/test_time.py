"""What is heard is where a player has it: late tracks and holes of a container are silence in between."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smile.audio.io import read_audio, read_recording, stream
from smile.audio.isolated import read_apart
from smile.audio.timeline import ALL_HOLES, LONGEST_HOLE, Timeline
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.support.sounds import Signal

CODECS = {  # rates and frames of sound
    "libopus": (48_000, 960),
    "aac": (44_100, 1024),
    "flac": (16_000, 1152),
    "libmp3lame": (44_100, 1152),
}
FILES = [
    *(("matroska", codec) for codec in CODECS),
    *(("mp4", codec) for codec in ("aac", "libopus", "flac", "libmp3lame")),
    *(("mpegts", codec) for codec in ("aac", "libopus", "libmp3lame")),
]
Tone = tuple[float, float]  # when it begins, and the seconds that it lasts
NEAR = 0.02  # seconds


def tone(seconds: float, rate: int) -> Signal:
    wave: Signal = (0.4 * np.sin(2 * np.pi * 500 * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )
    return wave


def film(
    path: Path, kind: tuple[str, str], tracks: list[list[Tone]], default: int = 0, jitter: float = 0.0
) -> Path:
    """A video that begins at 0, and tracks of tones, with no packets where no tone is."""
    container, codec = kind
    rate, size = CODECS[codec]
    with av.open(str(path), "w", format=container) as output:
        video: Any = output.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        sounds: list[Any] = [output.add_stream(codec, rate=rate, layout="mono") for _ in tracks]
        for number, sound in enumerate(sounds):
            sound.disposition = 1 if number == default else 0
        packets = []
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            packets += video.encode(picture)
        packets += video.encode(None)
        for sound, tones in zip(sounds, tracks, strict=True):
            packets += _spread(sound, tones, rate, size)
        for number, packet in enumerate(packets):
            packet.pts += round((number % 5) * jitter / packet.time_base) if packet.stream in sounds else 0
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            output.mux(packet)
    return path


def _spread(sound: Any, tones: list[Tone], rate: int, size: int) -> list[Any]:
    """The packets of tones, encoded one after the other, each moved to its time."""
    lengths = [-(-round(seconds * rate) // size) * size for _, seconds in tones]
    samples = np.concatenate([np.resize(tone(size / rate, rate), n) for n in lengths])
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts = rate, 0
    packets = [*sound.encode(frame), *sound.encode(None)]
    ends = np.cumsum(lengths)
    for packet in packets:
        part = min(int(np.searchsorted(ends, max(packet.pts, 0), "right")), len(tones) - 1)
        shift = round(tones[part][0] * rate) - (ends[part] - lengths[part])
        packet.pts += int(shift)
        packet.dts = packet.pts
    return packets


def loud(samples: Signal) -> list[Tone]:
    """The tones in samples, as runs of 5 ms that are loud."""
    blocks = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    edges = np.flatnonzero(np.diff(np.abs(blocks).max(1) > 0.1, prepend=False, append=False)) / 200
    return [(float(a), float(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@st.composite
def timelines(draw: st.DrawFn) -> list[Tone]:
    """Up to four tones, the first one late, with silence in between."""
    tones, at = [], 0.1
    for _ in range(draw(st.integers(1, 4))):
        at += draw(st.floats(0.15, 2.0))
        tones.append((at, draw(st.floats(0.15, 0.6))))
        at += tones[-1][1]
    return tones


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.mark.parametrize("kind", FILES)
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
        assert abs(passed - (number + 1) * 0.0205) < 0.11


def test_the_first_track_is_read_where_none_is_the_default(tmp_path: Path) -> None:
    path = film(tmp_path / "film", FILES[0], [[(0.5, 0.3)], [(1.5, 0.3)]], default=2)
    assert loud(read_audio(path))[0][0] == pytest.approx(0.5, abs=NEAR)
