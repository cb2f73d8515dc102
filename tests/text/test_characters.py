"""The characters of texts: counted, doubted, permitted, and told apart by how they are composed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.text.characters import MOST_ONCE, TELLING, inventory, mixed_forms, permitted, unaccented
from smile.text.normalisers import one_line

MUCH = "aeiou " * (TELLING // 5)  # all common, and enough of it


def rare(*texts: str) -> set[str]:
    return {entry.character for entry in inventory(texts) if entry.rare}


@given(st.text(st.characters(max_codepoint=0x3FFF, exclude_categories=["Cs"]), max_size=20))
def test_marks_are_left_out_as_if_the_whole_text_were_decomposed(text: str) -> None:
    whole = unicodedata.normalize("NFKD", text.casefold())
    assert unaccented(text) == "".join(c for c in whole if not unicodedata.combining(c))


def test_many_marks_in_a_row_are_never_sorted() -> None:
    """That takes two minutes for so many."""
    assert unaccented("\u00c9t" + "\u0301\u0316" * 200_000) == "et"


def test_characters_are_counted_with_their_clips_and_the_first_of_them() -> None:
    a, b, c = inventory(["b a", "aa", "c"])
    assert [(f.character, f.count, f.clips, f.example) for f in (a, b, c)] == [
        ("a", 3, 2, 0),
        ("b", 1, 1, 0),
        ("c", 1, 1, 2),
    ]


@given(st.lists(st.text(), max_size=6))
def test_every_character_is_counted_as_it_is_spelt(texts: list[str]) -> None:
    entries = inventory(texts)
    assert sum(f.count for f in entries) == sum(not c.isspace() for text in texts for c in text)
    assert [f.count for f in entries] == sorted((f.count for f in entries), reverse=True)
    assert all(f.character in texts[f.example] and f.clips <= f.count for f in entries)
    assert all(f.character not in text for f in entries for text in texts[: f.example])


def test_once_is_remarkable_only_where_much_is_written() -> None:
    assert rare(MUCH, "x") == {"x"}
    assert rare(MUCH[: len(MUCH) // 2], "x") == set()
    assert rare(MUCH, "xx") == set()


def test_once_is_not_remarkable_where_many_characters_occur_once() -> None:
    signs = [chr(0x4E00 + i) for i in range(100)]
    few = int(5 / (1 - MOST_ONCE) * MOST_ONCE)
    assert rare(MUCH, "".join(signs[:few])) == set(signs[:few])
    assert rare(MUCH, "".join(signs)) == set()


def test_digits_and_the_capitals_of_common_letters_are_not_rare() -> None:
    assert rare(MUCH, "7A") == set()
    assert rare(MUCH, "X") == {"X"}


@given(st.lists(st.text(), max_size=4))
def test_what_is_permitted_is_what_is_there_and_a_space(texts: list[str]) -> None:
    allowed = permitted(texts)
    assert " " in allowed
    assert allowed - {" "} == {c for t in texts for c in t if not c.isspace() and c != "\ufffd"}
    assert all(c.encode() for c in allowed)


def test_permitted_are_the_code_points_and_cases_of_the_texts_alone() -> None:
    assert permitted(["Äb\n"]) == {"Ä", "b", " "}
    assert permitted([unicodedata.normalize("NFD", "Ä")]) == {"A", "\u0308", " "}
    assert permitted(["a\ud800\ufffd"]) == {"a", " "}, "what no UTF-8 has, and what is never shown"


@pytest.mark.parametrize(
    ("texts", "mixed"),
    [
        (["é", "e\u0301"], True),
        (["é", "a\u0300"], True),  # no letter is both, but the forms are mixed
        (["é", "à"], False),
        (["e\u0301", "a\u0300"], False),
        (["x\u0301", "é"], False),  # there is no x with an acute in one piece
        (["\u0958"], False),  # a letter that NFC takes apart
        (["\u0958", "\u0915\u093c"], True),
        (["\u212b"], False),  # the sign for ångström
        (["\u212b", "\u00c5"], True),
        (["\u1100\u1161", "\uac00"], True),  # Hangul by its parts, and whole
        ([], False),
    ],
)
def test_composed_and_decomposed_letters_are_told_apart(texts: list[str], mixed: bool) -> None:
    assert mixed_forms(texts) == mixed


@given(st.lists(st.text(), max_size=4), st.sampled_from(["NFC", "NFD"]))
def test_texts_of_one_form_are_not_mixed(texts: list[str], form: str) -> None:
    assert not mixed_forms([unicodedata.normalize(form, text) for text in texts])


UNSEEN = "\0\x01\x07\x1b\x7f\x81\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff"


@pytest.mark.parametrize("mark", UNSEEN)
def test_what_nobody_sees_is_no_part_of_a_text(mark: str) -> None:
    assert one_line(f"{mark}nga{mark} o{mark}") == "nga o"


def test_what_scripts_spell_with_stays() -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "ᠮᠣᠩᠭ\u180eᠣᠯ", "a\u0301", "❤\ufe0f", "ʻŋ\u02e5"):
        assert one_line(text) == text


def test_controls_that_were_letters_in_windows_1252_are_those() -> None:
    assert one_line("don\x92t \x8cuvre \x81") == "don’t Œuvre"
