"""Tables of every make: what is written comes back, and bad rows are named by their line."""

from __future__ import annotations

import codecs
import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.corpora.delimited import CUT_OFF, OVER_LINES, ROWS_IN_CELL, UNCLOSED
from smile.corpora.letters import UNKNOWN, UNREADABLE, unreadable
from smile.corpora.tables import NO_OBJECT, read_text, table_rows
from smile.datatypes import CorpusError
from tests.support.boundaries import boundary

# Any text but halves of surrogate pairs, U+FFFD (the mark of damage) and NUL.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd\0"), min_size=1)
TEXTS = st.lists(TEXT.map(str.strip).filter(bool), min_size=1, max_size=6)


def saved(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def delimited(texts: list[str], delimiter: str, newline: str) -> str:
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    rows.writerow(["file", "text"])
    rows.writerows([f"{i}.wav", text] for i, text in enumerate(texts))
    return out.getvalue()


@boundary(100)
@given(
    TEXTS,
    st.sampled_from([("csv", ","), ("csv", ";")]),
    st.sampled_from("\r\n"),
)
def test_any_text_survives_a_delimited_table(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], kind: tuple[str, str], newline: str
) -> None:
    suffix, delimiter = kind
    path = saved(tmp_path_factory.mktemp("t"), f"t.{suffix}", delimited(texts, delimiter, newline))
    assert [row["text"] for _, row in table_rows(path) if isinstance(row, dict)] == texts


@boundary(100)
@given(TEXTS, st.sampled_from(["csv", "tsv"]), st.booleans())
def test_a_text_of_a_tsv_survives_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], suffix: str, quoted: bool
) -> None:
    texts = [text.replace("\r", "\n") for text in texts]  # a line break that csv quotes
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=quoting)
    rows.writerows(
        [["file", "text", "speaker"], *([f"{i}.wav", text, "Ana"] for i, text in enumerate(texts))]
    )
    path = saved(tmp_path_factory.mktemp("t"), f"t.{suffix}", out.getvalue())
    texts_of = {row["file"]: row.get("text") for _, row in table_rows(path) if isinstance(row, dict)}
    for number, text in enumerate(texts):
        if f"{number}.wav" in texts_of or "\n" not in text:
            assert texts_of[f"{number}.wav"] == text


@boundary(100)
@given(st.lists(TEXT.filter(lambda text: not set(text) & set("\t\r\n")), min_size=1, max_size=6))
def test_marks_in_a_tsv_without_quoting_take_no_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    texts = [f"{mark}{text}" for mark, text in zip(["", '"'] * 3, texts, strict=False)]
    lines = "".join(f"{i}.wav\t{text}\t2\n" for i, text in enumerate(texts))
    path = saved(tmp_path_factory.mktemp("t"), "t.tsv", f"file\ttext\tvotes\n{lines}")
    rows = [row for _, row in table_rows(path)]
    assert [row["file"] for row in rows if isinstance(row, dict)] == [f"{i}.wav" for i in range(len(texts))]
    for row, text in zip(rows, texts, strict=True):
        assert isinstance(row, dict)
        assert row["text"].replace('"', "").strip() == text.replace('"', "").strip()


@pytest.mark.parametrize("suffix", ["tsv", "csv"])
def test_an_open_quotation_mark_is_the_texts_own_in_a_tsv(tmp_path: Path, suffix: str) -> None:
    texts = ['"one', "two", 'three"', '"four"', 'a "five', '"six', "seven"]
    lines = "".join(f"{i}.wav\t{text}\n" for i, text in enumerate(texts))
    path = saved(tmp_path, f"t.{suffix}", f"file\ttext\n{lines}")
    told = [row["text"] for _, row in table_rows(path) if isinstance(row, dict)]
    assert told == [*texts[:3], "four", *texts[4:]]


@pytest.mark.parametrize(
    ("lines", "refused", "kept"),
    [
        ('a.wav\t"one\ntwo"\nb.wav\tx\n', [2, 3], ["x"]),
        ('a.wav\t"one\n\ntwo"\nb.wav\tx\n', [2, 4], ["x"]),
        ('"a.wav"\t"one\nand\ttwo"\nb.wav\tx\n', [2, 3], ["x"]),
        ('a.wav\t"one\nb.wav\tx\n', [], ['"one', "x"]),
        ('a.wav\t"one\n\n', [], ['"one']),
    ],
)
def test_a_cell_over_two_lines_of_a_tsv_is_refused(
    tmp_path: Path, lines: str, refused: list[int], kept: list[str]
) -> None:
    rows = list(table_rows(saved(tmp_path, "t.tsv", f"file\ttext\n{lines}")))
    assert [number for number, row in rows if row == OVER_LINES] == refused
    assert [row["text"] for _, row in rows if isinstance(row, dict)] == kept


def test_a_text_before_its_file_loses_no_line_in_a_tsv(tmp_path: Path) -> None:
    path = saved(tmp_path, "t.tsv", 'text\tfile\n"one\ntwo"\ta.wav\nthree\tb.wav\n')
    assert list(table_rows(path)) == [
        (2, OVER_LINES),
        (3, OVER_LINES),
        (4, {"text": "three", "file": "b.wav"}),
    ]


def test_a_cell_of_a_csv_holds_no_rows(tmp_path: Path) -> None:
    path = saved(tmp_path, "t.csv", 'file,text\na.wav,"one\nb.wav,two\nc.wav,three"\nd.wav,"four,\nfive"\n')
    assert list(table_rows(path)) == [
        (2, ROWS_IN_CELL),
        (3, {"file": "b.wav", "text": "two"}),
        (4, {"file": "c.wav", "text": 'three"'}),
        (5, {"file": "d.wav", "text": "four,\nfive"}),
    ]


@boundary(100)
@given(TEXTS, st.booleans())
def test_any_text_survives_jsonl(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], ascii_only: bool
) -> None:
    lines = [json.dumps({"file": "a.wav", "text": text}, ensure_ascii=ascii_only) for text in texts]
    path = saved(tmp_path_factory.mktemp("t"), "t.jsonl", "\n".join(lines))
    assert list(table_rows(path)) == [
        (i, {"file": "a.wav", "text": text}) for i, text in enumerate(texts, start=1)
    ]


@boundary(100)
@given(st.lists(st.sampled_from(["good", "open", "long", "blank", "two lines"]), max_size=12))
def test_bad_rows_are_named_by_their_line_and_good_ones_stay(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    rows = {
        "good": 'a.wav,"Hello, ""you"""\n',
        "open": 'a.wav,"Hello" you\n',
        "long": "a.wav,Hello, you\n",
        "blank": "\n",
        "two lines": 'a.wav,"Hello,\nyou"\n',
    }
    expected, line = [], 2
    for kind in kinds:
        if kind != "blank":
            expected.append((line, kind))
        line += rows[kind].count("\n")
    data = "file,text\n" + "".join(rows[kind] for kind in kinds)
    lines = list(table_rows(saved(tmp_path_factory.mktemp("t"), "t.csv", data)))
    assert [number for number, _ in lines] == [number for number, _ in expected]
    for (_, row), (_, kind) in zip(lines, expected, strict=True):
        texts = {"good": 'Hello, "you"', "two lines": "Hello,\nyou"}
        assert row == {"file": "a.wav", "text": texts[kind]} if kind in texts else isinstance(row, str)


def test_a_quotation_mark_that_never_closes_costs_one_row(tmp_path: Path) -> None:
    path = saved(tmp_path, "t.csv", 'file,text\na.wav,"one\nb.wav,two\nc.wav,three\n')
    assert list(table_rows(path)) == [
        (2, UNCLOSED),
        (3, {"file": "b.wav", "text": "two"}),
        (4, {"file": "c.wav", "text": "three"}),
    ]


@pytest.mark.parametrize("header", ["file,text,notes", "file,text,"])
def test_a_text_that_a_comma_cuts_off_is_refused(tmp_path: Path, header: str) -> None:
    rows = (
        "a.wav,Yes, I do",
        "b.wav,no,",
        "c.wav, no, note",
        'd.wav,"no, no", note',
        "e.wav,no, ",
        "f.wav,no,x",
    )
    lines = list(table_rows(saved(tmp_path, "t.csv", "\n".join((header, *rows)))))
    assert lines[0] == (2, CUT_OFF)
    assert [row["text"] for _, row in lines[1:] if isinstance(row, dict)] == [
        "no",
        "no",
        "no, no",
        "no",
        "no",
    ]


def test_a_tsv_may_have_quotation_marks_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path, "t.tsv", 'file\ttext\na.wav\t"Yes," he said.\nb.wav\tno\n')
    assert [row["text"] for _, row in table_rows(path) if isinstance(row, dict)] == ['"Yes," he said.', "no"]


@pytest.mark.parametrize(
    "line", ["{", "[1]", "3", "null", '"text"', "nonsense", "[" * 100_000, '{"text": "a"} x']
)
def test_broken_json_is_a_bad_row(tmp_path: Path, line: str) -> None:
    path = saved(tmp_path, "t.jsonl", f'\n{line}\n{{"Text": "good", "id": 7, "words": []}}\n')
    assert list(table_rows(path)) == [(2, NO_OBJECT), (3, {"text": "good", "id": "7"})]


@pytest.mark.parametrize(
    "encoded",
    [
        "ключ".encode(),
        codecs.BOM_UTF8 + "ключ".encode(),
        "ключ".encode("utf-16"),
        codecs.BOM_UTF16_BE + "ключ".encode("utf-16-be"),
        "a ключ".encode("utf-16-le"),
        "a ключ".encode("utf-16-be"),
    ],
)
def test_encodings(tmp_path: Path, encoded: bytes) -> None:
    assert read_text(saved(tmp_path, "t.txt", encoded)).removeprefix("a ") == "ключ"


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        (b"a.wav,caf\xe9", "a.wav,café"),
        (b"a.wav,tha e a\x92 cromadh", "a.wav,tha e a’ cromadh"),
        (b"a.wav,\xcf\xf0\xe8\xe2\xe5\xf2", ""),  # Windows-1251, all of it accented
        (b"a.wav,caf\x8e \x81", ""),  # no Windows-1252
        (b"a.wav,caf\xc3\xa9 \xe9\xd7", ""),  # UTF-8, cut and with a sign that no text has
    ],
)
def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path, line: bytes, reads: str) -> None:
    data = b"file,text\n" + line + b"\nb.wav,caf\xc3\xa9\n"
    (number, told), good = table_rows(saved(tmp_path, "t.csv", data))
    assert (number, good) == (2, (3, {"file": "b.wav", "text": "café"}))
    assert isinstance(told, str)
    assert (told == UNKNOWN) == (not reads)
    assert not reads or f'looks like Windows-1252 (line 2 would read "{reads}")' in told


def test_a_column_in_another_encoding_refuses_its_rows(tmp_path: Path) -> None:
    data = "fichier;début;texte\na.wav;1;bon\n".encode("cp1252")
    ((line, told),) = table_rows(saved(tmp_path, "t.csv", data))
    assert line == 2
    assert '(line 1 would read "fichier;début;texte")' in str(told)


@given(st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=200))
def test_what_is_proposed_is_what_was_meant(text: str) -> None:
    told = unreadable([f"a.wav,{text}".encode("cp1252")])
    assert told.count(". ") == 0
    assert len(told) < 300
    if "looks like" in told:
        assert told.split('read "')[1].split('")')[0] in " ".join(f"a.wav,{text}".split())


def test_half_a_surrogate_pair_is_damage(tmp_path: Path) -> None:
    assert list(table_rows(saved(tmp_path, "t.jsonl", '{"text": "\\ud83d"}'))) == [(1, UNREADABLE)]


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    assert not [
        row for suffix in ("csv", "tsv", "jsonl") for row in table_rows(saved(tmp_path, f"t.{suffix}", ""))
    ]


@pytest.mark.parametrize(("name", "words"), [("missing.csv", "cannot be read"), ("t.ods", "is not a table")])
def test_files_that_are_no_tables(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        table_rows(tmp_path / name)
