"""Texts in encodings from before UTF-8 are read in the one that a person names, right or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.corpora.encodings import ENCODINGS, encoding_named, in_utf8
from smile.corpora.preview import preview
from smile.corpora.tables import table_rows
from smile.datatypes import CorpusError
from tests.support.boundaries import boundary

ROWS = "file;text\na.wav;tha e a’ cromadh\nb.wav;biastag bheag\n"
TOLD = "characters that are not in {}, or may be in UTF-8; save the file as UTF-8."
WORDS = {
    "cp1251": "Привіт як справи",
    "koi8-u": "Привіт як справи",
    "iso8859-14": "ḋia ḋuit a ċara",
    "cp1256": "السلام عليكم",
    "cp932": "表現は自由",  # whose second byte is a backslash
    "gb18030": "你好世界",
    "big5hkscs": "功能許可",
}


def saved(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def texts(path: Path, encoding: str) -> list[str]:
    return [row["text"] if isinstance(row, dict) else row for _, row in table_rows(path, encoding=encoding)]


@pytest.mark.parametrize("said", ["cp1252", "windows-1252", "Windows_1252", " CP1252 "])
def test_an_encoding_has_several_names(said: str) -> None:
    assert encoding_named(said) == "cp1252"


@pytest.mark.parametrize(
    "said", ["utf-8", "utf-7", "rot13", "idna", "hex", "hz", "../x", "a\0b", "é", "x" * 99]
)
def test_other_codecs_are_refused_in_one_sentence(said: str) -> None:
    with pytest.raises(CorpusError, match=r"^There is no encoding .* choose one of cp1252, .*\.$"):
        encoding_named(said)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_have_ascii_as_it_is(encoding: str) -> None:
    plain = bytes(range(32, 127))
    assert encoding_named(encoding) == encoding
    assert (plain + b"\r\n\t").decode(encoding) == plain.decode("ascii") + "\r\n\t"


@pytest.mark.parametrize(("encoding", "words"), WORDS.items())
def test_a_table_is_read_in_the_encoding_that_is_named(tmp_path: Path, encoding: str, words: str) -> None:
    path = saved(tmp_path, f"file,text\na.wav,{words}\nb.wav,plain\n", encoding)
    assert texts(path, encoding) == [words, "plain"]
    shown = preview(saved(tmp_path, f"klang;wort\na.wav;{words}\n", encoding), encoding=encoding)
    assert shown
    assert shown.rows[1][1] == ("a.wav", words)


@pytest.mark.parametrize("unicode", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_that_is_unicode_stays_so_whatever_is_named(tmp_path: Path, unicode: str) -> None:
    assert texts(saved(tmp_path, ROWS, unicode), "cp1252") == ["tha e a’ cromadh", "biastag bheag"]


def test_what_the_encoding_has_not_or_may_be_utf8_is_refused_by_line(tmp_path: Path) -> None:
    bad = b"file,text\na.wav,caf\xe9\nb.wav,caf\x81\nc.wav,caf\xc3\xa9\n"
    good, *refused = texts(saved(tmp_path, bad), "cp1252")
    assert good == "café"
    assert refused == [f"Line {line} has {TOLD.format('cp1252')}" for line in (3, 4)]
    (told,) = texts(saved(tmp_path, b"file,text\na.wav,a\x92 b\n"), "iso8859-1")
    assert told == f"Line 2 has {TOLD.format('iso8859-1')}", "it is a control there, and no letter"


def test_the_refusal_names_the_option(tmp_path: Path) -> None:
    (told, _) = texts(saved(tmp_path, ROWS, "cp1252"), "")
    assert told.endswith("so save the file as UTF-8, or choose that encoding (--encoding cp1252).")
    assert texts(saved(tmp_path, ROWS, "cp1252"), "cp1252") == ["tha e a’ cromadh", "biastag bheag"]
    (told,) = texts(saved(tmp_path, f"file,text\na.wav,{WORDS['cp1251']}\n", "cp1251"), "")
    assert told.endswith("save the file as UTF-8, or name its encoding (--encoding).")


@boundary(100)
@given(st.sampled_from(sorted(ENCODINGS)), st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_right_or_marked(encoding: str, lines: list[str]) -> None:
    written = [line.encode(encoding, errors="ignore").replace(b"\0", b"") for line in lines]
    meant = [data.decode(encoding) for data in written]
    data = b"x\n" + b"\n".join(written)
    got = in_utf8(data, encoding).decode("utf-8", errors="replace")
    if "\ufffd" not in got and got.isascii() is False and in_utf8(data, encoding) != data:
        assert got == "\n".join(["x", *meant])


def test_utf16_without_a_mark_is_not_taken_for_another_encoding() -> None:
    data = "Ұзақ,Мәтін\na.wav,сәлем\n".encode("utf-16-le")
    assert in_utf8(data, "cp1251") == data
