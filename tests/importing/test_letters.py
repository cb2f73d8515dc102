"""The letters of TextGrids, whatever version of whatever program wrote them: right, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.corpora.encodings import encoding_named
from smile.datatypes import CorpusError
from smile.exporting import Span, TieredTranscript, export
from smile.importing.eaf import read_eaf
from smile.importing.textgrid import read_textgrid
from smile.text.praat import TRIGRAPHS
from tests.support.boundaries import boundary
from tests.support.linguists import write_eaf

SHORT = (
    'File type = "{kind}"\n{object}"TextGrid"\n\n0\n2\n<exists>\n1\n"IntervalTier"\n"utt"\n0\n2\n2\n'
    '0\n1\n"{text}"\n1\n2\n""\n'
)
CLASS = "Object class = "
marks = st.lists(st.sampled_from(["\\", *TRIGRAPHS, "a", '"']), min_size=1, max_size=8).map("".join)


def textgrid(folder: Path, text: str, encoding: str, kind: str = "ooTextFile", name: str = CLASS) -> Path:
    path = folder / "talk.TextGrid"
    path.write_bytes(SHORT.format(kind=kind, object=name, text=text).encode(encoding))
    return path


def said(path: Path) -> str:
    (tier,) = read_textgrid(path).tiers
    return tier.annotations[0].text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("kind", "name"), [("ooTextFile", CLASS), ("ooTextFile short", "")])
def test_textgrids_of_every_make_have_their_letters(
    tmp_path: Path, encoding: str, kind: str, name: str
) -> None:
    assert said(textgrid(tmp_path, "ngá t\\ef\\ng caf\\e'", encoding, kind, name)) == "ngá tɛŋ café"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac-roman"])
def test_letters_of_8_bits_are_refused_with_what_they_may_be(tmp_path: Path, encoding: str) -> None:
    path = textgrid(tmp_path, "bàgh beag mòr", encoding)
    with pytest.raises(
        CorpusError, match=r"talk.TextGrid: Some characters .* save the file as UTF-8, .*--encoding.*\.$"
    ) as told:
        read_textgrid(path)
    for tier in read_textgrid(path, encoding=encoding_named(encoding)).tiers:
        assert tier.annotations[0].text == "bàgh beag mòr"
    assert ('(line 15 would read "bàgh beag mòr")' in str(told.value)) == (encoding != "mac-roman")


@pytest.mark.parametrize("text", ["caf\x81 \xe9".encode("latin-1"), "café".encode() + b'"\n"\xe9'])
def test_letters_that_are_not_in_the_encoding_or_may_be_utf8_are_refused(tmp_path: Path, text: bytes) -> None:
    path = textgrid(tmp_path, "@", "utf-8")
    path.write_bytes(path.read_bytes().replace(b"@", text))
    with pytest.raises(CorpusError, match=r"Line 15 has characters that are not in cp1252, or may be in UTF"):
        read_textgrid(path, encoding="cp1252")


@pytest.mark.parametrize("head", ["", '<?xml version="1.0" encoding="UTF-8"?>'])
def test_an_eaf_that_is_not_in_utf8_is_refused_or_read_in_the_encoding_named(
    tmp_path: Path, head: str
) -> None:
    path = write_eaf(tmp_path / "talk.eaf", "talk.wav", {"utt": [(0.0, 1.0, "bàgh beag mòr")]})
    body = path.read_text(encoding="utf-8").split("?>", 1)[-1]
    path.write_bytes((head + body).encode("cp1252"))
    with pytest.raises(CorpusError, match=r"talk\.eaf: Some characters .*bàgh beag mòr.*--encoding cp1252"):
        read_eaf(path)
    (tier,) = read_eaf(path, encoding="cp1252").tiers
    assert tier.annotations[0].text == "bàgh beag mòr"
    path.write_bytes(('<?xml version="1.0" encoding="iso-8859-1"?>' + body).encode("cp1252"))
    assert read_eaf(path, encoding="cp1251").tiers[0].annotations[0].text == "bàgh beag mòr", "it says so"


@boundary(30)
@given(marks)
def test_backslashes_come_back_from_praat(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    transcript = TieredTranscript("a.wav", 1.0, (("utt", (Span(0.0, 1.0, text),)),))
    (path,) = export([transcript], "textgrid", tmp_path_factory.mktemp("t"))
    assert said(path) == text
