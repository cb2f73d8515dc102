"""Of several audio tracks the default one is read, or the one that is asked for, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.audio.io import read_audio, read_recording
from smile.audio.isolated import read_apart
from smile.audio.tracks import ONE, PICK, Tracks, tracks_of
from smile.cli.main import main
from smile.datatypes import AudioError
from smile.transcription.lengths import read_whole
from tests.conftest import POOLS
from tests.support.films import NEAR, film, loud
from tests.support.sounds import encode, signal

BEGINS = (0.5, 1.0, 1.5)


def three(folder: Path, default: int = 1) -> Path:
    """A film with three audio tracks, of which one is the default."""
    tracks = [[(begin, 0.3)] for begin in BEGINS]
    return film(folder / "film.mkv", ("matroska", "libopus"), tracks, default=default)


@pytest.mark.parametrize("track", [1, 2, 3])
def test_the_track_that_is_asked_for_is_read(tmp_path: Path, track: int) -> None:
    path = three(tmp_path)
    for samples in (read_recording(path, track=track).samples, read_whole(path, track=track)):
        assert loud(samples)[0][0] == pytest.approx(BEGINS[track - 1], abs=NEAR)
    assert tracks_of(path, track) == Tracks(3, track, asked=True)
    assert tracks_of(path, track).said(PICK) == ""


def test_the_default_track_is_read_and_said(tmp_path: Path) -> None:
    path = three(tmp_path)
    assert loud(read_audio(path))[0][0] == pytest.approx(BEGINS[1], abs=NEAR)
    said = "The recording has 3 audio tracks; the default one (2) was used; --track takes another."
    assert tracks_of(path).said(PICK) == said
    assert read_apart(path).tracks == tracks_of(path) == Tracks(3, 2)


@pytest.mark.parametrize("track", [0, -1, 4])
def test_a_track_that_is_not_there_is_refused(tmp_path: Path, track: int) -> None:
    with pytest.raises(AudioError, match=rf"has 3 audio tracks, .* no track {track}; choose 1 to 3\.$"):
        read_recording(three(tmp_path), track=track)


@pytest.mark.parametrize("kind", ["pcm16.wav", "opus.ogg", "aac.mp4"])
def test_a_file_of_one_track_is_read_as_ever(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / kind, signal(), 16_000, kind)
    assert (read_recording(path, track=1).samples == read_audio(path)).all()
    assert read_apart(path).tracks == tracks_of(path) == ONE
    assert not ONE.said(PICK)
    with pytest.raises(AudioError, match="has one audio track, so that there is no track 2"):
        read_recording(path, track=2)


@pytest.mark.parametrize("command", ["transcribe", "align"])
def test_commands_take_a_track(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.txt"
    text.write_text("dia duit", encoding="utf-8")
    more = [str(text), "--out", str(tmp_path / "out")] if command == "align" else []
    assert main([command, str(three(tmp_path)), *more, "--pool", str(POOLS / "gle"), "--track", "9"]) == 2
    assert "there is no track 9; choose 1 to 3." in capsys.readouterr().err
