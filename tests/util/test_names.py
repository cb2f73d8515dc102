"""Codes and ids from outside: what may be one, what may not, and that nothing is called by what may not."""

from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import corpora
from smile.corpora import open_corpus
from smile.datatypes import Language, PoolError
from smile.pools.export import as_folder, as_superb
from smile.pools.pool import open_pool
from smile.text import languages
from smile.text.language_search import UNLISTED
from smile.text.languages import iso_code
from smile.util.names import CODE, as_code, code, identifier
from tests.support import hub_layout
from tests.support.small_pools import contents, small_pool

OUTSIDE = [
    "../../..", "/etc/passwd", "..", ".", "a/b", "a\\b", ".hidden", "-rf", "mdw\n", "mdw\0", "Mdw", "m dw",
    "a" * 41, "C:", "~", "mdw/", "%2e%2e", "mdw\u202e", "ｍｄｗ",
]  # fmt: skip


@pytest.mark.parametrize("text", ["mdw", "mdw+sxb", "mis", "a", "x-klingon", "que_1", "a" * 40])
def test_codes(text: str) -> None:
    assert code(text) == as_code(text) == text


@pytest.mark.parametrize("text", ["", *OUTSIDE])
def test_what_is_no_code_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no code of a language; write the ISO 639-3 code") as caught:
        code(text)
    assert str(caught.value).isprintable()


def test_all_known_languages_have_codes() -> None:
    assert all(code(known) and as_code(known) == known for known in languages.languages())


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_label_becomes_a_code_and_no_two_the_same(one: str, other: str) -> None:
    for label in (one, other):
        assert not as_code(label) or CODE.fullmatch(as_code(label))
        assert iso_code(label) == "" or CODE.fullmatch(iso_code(label))
    assert (as_code(one) == as_code(other)) == (one.lower() == other.lower())


@pytest.mark.parametrize("text", ["a", "clip 1", "ɓàsàa_001", "با", "क्‍ष", "a" * 200, "../a", "a/b"])
def test_ids(text: str) -> None:
    assert identifier(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", "a" * 201, "a\nb", "a\0", "\x1b[31m", "a\u2028b", "a\u202eb", "\ud800"]
)
def test_what_is_no_id_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"id") as caught:
        identifier(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_pool_that_calls_its_language_so_is_refused_where_it_is_read(text: str, tmp_path: Path) -> None:
    folder = small_pool(tmp_path / "pool").folder
    header = json.loads((folder / "pool.json").read_text())
    for change in ({"language": {**header["language"], "code": text}}, {"guesses": {text: 1}},
                   {"language": {**header["language"], "whisper": text}}):  # fmt: skip
        (folder / "pool.json").write_text(json.dumps(header | change))
        with pytest.raises(PoolError, match="is no code of a language"):
            open_pool(folder)


@pytest.mark.parametrize("text", ["a\x1bb", "x" * 201, "a\u202eb", " "])
def test_a_pool_with_such_an_id_is_refused(text: str, tmp_path: Path) -> None:
    folder = small_pool(tmp_path / "pool").folder
    rows = list(csv.reader((folder / "clips.csv").open(newline="")))
    rows[2][0] = text
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(PoolError, match=r"line 3 of the clips: .*id"):
        open_pool(folder)


def test_an_export_writes_where_it_was_told_and_nowhere_else(tmp_path: Path) -> None:
    pool = small_pool(tmp_path / "pools" / "0005")
    before = contents(tmp_path)
    for made in (as_folder(pool, tmp_path / "out" / "a.zip"), as_superb(pool, tmp_path / "out" / "b.zip")):
        names = zipfile.ZipFile(made).namelist()
        assert names
        assert all(CODE.fullmatch(name.split("/")[0]) and ".." not in name for name in names)
    folder = {name.split("/")[0] for name in zipfile.ZipFile(as_folder(pool, tmp_path / "a.zip")).namelist()}
    assert folder == {pool.language.code}, "whatever the pool's own folder is called"
    (tmp_path / "a.zip").unlink()
    unlisted = replace(pool, header=replace(pool.header, language=Language(UNLISTED, "../Nó mi")))
    assert zipfile.ZipFile(as_folder(unlisted, tmp_path / "a.zip")).namelist()[0].startswith("Nó-mi/")
    (tmp_path / "a.zip").unlink()
    assert contents(tmp_path).keys() - before.keys() == {"out/a.zip", "out/b.zip"}


def test_labels_of_a_data_set_cannot_leave_the_cache(tmp_path: Path) -> None:
    rows = hub_layout.rows("gle", "../../../escaped", 2)
    hub_layout.write(tmp_path / "copy" / "data", "train", rows, 1)
    corpus = open_corpus(tmp_path / "copy", tmp_path / "cache")
    (language,) = corpus.languages("train")
    reading = corpus.read(language, "train")
    cache = (tmp_path / "cache").resolve()
    assert len(reading.utterances) == 2
    assert all(u.audio.resolve().is_relative_to(cache) for u in reading.utterances)
    assert corpus.place(language, "train").is_relative_to(cache)


def test_a_row_with_such_an_id_is_told_and_passed_over(tmp_path: Path) -> None:
    folder = small_pool(tmp_path / "pool").folder / "audio"
    table = tmp_path / "pool" / "audio" / "table.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["file", "text", "id", "language"],
                ["a.wav", "one", "a\x07", "../x"],
                ["b.wav", "two", "b", "../x"],
            ]
        )
    reading = corpora.read_corpus(table)
    assert [u.id for u in reading.utterances] == ["b"]
    assert [row.line for row in reading.rejected] == [2]
    assert "cannot be printed" in reading.rejected[0].reason
    assert open_corpus(table).place(reading.utterances[0].language, "").resolve().is_relative_to(folder)
