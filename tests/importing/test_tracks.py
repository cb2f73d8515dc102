"""Of recordings with several audio tracks the one that is asked for makes the clips, or they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile import importing
from smile.audio.io import read_audio
from smile.datatypes import CorpusError
from smile.importing import Hints, Imported
from tests.conftest import POOLS
from tests.support.films import NEAR, film, loud
from tests.support.linguists import write_eaf
from tests.support.sounds import encode, signal

BEGINS = (0.5, 1.0, 1.5)
REFUSED = "'a.mkv' has 3 audio tracks, so that there is no track {}; choose 1 to 3."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A film with three audio tracks, of which the second is the default."""
    (tmp_path / "in").mkdir()
    tracks = [[(begin, 0.3), (2.5, 0.3)] for begin in BEGINS]
    film(tmp_path / "in" / "a.mkv", ("matroska", "libopus"), tracks, default=1)
    return tmp_path / "in"


def source(folder: Path, kind: str) -> tuple[Path, float]:
    """A table of whole recordings or of stretches, or annotations, and when its clip begins."""
    if kind == "annotations":
        write_eaf(folder / "a.eaf", "a.mkv", {"utt": [(0.25, 2.0, "one")]})
        return folder / "a.eaf", 0.25
    whole = kind == "whole"
    rows = "file,text\na.mkv,one\n" if whole else "file,start,end,text\na.mkv,0.25,2.0,one\n"
    (folder / "t.csv").write_text(rows, encoding="utf-8")
    return folder / "t.csv", 0.0 if whole else 0.25


def read(folder: Path, kind: str, track: int | None) -> tuple[Imported, float]:
    path, begin = source(folder, kind)
    return importing.read_source(path, folder.parent / "work", hints=Hints(track=track)), begin


@pytest.mark.parametrize("kind", ["whole", "stretches", "annotations"])
@pytest.mark.parametrize("track", [None, 1, 2, 3])
def test_clips_are_of_the_track_that_is_asked_for(folder: Path, kind: str, track: int | None) -> None:
    imported, begin = read(folder, kind, track)
    (clip,) = imported.reading.utterances
    meant = BEGINS[(track or 2) - 1] - begin
    assert loud(read_audio(clip.audio))[0][0] == pytest.approx(meant, abs=NEAR)
    assert clip.text == "one"
    assert any("several audio tracks" in note for note in imported.notes) == (track is None)


@pytest.mark.parametrize("kind", ["whole", "stretches", "annotations"])
@pytest.mark.parametrize("track", [0, 4, -1])
def test_a_track_that_is_not_there_is_refused(folder: Path, kind: str, track: int) -> None:
    imported, _ = read(folder, kind, track)
    assert not imported.reading.utterances
    (row,) = imported.reading.rejected
    assert row.reason == REFUSED.format(track)


def test_a_recording_of_one_track_is_its_first(folder: Path) -> None:
    encode(folder / "b.wav", signal(), 16_000, "pcm16.wav")
    (folder / "t.csv").write_text("file,text\na.mkv,one\nb.wav,two\n", encoding="utf-8")
    work = folder.parent / "work"
    first = importing.read_source(folder / "t.csv", work, hints=Hints(track=1)).reading
    assert [u.audio.name for u in first.utterances] == ["00002.wav", "b.wav"]
    second = importing.read_source(folder / "t.csv", work, hints=Hints(track=2)).reading
    assert [u.id for u in second.utterances] == ["a"]
    assert "has one audio track, so that there is no track 2" in second.rejected[0].reason


def test_a_pool_has_no_tracks_to_choose(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"leave --track out\.$"):
        importing.read_source(POOLS / "gle", tmp_path, hints=Hints(track=2))
