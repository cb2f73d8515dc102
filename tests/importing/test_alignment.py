"""Texts bound to their own sound: time origins, parts in order, grids of a part, names in other folders."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from smile import importing
from smile.audio.io import read_audio
from smile.datatypes import CorpusError
from smile.importing import Imported
from tests.support.films import film
from tests.support.linguists import heights, staircase, write_eaf, write_textgrid
from tests.support.sounds import contained

ONE = {"t": [(3.0, 5.0, "x")]}


def seconds(imported: Imported) -> list[list[int]]:
    """Which seconds of the staircase each clip has."""
    return [heights(read_audio(u.audio)) for u in imported.reading.utterances]


def texts(imported: Imported) -> list[str]:
    return [u.text for u in imported.reading.utterances]


def reasons(imported: Imported) -> list[str]:
    return [row.reason for row in imported.reading.rejected]


def with_media(path: Path, media: dict[str, str]) -> Path:
    """An eaf that names these recordings with their time origins in milliseconds."""
    write_eaf(path, "none.wav", ONE)
    named = "".join(
        f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/x/{name}" MIME_TYPE="audio/x-wav" '
        f'RELATIVE_MEDIA_URL="./{name}" TIME_ORIGIN="{origin}" />'
        for name, origin in media.items()
    )
    text = re.sub("<MEDIA_DESCRIPTOR [^>]*/>", named, path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("media", "recording", "first"),
    [
        ({"a.wav": "4000"}, "a.wav", 7),
        ({"a.mp4": "4000"}, "a.wav", 7),
        ({"camera.mp4": "4000"}, "a.wav", 7),
        ({"camera.mp4": "4000"}, "camera.wav", 7),
        ({"camera.mp4": "4000"}, "only.wav", 7),
        ({"A.MP4": "0", "mic.wav": "4000"}, "mic.wav", 7),
        ({"A.MP4": "4000", "mic.wav": "0"}, "a.wav", 7),
        ({"x.mp4": "4000", "y.wav": "4000"}, "a.wav", 7),
        ({"a.mp4": "-2000"}, "a.wav", 1),
        ({}, "a.wav", 3),
    ],
)
def test_a_time_origin_holds_whatever_the_recording_is_called(
    tmp_path: Path, media: dict[str, str], recording: str, first: int
) -> None:
    staircase(tmp_path / recording, 20)
    imported = importing.read_source(with_media(tmp_path / "a.eaf", media), tmp_path / "work")
    assert seconds(imported) == [[first, first + 1]]
    assert [recording in note for note in imported.notes] == [True] * (recording == "only.wav")


def test_a_time_origin_holds_for_a_recording_that_a_person_names(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    recording = staircase(tmp_path / "elsewhere" / "x.wav", 20)
    hints = importing.Hints(recording)
    path = with_media(tmp_path / "a.eaf", {"a.mp4": "4000"})
    imported = importing.read_source(path, tmp_path / "work", hints=hints)
    assert seconds(imported) == [[7, 8]]


def test_a_time_origin_holds_in_either_form_of_unicode(tmp_path: Path) -> None:
    staircase(tmp_path / unicodedata.normalize("NFC", "còmhradh.wav"), 20)
    name = unicodedata.normalize("NFD", "còmhradh.wav").encode()
    quoted = "".join(f"%{byte:02X}" if byte > 127 else chr(byte) for byte in name)
    imported = importing.read_source(with_media(tmp_path / "b.eaf", {quoted: "4000"}), tmp_path / "work")
    assert seconds(imported) == [[7, 8]]


def test_a_recording_that_may_be_either_is_refused(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 20)
    for media in ({"x.mp4": "0", "y.wav": "4000"}, {"a.mp4": "0", "a.flac": "4000"}):
        imported = importing.read_source(with_media(tmp_path / "a.eaf", media), tmp_path / "work")
        assert not texts(imported)
        assert "not clear which" in reasons(imported)[0]


def test_times_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 20)
    with pytest.raises(CorpusError, match=r'TIME_ORIGIN "1\.5 s"'):
        importing.read_source(with_media(tmp_path / "a.eaf", {"a.wav": "1.5 s"}), tmp_path / "work")
    path = with_media(tmp_path / "a.eaf", {"a.wav": "0"})
    path.write_text(
        path.read_text(encoding="utf-8").replace("<HEADER", '<HEADER TIME_UNITS="PAL-frames"'),
        encoding="utf-8",
    )
    with pytest.raises(CorpusError, match="PAL-frames"):
        importing.read_source(path, tmp_path / "work")


def test_one_recording_is_not_for_several_annotation_files(tmp_path: Path) -> None:
    for name in "ab":
        write_textgrid(tmp_path / f"{name}.TextGrid", tiers=ONE)
    recording = staircase(tmp_path / "x.wav", 10)
    with pytest.raises(CorpusError, match="2 annotation files and one recording"):
        importing.read_source(tmp_path, tmp_path / "work", hints=importing.Hints(recording))


def with_parts(path: Path, words: list[tuple[str, str, str]], under: str = "") -> Path:
    """An eaf with a sentence at 3 s, and parts of it (id, previous one, text) in this order of the file."""
    write_eaf(path, "a.wav", ONE)
    parts = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="a2"'
        + (f' PREVIOUS_ANNOTATION="{previous}"' if previous else "")
        + f"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        for name, previous, text in words
    )
    tier = f'<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="words" PARENT_REF="t">{parts}</TIER>'
    text = path.read_text(encoding="utf-8")
    place = text.index("<LINGUISTIC_TYPE")
    path.write_text(text[:place] + tier + under + text[place:], encoding="utf-8")
    return path


WORDS = [("w2", "w1", "two"), ("w1", "", "one"), ("w4", "w3", "four"), ("w3", "w2", "three")]


def test_parts_have_the_order_of_their_links(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    glosses = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="g{n}" ANNOTATION_REF="w{n}"><ANNOTATION_VALUE>{n}'
        "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        for n in (3, 1, 4, 2)
    )
    tier = f'<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="gloss" PARENT_REF="words">{glosses}</TIER>'
    path = with_parts(tmp_path / "a.eaf", WORDS, tier)
    assert texts(importing.read_source(path, tmp_path / "work", tiers=["words"])) == ["one two three four"]
    assert texts(importing.read_source(path, tmp_path / "work", tiers=["gloss"])) == ["1 2 3 4"]


def test_parts_whose_first_link_leads_away_have_an_order_all_the_same(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    words = [("w2", "w1", "two"), ("w1", "w0", "one")]
    path = with_parts(tmp_path / "a.eaf", words)
    assert texts(importing.read_source(path, tmp_path / "work", tiers=["words"])) == ["one two"]


@pytest.mark.parametrize(
    "words",
    [
        [("w1", "", "one"), ("w3", "w2", "three"), ("w4", "w3", "four")],
        [("w1", "", "one"), ("w2", "w1", "two"), ("w3", "w1", "three")],
        [("w1", "w2", "one"), ("w2", "w1", "two")],
    ],
    ids=["gap", "fork", "circle"],
)
def test_parts_in_no_clear_order_are_refused(tmp_path: Path, words: list[tuple[str, str, str]]) -> None:
    staircase(tmp_path / "a.wav", 10)
    path = with_parts(tmp_path / "a.eaf", words)
    imported = importing.read_source(path, tmp_path / "work", tiers=["words"])
    assert not texts(imported)
    assert "order of its parts is not clear" in reasons(imported)[0]


def of_a_part(path: Path, begin: float, end: float) -> Path:
    """A TextGrid as Praat extracts it with its times kept."""
    rows = [begin, end, "<exists>", 1, '"IntervalTier"', '"t"', begin, end, 3]
    rows += [begin, 6.0, '""', 6.0, 8.0, '"x"', 8.0, end, '""']
    path.write_text("\n".join(map(str, ['File type = "ooTextFile"', '"TextGrid"', *rows])), encoding="utf-8")
    return path


@pytest.mark.parametrize(("length", "first"), [(8, 2), (12, 6)])
def test_a_grid_of_a_part_is_laid_on_the_part_or_on_the_whole(
    tmp_path: Path, length: int, first: int
) -> None:
    staircase(tmp_path / "a.wav", length)
    imported = importing.read_source(of_a_part(tmp_path / "a.TextGrid", 4.0, 12.0), tmp_path / "work")
    assert seconds(imported) == [[first, first + 1]]


def test_a_grid_of_another_recording_is_refused(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    imported = importing.read_source(of_a_part(tmp_path / "a.TextGrid", 4.0, 12.0), tmp_path / "work")
    assert not texts(imported)
    assert "shift them to begin at 0" in reasons(imported)[0]


def laid(folder: Path, recordings: list[str]) -> None:
    for number, name in enumerate(recordings, start=1):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        staircase(folder / name, number)


@pytest.mark.parametrize(
    ("recordings", "cells", "kept"),
    [
        (["s1/a.wav", "s1/b.wav"], ["s2/a.wav", "s1/a.wav", "s1/b.wav"], {"s1/a.wav", "s1/b.wav"}),
        (["s1/a.wav"], ["s2/a.wav"], set()),
        (["s1/a.wav"], ["C:\\data\\s2\\a.wav", "C:\\data\\s1\\a.wav"], {"C:\\data\\s1\\a.wav"}),
        (["s1/a.wav"], ["/rec/x/s2/a"], set()),
        (["a.wav", "s1/b.wav"], ["s2/a.wav", "s1/b.wav"], {"s1/b.wav"}),
        (["a.wav"], ["s2/a.wav", "s1/a.wav"], set()),
        (["a.wav", "b.wav"], ["s1/a.wav", "s1/b.wav"], {"s1/a.wav", "s1/b.wav"}),
        (["clips/a.wav"], ["a.wav"], {"a.wav"}),
        (["clips/a.wav"], ["a.wav", "clips/a.wav"], {"clips/a.wav"}),
        (["deep/s1/a.wav", "b.wav"], ["s1/a.wav"], {"s1/a.wav"}),
        (["a.flac", "a.wav"], ["a"], set()),
        (["a.flac", "a.wav"], ["a.wav"], {"a.wav"}),
        (["A.wav", "a.wav"], ["a.wav"], {"a.wav"}),
        (["A.wav", "a.wav", "b.wav"], ["A.WAV"], set()),
    ],
)
def test_a_name_is_taken_only_where_it_means_one_recording(
    tmp_path: Path, recordings: list[str], cells: list[str], kept: set[str]
) -> None:
    laid(tmp_path, recordings)
    rows = "".join(f"{cell},{cell}\n" for cell in cells)
    (tmp_path / "t.csv").write_text(f"file,text\n{rows}", encoding="utf-8")
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert set(texts(imported)) == kept
    assert len(reasons(imported)) == len(cells) - len(kept)
    for u in imported.reading.utterances:
        said = u.text.replace("\\", "/").rpartition("/")[2]
        assert u.audio.name == said


def test_names_in_a_table_are_those_of_its_own_folder(tmp_path: Path) -> None:
    laid(tmp_path, ["s1/a.wav", "s2/b.wav", "x.wav"])
    (tmp_path / "s2" / "t.csv").write_text(
        "file,text\na.wav,one\nb.wav,two\n../x.wav,three\n", encoding="utf-8"
    )
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["two", "three"]
    assert "another folder" in reasons(imported)[0]
    assert not imported.notes


def test_recordings_found_by_name_are_told_of(tmp_path: Path) -> None:
    laid(tmp_path, ["wav/a.wav"])
    (tmp_path / "t.csv").write_text("file,text\na.wav,one\n", encoding="utf-8")
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["one"]
    assert 'such as "wav/a.wav" for "a.wav"' in imported.notes[0]
    assert Imported.from_json(imported.to_json()) == imported


@pytest.mark.parametrize("times", [False, True])
def test_one_of_several_audio_tracks_is_told_of(tmp_path: Path, times: bool) -> None:
    two = [[(0.2, 0.5)], [(0.3, 0.5)]]
    film(tmp_path / "a.mkv", ("matroska", "libopus"), two, default=1)
    film(tmp_path / "b.mkv", ("matroska", "libopus"), two[:1])
    if times:
        write_textgrid(tmp_path / "a.TextGrid", tiers={"t": [(0.1, 0.9, "one")]}, seconds=1)
        write_textgrid(tmp_path / "b.TextGrid", tiers={"t": [(0.1, 0.9, "two")]}, seconds=1)
    else:
        (tmp_path / "t.csv").write_text("file,text\na.mkv,one\nb.mkv,two\n", encoding="utf-8")
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert sorted(texts(imported)) == ["one", "two"]
    (note,) = imported.notes
    assert ' was used: 1, such as "a.mkv", track 2 of 2;' in note


def test_an_annotation_file_does_not_take_another_folders_recording(tmp_path: Path) -> None:
    laid(tmp_path, ["s1/a.wav", "s1/b.wav", "s2/c.wav"])
    for name in ("s1/a", "s2/a", "s3/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_textgrid(tmp_path / f"{name}.TextGrid", tiers={"t": [(0.1, 0.9, name)]}, seconds=1)
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["s1/a"]
    assert all("another folder" in reason for reason in reasons(imported))
    assert not imported.notes


@pytest.mark.parametrize(("recording", "kept"), [("wav/s1/a.wav", ["s1/a", "s1/c"]), ("wav/a.wav", ["s1/c"])])
def test_one_recording_is_not_for_files_of_its_name_in_several_folders(
    tmp_path: Path, recording: str, kept: list[str]
) -> None:
    laid(tmp_path, [recording, "wav/s1/b.wav", "wav/s1/c.wav", "wav/s1/d.wav"])
    for name in ("s1/a", "s2/a", "s1/c", "s2/d"):
        (tmp_path / "grids" / name).parent.mkdir(parents=True, exist_ok=True)
        write_textgrid(tmp_path / "grids" / f"{name}.TextGrid", tiers={"t": [(0.1, 0.9, name)]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == kept
    assert all("another folder" in reason for reason in reasons(imported))


def test_one_recording_is_not_for_two_files_of_its_name(tmp_path: Path) -> None:
    laid(tmp_path, ["wav/s1/a.wav"])
    for name in ("textgrids/a", "grids/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_textgrid(tmp_path / f"{name}.TextGrid", tiers={"t": [(0.1, 0.9, name)]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert not texts(imported)
    assert all(reason.startswith("It is not clear") for reason in reasons(imported))


@pytest.mark.parametrize(
    ("grid", "recordings", "kept"),
    [
        ("s2/a", ["s1/a.wav"], False),
        ("s2/a", ["s1/a.wav", "s1/b.wav"], False),
        ("s2/b", ["s1/a.wav"], False),
        ("textgrids/s2/a", ["wav/s1/a.wav", "x.wav"], False),
        ("s2_tg/a", ["s1_wav/a.wav", "x.wav"], False),
        ("s2/a", ["a.wav", "s1/b.wav"], False),
        ("proj/s2/a", ["proj/s1/a.wav", "x.wav"], False),
        ("textgrids/a", ["wav/a.wav"], True),
        ("Text Grids/a", ["WAV 16kHz/a.wav", "WAV 16kHz/b.wav"], True),
        ("textgrids/b", ["wav/a.wav"], True),
        ("textgrids/s1/a", ["wav/s1/a.wav", "wav/s2/b.wav"], True),
        ("s1/eaf/a", ["s1/wav/a.wav", "s2/wav/b.wav"], True),
        ("Transkripte/a", ["s1/a.wav", "s2/b.wav"], True),
        ("a", ["wav/a.wav", "wav/b.wav"], True),
        ("s1/a", ["a.wav", "b.wav"], True),
    ],
)
@pytest.mark.parametrize("kind", ["TextGrid", "eaf", "csv"])
def test_a_lone_file_takes_a_recording_of_a_folder_that_agrees(
    tmp_path: Path, kind: str, grid: str, recordings: list[str], kept: bool
) -> None:
    laid(tmp_path, recordings)
    path, tiers = tmp_path / f"{grid}.{kind}", {"t": [(0.1, 0.9, "x")]}
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "csv":
        path.write_text(f"file,text\n{path.stem},x\n", encoding="utf-8")
        kept &= not grid.endswith("b")  # a table never takes one of another name
    elif kind == "eaf":
        write_eaf(path, f"{path.stem}.wav", tiers)
    else:
        write_textgrid(path, tiers=tiers, seconds=1)
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["x"] * kept
    if not kept and kind != "csv":
        assert all("put the two into one folder" in reason for reason in reasons(imported))


def test_an_eafs_own_path_goes_before_its_folder(tmp_path: Path) -> None:
    laid(tmp_path, ["s2/a.wav", "s1/a.wav"])
    write_eaf(tmp_path / "s2" / "x.eaf", "../s1/a.wav", {"t": [(1.0, 1.9, "x")]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["x"], "the other one has a second only"


@pytest.mark.parametrize(
    ("path", "kept"),
    [("../s2/a.wav", []), ("../wav/s2/a.wav", []), ("../s1/a.wav", ["x"]), ("a.wav", ["x"])],
)
def test_an_eaf_takes_no_recording_of_another_folder_than_it_says(
    tmp_path: Path, path: str, kept: list[str]
) -> None:
    laid(tmp_path, ["wav/s1/a.wav", "wav/s1/b.wav"])
    (tmp_path / "eaf").mkdir()
    write_eaf(tmp_path / "eaf" / "x.eaf", path, {"t": [(0.1, 0.9, "x")]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == kept
    assert all("another folder" in reason for reason in reasons(imported))


def test_two_annotation_files_of_one_stretch_give_one_clip(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [(1.0, 2.0, "x"), (3.0, 4.0, "y")]})
    write_textgrid(tmp_path / "a.TextGrid", tiers={"t": [(1.0, 2.0, "z"), (5.0, 6.0, "w")]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert len(texts(imported)) == 3
    assert "same stretch" in reasons(imported)[0]


def test_silence_and_marks_are_passed_over_and_counted(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    labels = ["<p:>", "sil", "#", "SP", "...", "x sil", "12", "\u200b"]
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [(n, n + 0.9, label) for n, label in enumerate(labels, 1)]})
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    assert texts(imported) == ["x sil", "12"]
    assert imported.empty == 6
    assert importing.offered(tmp_path / "a.eaf", tmp_path / "work")[0].filled == 2


def test_tiers_of_one_name_are_told_apart(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    path = write_textgrid(tmp_path / "a.TextGrid", tiers={"A": [(1, 2, "x")], "B": [(1, 2, "gloss")]})
    path.write_text(path.read_text(encoding="utf-8").replace('"B"', '"A"'), encoding="utf-8")
    with pytest.raises(CorpusError, match=r'"A" \(1\), "A \(2\)" \(1\)'):
        importing.read_source(path, tmp_path / "work")
    assert texts(importing.read_source(path, tmp_path / "work", tiers=["A (2)"])) == ["gloss"]
    assert texts(importing.read_source(path, tmp_path / "work", tiers=["A"])) == ["x"]


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (["o", "pau", "caiu"], ["o", "pau", "caiu"]),
        (["pau", "caiu"], ["pau", "caiu"]),
        (["pau"], ["pau"]),
        (["pau", "o", "caiu", "pau"], ["o", "caiu"]),
        (["sil", "pau", "o", "pau"], ["o"]),
        (["<p:>", "o", "pau"], ["o"]),
        (["sil", "Pau", "PAU"], ["Pau", "PAU"]),
        (["[ri]", "pau"], ["pau"]),
    ],
)
def test_pau_is_silence_only_among_such_labels(tmp_path: Path, labels: list[str], kept: list[str]) -> None:
    staircase(tmp_path / "a.wav", 10)
    spans = [(n, n + 0.9, label) for n, label in enumerate(labels, 1)]
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": spans})
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    assert texts(imported) == kept
    assert imported.empty == len(labels) - len(kept)
    assert importing.offered(tmp_path / "a.eaf", tmp_path / "work")[0].filled == len(kept)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".m4a"])
@pytest.mark.parametrize(("length", "doubted"), [(3, True), (9, True), (10, False), (12, False)])
def test_a_grid_that_goes_on_long_after_its_recording_is_doubted(
    tmp_path: Path, suffix: str, length: int, doubted: bool
) -> None:
    if suffix == ".m4a":
        contained(tmp_path / f"a{suffix}", "mov", length)
    else:
        staircase(tmp_path / f"a{suffix}", length)
    write_textgrid(tmp_path / "a.TextGrid", tiers={"t": [(0.2, 0.9, "x")]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["x"]
    assert ["The times of a.TextGrid go to 10.00 s, but" in note for note in imported.notes] == [
        True
    ] * doubted


@pytest.mark.parametrize(("length", "kept"), [(3, []), (10, ["x"])])
def test_a_doubted_recording_of_another_name_is_refused(tmp_path: Path, length: int, kept: list[str]) -> None:
    staircase(tmp_path / "b.wav", length)
    write_textgrid(tmp_path / "a.TextGrid", tiers={"t": [(0.2, 0.9, "x")]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == kept
    assert all("see whether it is the right recording" in reason for reason in reasons(imported))
