"""The letters of TextGrids, whatever version of whatever program wrote them: right, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.datatypes import CorpusError
from smile.exporting import Span, TieredTranscript, export
from smile.importing.textgrid import read_textgrid
from smile.text.praat import TRIGRAPHS

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
    with pytest.raises(
        CorpusError, match=r"talk.TextGrid: Some characters .* save the file as UTF-8\.$"
    ) as told:
        read_textgrid(textgrid(tmp_path, "bàgh beag mòr", encoding))
    assert ('(line 15 would read "bàgh beag mòr")' in str(told.value)) == (encoding != "mac-roman")


@settings(max_examples=30)
@given(marks)
def test_backslashes_come_back_from_praat(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    transcript = TieredTranscript("a.wav", 1.0, (("utt", (Span(0.0, 1.0, text),)),))
    (path,) = export([transcript], "textgrid", tmp_path_factory.mktemp("t"))
    assert said(path) == text
