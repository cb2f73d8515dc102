"""Columns by what they mean, in tables of every make; where they are not understood, that is said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.corpora import read_corpus
from smile.corpora.columns import FILE_COLUMNS, NORMALISED, PLAIN_TEXT_COLUMNS, cell, column_key, lacking
from smile.corpora.spans import span
from smile.corpora.tables import table_rows
from smile.datatypes import CorpusError
from smile.importing import read_source
from tests.support.boundaries import boundary
from tests.support.linguists import write_xlsx

ROWS = [("a1.wav", "one"), ("a2.wav", "two")]
KNOWN = {*FILE_COLUMNS, *PLAIN_TEXT_COLUMNS, *NORMALISED}
strange = st.text(st.characters(categories=["L", "Nd", "Zs"]), min_size=1, max_size=12).filter(
    lambda name: column_key(name) not in KNOWN
)
dressed = st.sampled_from([str.upper, str.title, lambda n: f" {n} ", lambda n: n.replace("_", " ")])


def pairs(path: Path) -> list[tuple[int, str | None, str | None]]:
    """Line, recording and text of each row."""
    return [
        (line, cell(row, FILE_COLUMNS), cell(row, (*PLAIN_TEXT_COLUMNS, *NORMALISED)))
        for line, row in table_rows(path)
        if isinstance(row, dict)
    ]


def saved(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    for file, _ in ROWS:
        (folder / file).write_bytes(b"RIFF")
    return folder / name


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("audio_filepath", "text"),
        ("Fichier", "Texte"),
        ("Nom du fichier", "Transcription"),
        ("Datei", "Text"),
        ("Archivo", "Transcripción"),
        ("Arquivo", "TRANSCRIC\u0327A\u0303O"),
        ("Gravação", "Frase"),
        ("wav", "Sentence"),
        ("Recording", "transcript"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xlsx"])
def test_columns_are_understood_in_many_languages(tmp_path: Path, file: str, text: str, suffix: str) -> None:
    rows = [[file, "Notiz", text], ["a1.wav", "x", "one"], ["a2.wav", "y", "two"]]
    path = tmp_path / f"t.{suffix}"
    if suffix == "xlsx":
        write_xlsx(path, rows, "openpyxl")
    elif suffix == "csv":
        saved(tmp_path, "\n".join(map(",".join, rows)))
    else:
        lines = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
        path.write_text("\n".join(map(json.dumps, lines)))
    assert [(a, b) for _, a, b in pairs(path)] == ROWS


@pytest.mark.parametrize("header", ["normalized_text,file,text", "Normalised Text,audio,Sentence"])
def test_a_normalised_text_does_not_win(tmp_path: Path, header: str) -> None:
    assert pairs(saved(tmp_path, f"{header}\none,a.wav,One!\n")) == [(2, "a.wav", "One!")]
    assert pairs(saved(tmp_path, "file,normalized_text\na.wav,one\n")) == [(2, "a.wav", "one")]


def test_a_second_text_is_said_to_be_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path, "file,sentence,texte\na1.wav,one,un\n")
    assert read_source(path, tmp_path / "w").notes == (
        'The texts are those of the column "sentence"; left out: "texte".',
    )
    with pytest.raises(CorpusError, match='two columns "text"'):
        read_source(saved(tmp_path, "file,text, Text\na1.wav,one,un\n"), tmp_path / "w")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("file,text\n", 2),
        ("\n\nfile,text\n", 4),
        ("Words of Ana,\n,\nfile,text\n", 4),
        ('My "words"\nfile,text\n', 3),
        ("sep=,\nfile,text\n", 3),
        ('"sep=,"\r\nfile,text\r\n', 3),
        ("\ufeffsep=;\r\nfile;text\r\n", 3),
        ("sep=|\nfile|text\n", 3),
        ("sep=\t\nfile\ttext\n", 3),
        ("file|text\n", 2),
        ("Liste;2024\n;\nfile;text\n", 4),
    ],
)
def test_the_columns_are_named_where_they_are_named(tmp_path: Path, text: str, first: int) -> None:
    sign = next(sign for sign in "|;\t," if sign in text.splitlines()[-1])
    path = saved(tmp_path, text + "".join(f"{a}{sign}{b}\n" for a, b in ROWS))
    assert pairs(path) == [(first + n, a, b) for n, (a, b) in enumerate(ROWS)]


def test_a_title_above_the_columns_of_a_sheet(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "t.xlsx", [["Words of Ana"], [], ["Datei", "Text"], *ROWS], "openpyxl")
    assert [(a, b) for _, a, b in pairs(tmp_path / "t.xlsx")] == ROWS


def test_ljspeech_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "wavs").mkdir()
    for name in ("LJ001-0001", "LJ001-0002"):
        (tmp_path / "wavs" / f"{name}.wav").write_bytes(b"RIFF")
    text = 'LJ001-0001|in 1455, "he" said|in fourteen fifty-five, "he" said\nLJ001-0002|yes, well|yes, well\n'
    path = saved(tmp_path, text, "metadata.csv")
    (first, second) = read_source(path, tmp_path / "w").reading.utterances
    assert (first.id, first.text) == ("LJ001-0001", 'in 1455, "he" said')
    assert (second.id, second.text) == ("LJ001-0002", "yes, well")


@pytest.mark.parametrize(
    "text",
    [
        "wavs/a1.wav|7|one two\nwavs/a2.wav|7|three\n",  # the second is a speaker
        "nr|wort\na1|one\n",
        "a1.wav,one\na2.wav,two\n",
        "a1|x|one|two\na2|x|three|four\n",
    ],
)
def test_what_is_no_ljspeech_is_refused_with_its_columns(tmp_path: Path, text: str) -> None:
    path, first = saved(tmp_path, text), text.split("\n")[0].replace("|", ",").split(",")[0]
    for read in (lambda: read_source(path, tmp_path / "w"), lambda: read_corpus(path)):
        with pytest.raises(CorpusError, match=f'there are "{first}') as told:
            read()
        assert 'call two "file" (audio' in str(told.value)


def test_recordings_as_the_hub_has_them(tmp_path: Path) -> None:
    lines = [{"audio": {"path": a, "bytes": None}, "sentence": b, "words": {}} for a, b in ROWS]
    path = saved(tmp_path, "\n".join(map(json.dumps, lines)), "t.jsonl")
    assert pairs(path) == [(1, *ROWS[0]), (2, *ROWS[1])]


def test_times_are_understood_with_the_columns_beside_them() -> None:
    for names in ("début,fin", "Beginn,Ende", "inicio,fin", "Início,Fim", "Anfang (s),Dauer (s)"):
        start, end = names.lower().split(",")
        assert span({"file": "a.wav", start: "1", end: "2"}) == (1.0, 3.0 if "dauer" in end else 2.0), names


@boundary(60)
@given(st.data())
def test_any_table_is_understood_or_its_columns_are_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Columns in any order, some with a name that is known; no sentence names one that is not there."""
    others = data.draw(st.lists(strange, max_size=4, unique_by=column_key))
    file = data.draw(st.none() | st.sampled_from(FILE_COLUMNS))
    text = data.draw(st.none() | st.sampled_from(PLAIN_TEXT_COLUMNS))
    dress = data.draw(dressed)
    wanted = {dress(name): value for name, value in ((file, "a1.wav"), (text, "one")) if name}
    names = data.draw(st.permutations([*wanted, *others]))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    rows.writerows([["Title"]] * data.draw(st.integers(0, 3)))
    rows.writerows([names, [wanted.get(name, "x") for name in names]] if names else [])
    path = saved(tmp_path_factory.mktemp("t"), out.getvalue())
    if file and text:
        assert [(a, b) for _, a, b in pairs(path)] == [("a1.wav", "one")]
    else:
        told = lacking(names)
        assert told.count(". ") == 0
        assert all(f'"{name.strip()}"' in told for name in names if name.strip())
        with pytest.raises(CorpusError):
            read_corpus(path)
