"""Tables that spreadsheets open: every letter as it is, no formula, and the same texts when read again."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smile.corpora.tables import table_rows
from smile.exporting import Span, TieredTranscript, export
from smile.ui.compare import callbacks
from smile.util.spreadsheet import FORMULA, guarded, unguarded
from tests.support.boundaries import boundary
from tests.support.linguists import write_xlsx

STARTS = ["=", "+", "-", "@", "\t", "\r", "'", "''", "＝", ""]
letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd\0"), max_size=12)
texts = st.tuples(st.sampled_from(STARTS), letters).map("".join).filter(bool)


def exported(folder: Path, said: list[str], name: str = "a.wav") -> Path:
    spans = tuple(Span(float(n), n + 0.5, text) for n, text in enumerate(said))
    alone = tuple(Span(s.start, s.end, s.text[::-1]) for s in spans)
    transcript = TieredTranscript(name, float(len(said)), (("SMILE", spans), ("Whisper alone", alone)), "mdw")
    (path,) = export([transcript], "csv", folder)
    return path


@boundary(60)
@given(st.lists(texts, min_size=1, max_size=6), st.sampled_from(["a.wav", "-a.wav", "ωé.wav", "'=.wav"]))
@example(["=1+2", "-tja wa", "+", "@x", "'=1", "''-", "ωé"], "@.wav")
def test_texts_are_no_formulas_and_come_back_to_the_letter(
    tmp_path_factory: pytest.TempPathFactory, said: list[str], name: str
) -> None:
    path = exported(tmp_path_factory.mktemp("t"), said, name)
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    cells = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert not [cell for row in cells for cell in row if FORMULA.match(cell) and not cell.startswith("'")]
    rows = [row for _, row in table_rows(path)]
    assert [row["text"] for row in rows if isinstance(row, dict)] == said
    assert {row["file"] for row in rows if isinstance(row, dict)} == {name}


def test_what_a_spreadsheet_saved_again_is_read_alike(tmp_path: Path) -> None:
    said = ["=1+2", "-tja wa", "'-x", "ωé"]
    cells = list(csv.reader(exported(tmp_path, said).open(encoding="utf-8-sig", newline="")))
    write_xlsx(tmp_path / "t.xlsx", cells, "openpyxl")
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(cells)
    for name in ("t.xlsx", "t.csv"):
        assert [row["text"] for _, row in table_rows(tmp_path / name) if isinstance(row, dict)] == said


def test_an_apostrophe_of_another_table_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,text\na.wav,'-tja\n", encoding="utf-8")
    (tmp_path / "t.jsonl").write_text('{"alone": "", "confidence": 1, "text": "\'-tja"}', encoding="utf-8")
    for name in ("t.csv", "t.jsonl"):
        ((_, row),) = table_rows(tmp_path / name)
        assert isinstance(row, dict)
        assert row["text"] == "'-tja"


@given(st.text())
def test_a_guarded_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_numbers_are_left_alone() -> None:
    assert [guarded(value) for value in (-0.5, None, 3)] == [-0.5, None, 3]


def test_the_grid_of_compare_holds_no_formula() -> None:
    table = callbacks.as_csv([{"text": "=1+2", "neighbours": ["-a", "b"]}])
    assert table == "text,neighbours\n'=1+2,'-a b\n"
