"""Exported transcripts, opened again by the libraries that linguists use, and by our own importers."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import DecodingResult, EncoderId, LanguageDetection, RecognizerInfo, SmileError
from smile.exporting import FORMATS, Span, TieredTranscript, export
from smile.exporting.transcripts import SMILE, VANILLA, apart, by_words, without_words
from smile.importing import eaf as eaf_reader
from smile.importing import textgrid as textgrid_reader
from smile.importing.annotations import Annotated
from smile.settings import Settings
from smile.text.normalisers import one_line
from smile.transcription.batch import transcript_of
from smile.transcription.result import Result, Segment, Transcript
from tests.support.boundaries import boundary

NASTY = ['say "hi"', "a & b <c>", "ngá kɔ́", "نووسین", "ቃል, ሁለት", "x --> y", "{i}", "\\N", "'", "1"]
words = st.lists(st.sampled_from(NASTY), min_size=0, max_size=3).map(" ".join)


@st.composite
def transcripts(draw: st.DrawFn) -> TieredTranscript:
    """Stretches of at least 10 ms on a grid of 10 ms, which every format can write."""
    edges = sorted(draw(st.sets(st.integers(0, 720_000), min_size=2, max_size=12)))
    times = [edge / 100 for edge in edges]
    pairs = list(zip(times[::2], times[1::2], strict=False))
    tiers = []
    for name in (SMILE, VANILLA):
        tiers.append((name, tuple(Span(a, b, draw(words)) for a, b in pairs)))
    return TieredTranscript("my talk.wav", times[-1] + draw(st.sampled_from([0.0, 3.5])), tuple(tiers), "mdw")


def filled(transcript: TieredTranscript, tier: int) -> list[tuple[float, float, str]]:
    return [(s.start, s.end, s.text) for s in transcript.tiers[tier][1] if s.text]


def opened(file: Annotated) -> list[list[tuple[float | None, float | None, str]]]:
    return [[(a.start, a.end, a.text) for a in tier.annotations if a.text] for tier in file.tiers]


def written(transcript: TieredTranscript, kind: str, folder: str) -> Path:
    (path,) = export([transcript], kind, Path(folder))
    return path


@boundary(25)
@given(transcripts())
def test_textgrids_open_in_praat_and_praatio(transcript: TieredTranscript) -> None:
    from parselmouth.praat import call
    from praatio import textgrid

    with TemporaryDirectory() as folder:
        path = written(transcript, "textgrid", folder)
        assert path.name == "my talk.TextGrid"
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True)
        praat = call("Read from file", str(path))
        assert opened(textgrid_reader.read_textgrid(path)) == [filled(transcript, 0), filled(transcript, 1)]
    assert grid.tierNames == (SMILE, VANILLA)
    assert grid.maxTimestamp == pytest.approx(transcript.seconds)
    for number, name in enumerate(grid.tierNames):
        entries = [(e.start, e.end, e.label) for e in grid.getTier(name).entries]
        assert [e for e in entries if e[2]] == filled(transcript, number)
        assert [a[1] for a in entries[:-1]] == [b[0] for b in entries[1:]]
        assert call(praat, "Get number of intervals", number + 1) == len(entries)
        labels = [call(praat, "Get label of interval", number + 1, n + 1) for n in range(len(entries))]
        assert labels == [e[2] for e in entries]


@boundary(25)
@given(transcripts())
def test_eafs_open_in_pympi(transcript: TieredTranscript) -> None:
    from pympi import Eaf

    with TemporaryDirectory() as folder:
        path = written(transcript, "eaf", folder)
        eaf = Eaf(str(path))
        ours = eaf_reader.read_eaf(path)
    assert opened(ours) == [filled(transcript, 0), filled(transcript, 1)]
    assert {m.name for m in ours.media} == {"my talk.wav"}
    assert list(eaf.get_tier_names()) == [SMILE, VANILLA]
    assert eaf.get_linked_files()[0]["MIME_TYPE"].startswith("audio/")
    for number, name in enumerate((SMILE, VANILLA)):
        stretches = sorted(eaf.get_annotation_data_for_tier(name))
        assert [(a / 1000, b / 1000, text) for a, b, text in stretches] == filled(transcript, number)


def with_words() -> TieredTranscript:
    """An utterance with words that have characters, one of which leaves it, and an utterance without."""
    letters = (Span(1.0, 1.1, "n", probability=0.5), Span(1.1, 1.25, "á,", probability=0.5))
    first = Span(1.0, 1.25, "ná,", 0.8, letters, probability=0.5)
    words = (first, Span(1.25, 2.5, "=b", None))
    spans = (Span(1.0, 2.0, "ná, =b", 0.9, words), Span(3.0, 4.0, "c"))
    return TieredTranscript("a.wav", 5.0, ((SMILE, spans), (VANILLA, (Span(1.0, 2.0, "x"),))), "mdw")


TIERS = {
    SMILE: [(1.0, 2.0, "ná, =b"), (3.0, 4.0, "c")],
    f"{SMILE} words": [(1.0, 1.25, "ná,"), (1.25, 2.0, "=b")],
    f"{SMILE} characters": [(1.0, 1.1, "n"), (1.1, 1.25, "á,")],
    VANILLA: [(1.0, 2.0, "x")],
}


def test_words_and_characters_are_tiers_that_elan_and_praat_open(tmp_path: Path) -> None:
    from praatio import textgrid
    from pympi import Eaf

    (path,) = export([with_words()], "eaf", tmp_path)
    eaf = Eaf(str(path))
    for name, spans in TIERS.items():
        found = [(a / 1000, b / 1000, text) for a, b, text, *_ in eaf.get_annotation_data_for_tier(name)]
        assert sorted(found) == spans
    parents = {name: eaf.get_parameters_for_tier(name).get("PARENT_REF") for name in TIERS}
    assert list(parents.values()) == [None, SMILE, f"{SMILE} words", None]
    kind = eaf.get_parameters_for_tier(f"{SMILE} words")["LINGUISTIC_TYPE_REF"]
    assert eaf.get_parameters_for_linguistic_type(kind)["CONSTRAINTS"] == "Included_In"
    (path,) = export([with_words()], "textgrid", tmp_path)
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    assert list(grid.tierNames) == list(TIERS)
    for name, spans in TIERS.items():
        assert [(e.start, e.end, e.label) for e in grid.getTier(name).entries] == spans
    assert opened(textgrid_reader.read_textgrid(path)) == list(TIERS.values())
    assert opened(eaf_reader.read_eaf(tmp_path / "a.eaf")) == list(TIERS.values())


def test_words_in_tables_and_subtitles(tmp_path: Path) -> None:
    (path,) = export([with_words()], "jsonl", tmp_path)
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert [(w["text"], w["start"], w["probability"]) for w in first["words"]] == [
        ("ná,", 1.0, 0.5),
        ("=b", 1.25, None),
    ]
    assert [w.get("confidence") for w in first["words"]] == [0.8, None]
    assert [c["text"] for c in first["words"][0]["characters"]] == ["n", "á,"]
    assert "confidence" not in first["words"][0]["characters"][0]
    assert "words" not in second
    _, path = export([with_words()], "csv", tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["unit"], r["text"], r["utterance"], r["word"]) for r in rows] == [
        ("word", "ná,", "1", "1"),
        ("character", "n", "1", "1"),
        ("character", "á,", "1", "1"),
        ("word", "'=b", "1", "2"),
    ]
    assert [(r["probability"], r["confidence"]) for r in rows] == [
        ("0.5", "0.8"),
        *[("0.5", "")] * 2,
        ("", ""),
    ]
    (path,) = export([without_words(with_words())], "csv", tmp_path)
    (path,) = export([by_words(with_words())], "srt", tmp_path)
    events = pysubs2.load(str(path)).events
    assert [(e.start, e.end, e.text) for e in events] == [
        (1000, 1250, "ná,"),
        (1250, 2000, "=b"),
        (3000, 4000, "c"),
    ]


@boundary(25)
@given(transcripts())
def test_subtitles_open_in_pysubs2(transcript: TieredTranscript) -> None:
    for kind in ("srt", "vtt"):
        with TemporaryDirectory() as folder:
            path = written(transcript, kind, folder)
            text = path.read_text(encoding="utf-8")
            events = pysubs2.load(str(path), format_=kind, keep_html_tags=True).events
        assert [(e.start / 1000, e.end / 1000) for e in events] == [f[:2] for f in filled(transcript, 0)]
        texts = [e.text if kind == "srt" else unescape(e.text) for e in events]
        arrow = "→" if kind == "srt" else "-->"
        assert texts == [f[2].replace("-->", arrow) for f in filled(transcript, 0)]
        assert text.count("-->") == len(events)
        if kind == "vtt":
            assert text.startswith("WEBVTT\n\n" if events else "WEBVTT\n")


def result() -> Result:
    def line(start: float, text: str) -> Segment:
        return Segment(
            start, start + 1, DecodingResult((1,), (-0.5,), text), "sw", LanguageDetection("sw", 1.0, 0.0)
        )

    info = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
    smile, vanilla = (
        Transcript((line(0, f"{t} one"), line(2.5, f"{t},\ntwo"), line(4, ""))) for t in ("with", "alone")
    )
    return Result(6.0, Settings(), info, "pool", "mdw", vanilla, smile)


def test_tables_have_a_row_for_each_stretch(tmp_path: Path) -> None:
    silent = replace(result(), smile=Transcript(), vanilla=Transcript(), duration=2.0)
    both = [transcript_of("a.wav", result()), transcript_of("b.wav", silent)]
    (path,) = export(both, "csv", tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["file"], float(r["start"]), float(r["end"]), r["text"], r["alone"]) for r in rows] == [
        ("a.wav", 0.0, 1.0, "with one", "alone one"),
        ("a.wav", 2.5, 3.5, "with, two", "alone, two"),
        ("b.wav", 0.0, 2.0, "", ""),
    ]
    (path,) = export(both, "jsonl", tmp_path)
    again = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [r["text"] for r in again] == [r["text"] for r in rows]
    assert again[0]["probability"] == pytest.approx(0.6065)
    assert again[0]["confidence"] is None
    assert again[0]["language"] == "mdw"


def test_a_rows_confidence_is_the_mean_of_its_words_with_and_without_them(tmp_path: Path) -> None:
    told = result()
    one, *others = told.smile.segments
    words = (Span(0.0, 0.5, "with", 0.95, probability=0.9), Span(0.5, 0.9, "one", 0.2), Span(0.9, 1.0, "-"))
    judged = transcript_of("a.wav", replace(told, smile=Transcript((replace(one, words=words), *others))))
    for each in (judged, without_words(judged)):
        path, *_ = export([each], "csv", tmp_path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            first, second = csv.DictReader(file)
        assert (first["confidence"], first["probability"]) == ("0.575", "0.6065")
        assert (second["confidence"], second["probability"]) == ("", "0.6065")
        assert first["alone"] == "alone one"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_alone_is_whispers_own_text_also_after_a_correction(kind: str) -> None:
    tiers = [(name, (Span(0.0, 1.0, name.lower()),)) for name in ("Corrected", SMILE, VANILLA)]
    with TemporaryDirectory() as folder:
        path = written(TieredTranscript("a.wav", 1.0, tuple(tiers)), kind, folder)
        text = path.read_text(encoding="utf-8")
        (row,) = csv.DictReader(text.splitlines()) if kind == "csv" else [json.loads(text)]
    assert (row["text"], row["alone"]) == ("corrected", "whisper alone")


def test_without_a_pool_whisper_alone_is_the_transcript() -> None:
    made = transcript_of("a.wav", replace(result(), pool="", smile=Transcript()))
    assert [name for name, _ in made.tiers] == [VANILLA]
    assert made.text == "alone one alone, two"


@pytest.mark.parametrize("kind", FORMATS)
def test_recordings_of_one_name_and_ones_without_speech(tmp_path: Path, kind: str) -> None:
    made = transcript_of("x/a.wav", result())
    silent = TieredTranscript("a.mp3", 1.0, ((SMILE, ()),))
    paths = export([made, silent], kind, tmp_path / "new")
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())
    assert len(paths) == (1 if kind in ("csv", "jsonl") else 2)


def test_an_unknown_format_and_a_folder_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="docx"):
        export([], "docx", tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(SmileError, match="cannot be written"):
        export([], "csv", tmp_path / "file")


@given(st.lists(st.tuples(st.floats(-1, 9), st.floats(-1, 9), st.sampled_from(["", "x", "y"])), max_size=8))
def test_stretches_never_overlap(stretches: list[tuple[float, float, str]]) -> None:
    spans = apart((Span(*each) for each in stretches), 7.0)
    assert all(0 <= s.start < s.end <= 7 and s.text for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_no_blank_line_ends_what_is_shown(tmp_path: Path, kind: str) -> None:
    spans = (Span(0.0, 1.0, "one\n\n \r\ntwo"), Span(1.0, 2.0, " \n "), Span(2.0, 3.0, "three\n"))
    (path,) = export([TieredTranscript("a.wav", 3.0, (("x", spans),))], kind, tmp_path)
    assert [event.text for event in pysubs2.load(str(path))] == ["one\\Ntwo", "three"]
    assert path.read_text(encoding="utf-8").count("\n\n") == (2 if kind == "vtt" else 1)


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_an_arrow_in_a_text_ends_no_subtitle(tmp_path: Path, kind: str) -> None:
    spans = (Span(0.0, 1.0, "a --> b\n--> 00:00:06,000"), Span(1.0, 2.0, "--->"))
    (path,) = export([TieredTranscript("a.wav", 3.0, (("x", spans),))], kind, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.count("-->") == 2
    events = pysubs2.load(str(path), keep_html_tags=True).events
    assert [(event.start, event.end) for event in events] == [(0, 1000), (1000, 2000)]
    arrow = "→" if kind == "srt" else "--&gt;"
    assert events[0].text == f"a {arrow} b\\N{arrow} 00:00:06,000"
