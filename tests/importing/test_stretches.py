"""Tables of stretches of recordings are cut there; tables beside annotations are not silently one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smile import corpora, importing
from smile.audio.io import read_audio
from smile.datatypes import CorpusError
from smile.exporting import Span, TieredTranscript, export
from smile.importing import Imported, Limits
from tests.support.linguists import heights, staircase, write_textgrid

ROWS = [("a.wav", 1, 3, "one"), ("a.wav", 4, 5, "two"), ("a.wav", 6, 8, "three")]


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def cut(folder: Path) -> Imported:
    return importing.read_source(folder, folder.parent / "work")


def clips(imported: Imported) -> dict[str, list[int]]:
    return {u.text: heights(read_audio(u.audio)) for u in imported.reading.utterances}


def reasons(imported: Imported) -> dict[int, str]:
    return {row.line: row.reason for row in imported.reading.rejected}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    staircase(tmp_path / "in" / "a.wav", 10)
    return tmp_path / "in"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_exported_is_cut_as_it_was(folder: Path, kind: str) -> None:
    spans = tuple(Span(float(start), float(end), text) for _, start, end, text in ROWS)
    silent = TieredTranscript("b.wav", 2.0, (("SMILE", ()),), "mdw")
    export([TieredTranscript("a.wav", 10.0, (("SMILE", spans),), "mdw"), silent], kind, folder)
    staircase(folder / "b.wav", 2)
    assert importing.takes(folder)
    imported = cut(folder)
    assert clips(imported) == {"one": [1, 2], "two": [4], "three": [6, 7]}
    assert list(reasons(imported).values()) == ["The row has no text."]
    assert imported.reading.utterances[0].id == "a-0001000"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("start,end", "4", "6"),
        ("Begin Time,End Time", "4.0", "6.0"),
        ("segment_start,segment_end", "0:04", "0:06"),
        ("start_time,stop_time", "00:00:04.000", "00:00:06.000"),
        ("start_ms,end_ms", "4000", "6000"),
        ("offset,duration", "4", "2"),
        ("onset,offset", "4", "6"),
        ("tmin,tmax", '"4,0"', '"6,0"'),
        ("start (s),duration (s)", "4s", "2s"),
        ("start_time_s,end_time_s", "4", "6"),
    ],
)
def test_times_of_many_makes(folder: Path, header: str, start: str, end: str) -> None:
    imported = cut(written(folder, f"file,{header},text\na.wav,{start},{end},x\n"))
    assert clips(imported) == {"x": [4, 5]}


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        ("4", "", "no end"),
        ("", "4", "no start"),
        ("four", "5", "cannot be read"),
        ("nan", "5", "cannot be read"),
        ("5", "4", "too short"),
        ("-1", "4", "outside"),
        ("4", "40", "29 s"),
        ("9", "12", "ends at 10.00 s"),
        ("", "", "as other rows"),
        ("1", "3", "Line 2 has the same stretch"),
    ],
)
def test_bad_times_cost_their_row_alone(folder: Path, start: str, end: str, word: str) -> None:
    imported = cut(written(folder, f"file,start,end,text\na.wav,1,3,one\na.wav,{start},{end},x\n"))
    assert clips(imported) == {"one": [1, 2]}
    assert word in reasons(imported)[3]


def test_samples_are_no_seconds(folder: Path) -> None:
    imported = cut(written(folder, "file,start_sample,end_sample,text\na.wav,16000,32000,x\n"))
    assert not clips(imported)
    assert "cannot be read" in reasons(imported)[2]


def test_a_length_alone_is_the_recordings_own(folder: Path) -> None:
    written(folder, "file,duration,text\na.wav,10,x\n")
    assert clips(cut(folder)) == {"x": list(range(10))}
    assert not importing.takes(folder)


def test_a_row_without_times_has_a_recording_of_its_own(folder: Path) -> None:
    staircase(folder / "b.wav", 2)
    imported = cut(written(folder, "file,start,end,text\na.wav,1,3,one\nb.wav,,,two\n"))
    assert clips(imported) == {"one": [1, 2], "two": [0, 1]}


def test_stretches_have_the_limits_of_annotations(folder: Path) -> None:
    written(folder, "file,start,end,text\n" + "".join(f"{','.join(map(str, row))}\n" for row in ROWS))
    with pytest.raises(CorpusError, match="3 clips; at most 2"):
        importing.read_source(folder, folder.parent / "work", limits=Limits(clips=2))
    told: list[tuple[int, int]] = []
    work = folder.parent / "work"
    importing.read_source(folder, work, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_corpus_refuses_what_it_does_not_cut(folder: Path) -> None:
    path = written(folder, "file,start,end,text\na.wav,1,3,one\n") / "t.csv"
    with pytest.raises(CorpusError, match="smile index"):
        corpora.read_corpus(path)
    assert importing.takes(path)


def test_a_table_beside_annotations_is_asked_about(folder: Path) -> None:
    write_textgrid(folder / "a.TextGrid", tiers={"t": [(4.0, 6.0, "grid")]})
    written(folder, "file,text\na.wav,table\n")
    assert importing.takes(folder)
    with pytest.raises(
        CorpusError, match=r"table \(t.csv\), and there are annotations \(a.TextGrid\); leave one"
    ):
        cut(folder)
    imported = importing.read_source(folder, folder.parent / "work", tiers=["t"])
    assert clips(imported) == {"grid": [4, 5]}
    assert imported.notes == ("t.csv was left out; the clips are those of the annotations.",)
    of_table = importing.read_source(folder / "t.csv", folder.parent / "work")
    assert clips(of_table) == {"table": list(range(10))}


def test_annotations_in_a_folder_below_a_table_are_asked_about(folder: Path) -> None:
    (folder / "grids").mkdir()
    write_textgrid(folder / "grids" / "a.TextGrid", tiers={"t": [(4.0, 6.0, "grid")]})
    written(folder, "file,text\na.wav,table\n")
    assert importing.takes(folder)
    with pytest.raises(CorpusError, match="leave one"):
        cut(folder)


def test_a_table_of_something_else_is_named(folder: Path) -> None:
    write_textgrid(folder / "a.TextGrid", tiers={"t": [(4.0, 6.0, "grid")]})
    imported = cut(written(folder, "speaker,age\nAna,30\n", "speakers.csv"))
    assert clips(imported) == {"grid": [4, 5]}
    assert "speakers.csv was left out" in imported.notes[0]


def test_the_split_of_the_examples_is_read(folder: Path) -> None:
    written(folder, "file,start,end,text,split\na.wav,1,3,one,train\na.wav,4,5,two,test\n")
    imported = cut(folder)
    assert clips(imported) == {"one": [1, 2]}
    assert imported.notes == ("Rows of other splits or languages that were left out: 1.",)
    named = importing.read_source(folder, folder.parent / "work", hints=importing.Hints(split="test"))
    assert clips(named) == {"two": [4]}
    with pytest.raises(CorpusError, match='no split "dev", only test, train'):
        importing.read_source(folder, folder.parent / "work", hints=importing.Hints(split="dev"))


def test_the_language_that_is_named_is_read(folder: Path) -> None:
    rows = "a.wav,1,3,one,gla\na.wav,4,5,two,sxb\na.wav,6,8,three,\n"
    written(folder, f"file,start,end,text,language\n{rows}")
    named = importing.read_source(folder, folder.parent / "work", hints=importing.Hints(language="gla"))
    assert list(clips(named)) == ["one", "three"]
    assert list(clips(cut(folder))) == ["one", "two", "three"]
    with pytest.raises(CorpusError, match=r"several languages \(gla, sxb\), but not mdw"):
        importing.read_source(folder, folder.parent / "work", hints=importing.Hints(language="mdw"))


@pytest.mark.parametrize("text", ["!!!", "...", "\u200b", "\U0001f600"])
def test_a_text_without_a_letter_is_none(folder: Path, text: str) -> None:
    staircase(folder / "b.wav", 2)
    imported = cut(written(folder, f"file,start,end,text\na.wav,1,3,{text}\nb.wav,,,{text}\n"))
    assert set(reasons(imported).values()) == {"The row has no text."}


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [(8.0, 10.4, True), (9.0, 10.2, True), (9.8, 10.3, False), (9.9, 10.1, False), (8.0, 10.6, False)],
)
def test_a_clip_may_outlast_its_recording_by_a_little_of_itself(
    folder: Path, start: float, end: float, kept: bool
) -> None:
    imported = cut(written(folder, f"file,start,end,text\na.wav,{start},{end},x\n"))
    assert len(imported.reading.utterances) == kept
    assert all("ends at 10.00 s" in reason for reason in reasons(imported).values())


ERRORS = (
    "#NAME?",
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#BEZUG!",
    "#¡VALOR!",
    "Err:508",
)


@pytest.mark.parametrize("times", ["", ",1,3"])
def test_errors_of_spreadsheets_are_no_texts(folder: Path, times: str) -> None:
    rows = "".join(f"{n}.wav{times},{text}\n" for n, text in enumerate([*ERRORS, "#NAME? he said", "N/A!"]))
    for n in range(len(ERRORS) + 2):
        staircase(folder / f"{n}.wav", 4)
    imported = cut(written(folder, f"file{',start,end' if times else ''},text\n{rows}"))
    assert list(clips(imported)) == ["#NAME? he said", "N/A!"]
    told = reasons(imported)
    assert len(told) == len(ERRORS)
    assert (
        told[2]
        == 'The row has no text but a spreadsheet\'s error, "#NAME?"; correct its formula, or write the text.'
    )


@pytest.mark.parametrize("column", ["split", "set", "subset", "Partition"])
@pytest.mark.parametrize("names", [("train", "test"), ("Training", "Validation")])
def test_a_split_by_any_name_is_one(folder: Path, column: str, names: tuple[str, str]) -> None:
    if column == "split" and names[0] != "train":
        names = ("train", "held out")
    text = f"file,start,end,text,{column}\na.wav,1,3,one,{names[0]}\na.wav,4,5,two,{names[1]}\n"
    assert clips(cut(written(folder, text))) == {"one": [1, 2]}
    read = corpora.open_corpus(folder / "t.csv")
    with pytest.raises(CorpusError, match="no split"):
        read.read("", "nowhere")


def test_a_set_of_another_kind_is_no_split(folder: Path) -> None:
    imported = cut(written(folder, "file,start,end,text,set\na.wav,1,3,one,A\na.wav,4,5,two,#N/A\n"))
    assert clips(imported) == {"one": [1, 2], "two": [4]}


@pytest.mark.parametrize("column", ["language", "lang", "Locale", "Sprache"])
@pytest.mark.parametrize(("named", "other"), [("Scottish Gaelic", "English"), ("gd-GB", "en_GB")])
def test_a_language_by_any_name_is_one(folder: Path, column: str, named: str, other: str) -> None:
    text = f"file,start,end,text,{column},id\na.wav,1,3,one,{named},#N/A\na.wav,4,5,two,{other},#N/A\n"
    hints = importing.Hints(language="gla")
    imported = importing.read_source(written(folder, text), folder.parent / "work", hints=hints)
    assert clips(imported) == {"one": [1, 2]}
    assert imported.reading.utterances[0].language == "gla"
    assert imported.reading.utterances[0].id == "a-0001000"
    assert corpora.open_corpus(folder / "t.csv").languages() == ("eng", "gla")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("from,to", "1,3"),
        ("From,To", "0:01,0:03"),
        ("von,bis", '"1,5","3,2"'),
        ("in,out", "00:00:01:00,00:00:03:00"),
        ("start_timestamp,end_timestamp", "1000,3000"),
        ("startTimestamp,endTimestamp", "1.0,3.0"),
        ("timestamp_start,timestamp_end", "1,3"),
        ("time_from,time_to", "1,3"),
        ("word_start,duration_timestamp", "1s,2s"),
        ("t0,t1", "1,3"),
        ("timestamp", "0:01 - 0:03"),
        ("time", "1.0 --> 3.0"),
        ("segments", '"[1.0, 3.0]"'),
        ("segment", "1-3"),
    ],
)
def test_times_that_nobody_can_be_sure_of_are_refused(folder: Path, header: str, cells: str) -> None:
    written(folder, f"file,{header},text\na.wav,{cells},x\n")
    (told,) = reasons(cut(folder)).values()
    assert "seem" in told
    assert f'"{header.split(",")[0].lower()}"' in told
    with pytest.raises(CorpusError, match=r'call them "start"|give each a row'):
        corpora.read_corpus(folder / "t.csv")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("from,to", "Ana,Kofi"),
        ("start_date,end_date", "2020-01-01,2020-01-02"),
        ("start_char,end_char", "0,12"),
        ("timestamp", "2020-01-01 10:00"),
        ("time,segment", "12:30,3"),
        ("words,total", "12,3"),
        ("finished,startled,endangered", "1,0,1"),
        ("length,duration", "10,10"),
        ("to,out", "3,4"),
    ],
)
def test_other_columns_are_no_times(folder: Path, header: str, cells: str) -> None:
    assert clips(cut(written(folder, f"file,{header},text\na.wav,{cells},x\n"))) == {"x": list(range(10))}


WHOLE = {"text": "A one, two."}
PARTS = [{"start": 0.0, "end": 1.0, "text": " a one"}, {"start": 1.0, "end": 3.0, "text": " Two"}]


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (WHOLE | {"segments": PARTS}, True),
        (WHOLE | {"words": [{"word": w, "start": 1.5} for w in ("A", "one,", "two.")]}, True),
        (WHOLE | {"words": ["a", "one", "two"]}, True),
        (WHOLE | {"segments": PARTS[:1]}, False),
        (WHOLE | {"chunks": [{"timestamp": [0.0, 1.5]}]}, False),
        (WHOLE | {"timestamps": [0.0, 1.5]}, False),
        (WHOLE | {"timestamp": {"from": 0, "to": 1500}}, False),
    ],
)
def test_lists_of_segments_are_the_whole_or_refused(folder: Path, row: dict[str, object], kept: bool) -> None:
    imported = cut(written(folder, json.dumps({"file": "a.wav", **row}) + "\n", "t.jsonl"))
    assert len(imported.reading.utterances) == kept
    assert all("give each a row of its own" in reason for reason in reasons(imported).values())
