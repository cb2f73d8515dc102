"""Praat's trigraphs become the letters that Praat shows, and texts come back from what is exported."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.text.praat import TRIGRAPHS, escaped, spelt_out

pieces = st.lists(st.sampled_from(["\\", *TRIGRAPHS, "a", "n", "é", " "]), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("t\\ef\\ng\\a^", "tɛŋâ"),
        ("\\sw\\:fb\\vs", "əːbʋ"),
        ("caf\\e' \\o/l b\\a`gh", "café øl bàgh"),
        ('\\a"\\ss\\ae\\Ae', "äßæÆ"),
        ("a\\bsng", "a\\ng"),
        ("n\\|v \\t~", "n\u0329 \\t~"),
        ("C:\\clips", "C:\\clips"),
    ],
)
def test_trigraphs_are_letters(written: str, read: str) -> None:
    assert spelt_out(written) == read


def test_the_table_names_each_letter_once() -> None:
    assert len(TRIGRAPHS) > 290
    for name, letter in TRIGRAPHS.items():
        assert len(name) == 2
        assert len(letter) == 1
        assert unicodedata.normalize("NFC", letter) == letter
    assert {n: letter for n, letter in TRIGRAPHS.items() if n[1] == "'"}["e'"] == "é"
    accents = {"`": "GRAVE", "'": "ACUTE", "^": "CIRCUMFLEX", "~": "TILDE", '"': "DIAERESIS", ";": "OGONEK"}
    for name, letter in TRIGRAPHS.items():
        said = unicodedata.name(letter)
        if name[1] in accents and " WITH " in said and "HOOK" not in said and "MIDDLE" not in said:
            case = "SMALL" if name[0].islower() else "CAPITAL"
            assert said == f"LATIN {case} LETTER {name[0].upper()} WITH {accents[name[1]]}"


@given(pieces | st.text())
def test_any_text_comes_back(text: str) -> None:
    assert spelt_out(escaped(text)) == text
