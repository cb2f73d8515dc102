"""Encodings are offered that can read all of a file; where two read otherwise, both readings are shown."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.corpora.encodings import DAMAGED, ENCODINGS, in_utf8
from smile.corpora.undecoded import EncodingChoice, Undecoded, choices

WORDS = {
    "cp1252": "tha e a’ cromadh à mòr",
    "cp1250": "Łódź leží",
    "koi8-u": "Привіт як справи",
    "iso8859-14": "ḋia ḋuit a ċara",
    "cp1256": "السلام عليكم",
    "cp932": "表現は自由",
    "gb18030": "你好世界",
    "big5hkscs": "功能許可",
}


def reading(data: bytes, encoding: str) -> str:
    return in_utf8(data, encoding).decode("utf-8")


@pytest.mark.parametrize(("encoding", "words"), WORDS.items())
def test_the_right_one_is_among_them_and_shown_as_it_was_meant(encoding: str, words: str) -> None:
    data = f"file,text\na.wav,{words}\n".encode(encoding)
    (right,) = [one for one in choices([data]) if encoding in one.names]
    assert all(text in f"a.wav,{words}" for text in right.shown)
    assert any(character in "".join(right.shown) for character in words if character > "\x7f")


@given(st.lists(st.binary(max_size=30), max_size=6), st.sampled_from(sorted(WORDS)))
def test_those_that_are_one_choice_read_the_same_and_can_read_it(lines: list[bytes], encoding: str) -> None:
    data = b"x\xff" + b"\n".join([*lines, WORDS[encoding].encode(encoding)]).replace(b"\0", b"")
    offered = choices([data])
    lines = [line for line in data.replace(b"\r", b"\n").split(b"\n") if line and b"\xff" in line]
    for one in offered:
        assert all(DAMAGED not in reading(line, one.names[0]) for line in lines)
        assert len({reading(data, name) for name in one.names}) == 1
    for one, other in combinations(offered, 2):
        assert reading(data, one.names[0]) != reading(data, other.names[0])
    assert len({one.shown for one in offered}) == len(offered), "each can be told from the others"


def test_a_difference_far_below_is_shown() -> None:
    same = "\n".join(f"é{n}" for n in range(200)).encode("cp1252")
    shown = {name: one.shown for one in choices([same, b"\n20 \xa4"]) for name in one.names}
    assert "20 €" in shown["iso8859-15"]
    assert "20 ¤" in shown["iso8859-1"]
    assert shown["iso8859-1"] == shown["cp1252"], "which read all of it the same"


def test_lines_in_utf8_rule_none_out_and_files_count_together() -> None:
    mixed = "café Łódź\n".encode() + b"caf\xe9\n"
    assert {name for one in choices([mixed]) for name in one.names} >= {"cp1252", "cp1250"}
    names = {name for one in choices([mixed, b"a\x81b \xa0\xfd"]) for name in one.names}
    assert "cp1252" not in names, "81 is no character there"
    assert names


def test_it_goes_through_json_and_what_is_no_encoding_does_not() -> None:
    meant = Undecoded(True, choices(["mòr\n".encode("cp1252")]))
    assert Undecoded.from_json(meant.to_json()) == meant
    assert Undecoded.from_json(None) is None
    for names in (("rot13",), ()):
        with pytest.raises(ValueError, match="not known"):
            Undecoded.from_json(Undecoded(True, (EncodingChoice(names, ()),)).to_json())
    assert all(set(one.names) <= ENCODINGS.keys() for one in meant.choices)
