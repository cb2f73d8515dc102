"""The characters for a palette: those of the texts that an ordinary keyboard lacks, letters before marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.text.special import MOST, is_mark, named, special


def test_letters_come_by_their_base_with_capitals_after_and_marks_last() -> None:
    texts = ["Ŋkɔ ńga 12", "ŋ a\u0301 b\u0323 “x”", "ɔ́ é"]
    assert special(texts) == ("é", "ń", "ŋ", "Ŋ", "ɔ", "“", "”", "\u0301", "\u0323")


def test_what_any_keyboard_has_is_left_out_and_what_cannot_be_seen_too() -> None:
    assert special(["plain ASCII, \t\n 0-9 ~", "\u00a0\u2028\ufeff\u200e\ufffd"]) == ()
    assert special(["نمی\u200cدانم"])[-1] == "\u200c", "a joiner is spelt with"


def test_of_too_many_the_most_frequent_are_taken() -> None:
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 3 * MOST)))
    found = special([many, many[-5:]])
    assert len(found) == MOST
    assert set(many[-5:]) <= set(found)
    assert special([many], most=2) == tuple(many[:2])


@pytest.mark.parametrize(("character", "mark"), [("\u0301", True), ("ा", True), ("é", False), ("a", False)])
def test_marks_are_known(character: str, mark: bool) -> None:
    assert is_mark(character) is mark


def test_characters_have_names() -> None:
    assert named("ŋ") == "latin small letter eng"
    assert named("\ue000") == "u+e000"


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_text_gives_each_character_once_and_none_of_ascii(texts: list[str]) -> None:
    found = special(texts)
    assert len(set(found)) == len(found) <= MOST
    assert set(found) <= set("".join(texts))
    assert not any(c.isascii() or c.isspace() for c in found)
