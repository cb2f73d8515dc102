"""Whatever container sound comes in: each burst is heard where a player has it, or there is one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smile.audio.io import read_audio, read_recording
from smile.audio.isolated import read_apart
from smile.audio.tracks import tracks_of
from smile.datatypes import AudioError
from tests.support.boundaries import assert_refused, boundary
from tests.support.containers import ANY, BURST, EDITED, PITCHES, RATES, Made, Piece, bursts, found, write
from tests.support.films import NEAR

MATROSKA = "libopus aac flac libmp3lame vorbis pcm_s16le pcm_f32le pcm_s24le ac3 mp2 alac"
FILMS = {
    "matroska": MATROSKA,
    "webm": "libopus vorbis",
    "mp4": "aac libopus flac libmp3lame ac3 mp2 alac",
    "ipod": "aac alac",
    "mov": "aac libmp3lame alac pcm_s16le pcm_f32le pcm_mulaw",
    "3gp": "aac",
    "ogg": "libopus flac vorbis",
    "avi": "pcm_s16le pcm_u8 libmp3lame aac ac3 mp2",
    "asf": "wmav2 libmp3lame aac pcm_s16le",
    "mpegts": "aac libopus libmp3lame mp2 ac3",
    "flv": "aac libmp3lame",
}
PLAIN = {  # of one track, without times
    "wav": "pcm_s16le pcm_f32le pcm_u8",
    "w64": "pcm_s16le",
    "caf": "pcm_s16le alac",
    "aiff": "pcm_s16be",
    "flac": "flac",
    "mp3": "libmp3lame",
    "adts": "aac",
    "ac3": "ac3",
    "tta": "tta",
    "wv": "wavpack",
}
KINDS = [
    (name, codec) for kinds in (FILMS, PLAIN) for name, codecs in kinds.items() for codec in codecs.split()
]
NO_TIMES = {*PLAIN, "avi"}  # their packets are one behind the other
FLAGGED = ("matroska", "webm", *EDITED)  # they say which track is the default
FEWER = {("flv", "libmp3lame"): (11_025, 22_050, 44_100), ("mp4", "libmp3lame"): RATES["libmp3lame"][3:]}


@st.composite
def tracks(draw: st.DrawFn, container: str, codec: str) -> tuple[Piece, ...]:
    """One to three bursts, the first late or early, with holes in between where a container takes them."""
    counted = container in NO_TIMES or (container == "mov" and codec.startswith("pcm"))
    starts = st.floats(0.0, 0.8)
    if container not in ("ogg", *NO_TIMES):
        starts |= st.floats(-0.6, 0.0)
    holes = st.just(0.0) if counted else st.just(0.0) | st.floats(0.0, 1.0)
    pieces = draw(st.lists(st.builds(Piece, holes, st.floats(0.1, 0.3)), min_size=1, max_size=3))
    start = 0.0 if container in NO_TIMES else draw(st.just(0.0) | starts)
    return (Piece(start, pieces[0].silence), *pieces[1:])


@st.composite
def files(draw: st.DrawFn) -> Made:
    """Files of every container, with up to three tracks and a video or none."""
    container, codec = draw(st.sampled_from(KINDS))
    rate = draw(st.sampled_from(FEWER.get((container, codec), RATES.get(codec, ANY))))
    layout = "stereo" if codec == "vorbis" else draw(st.sampled_from(["mono", "stereo"]))
    one = container in PLAIN or (container, codec) == ("flv", "libmp3lame")
    all_tracks = draw(st.lists(tracks(container, codec), min_size=1, max_size=1 if one else len(PITCHES)))
    default = draw(st.integers(0, len(all_tracks) - 1)) if container in FLAGGED else 0
    video = container in FILMS and container != "ipod" and draw(st.booleans())
    return Made(container, codec, rate, layout, tuple(all_tracks), default, video)


def check(path: Path, made: Made, track: int | None) -> None:
    """See that a track of a file, or the default one, has its bursts where they belong, and no other."""
    number = made.default if track is None else track - 1
    wanted = bursts(made, number)
    try:
        samples = read_recording(path, track=track).samples
    except AudioError as error:
        assert_refused(error)
        if wanted:
            raise
        return
    heard = found(samples)
    assert {pitch for _, pitch in heard} <= {PITCHES[number]}
    times = [time for time, _ in heard]
    if made.container in EDITED:  # a burst that is partly cut off has no middle
        wanted, times = ([time for time in each if time > BURST] for each in (wanted, times))
    assert times == pytest.approx(wanted, abs=NEAR)


def one(container: str, codec: str, rate: int, *all_tracks: tuple[Piece, ...], video: bool = False) -> Made:
    """A file whose sound is stereo."""
    return Made(container, codec, rate, "stereo", all_tracks, 0, video)


@boundary(120)
@given(files(), st.booleans())
@example(one("webm", "libopus", 8_000, (Piece(0.0, 0.2),), (Piece(0.4, 0.2),)), False)  # was 31 ms early
@example(one("matroska", "pcm_s16le", 16_000, (*[Piece(0.018, 0.1)] * 5,)), False)  # was 72 ms early
@example(one("avi", "aac", 8_000, (Piece(0.0, 0.25),)), False)  # a hole of 128 ms in the burst
@example(one("ipod", "alac", 32_000, (Piece(0.02095, 0.2),), (Piece(0.0, 0.2),)), False)
@example(one("ogg", "libopus", 48_000, (Piece(0.0, 0.1), *[Piece(0.018, 0.1)] * 4)), False)
def test_sound_is_where_a_player_has_it(tmp_path: Path, made: Made, asked: bool) -> None:
    path = write(tmp_path / "sound", made)
    count = len(made.tracks)
    assert tracks_of(path).count == count
    check(path, made, None)
    for track in range(1, count + 1) if asked else ():
        check(path, made, track)


@pytest.mark.parametrize("rate", [8_000, 12_000, 48_000])
def test_opus_with_time_below_0_is_refused(tmp_path: Path, rate: int) -> None:
    """libsndfile goes round and round in such a file, and gives its sound without end."""
    path = write(tmp_path / "early.ogg", one("ogg", "libopus", rate, (Piece(-0.356, 0.126),)))
    for read in (read_audio, read_apart):
        with pytest.raises(AudioError, match=r"^'early\.ogg' cannot be decoded; save it as WAV, .*\.$"):
            read(path)


def test_a_worker_has_sound_in_the_same_places(tmp_path: Path) -> None:
    path = write(tmp_path / "film", one("webm", "libopus", 8_000, (Piece(0.4, 0.2),), video=True))
    np.testing.assert_array_equal(read_apart(path).samples, read_recording(path).samples)
