"""Words as they are written keep their spelling, and have the labels of the form that the head writes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.trellis import WILD
from smile.acoustic.written import written
from smile.text.units import characters, words

TEXTS = [
    "Ng'ombe, c’h: ganě:la!",
    "שָׁלוֹם עֲלֵיכֶם",
    "مەرحەبا، دنیا",
    "E\u0301rase a-b «x»",
    "हिन्दी में",
    "ᏣᎳᎩ",
    "ΛΌΓΟΣ ὁ",
    "日本語、OK です。",
    "สวัสดีครับ ok",
    "ʔukxumərɯ̃ə",
    "İstanbul I",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", [Form(), Form("original"), Form("plain", "tur")])
def test_the_labels_are_those_of_the_whole_text(text: str, form: Form) -> None:
    alphabet = Alphabet.of([form(text)])
    made = written(text, form, alphabet)
    said = " ".join(alphabet.decode(word.labels) for word in made if word.labels)
    assert said.replace(" ", "") == form(text).replace(" ", "")
    assert "".join(word.text for word in made) == "".join(text.split())
    for word in made:
        assert "".join(c.text for c in word.characters) == word.text
        assert not any(unicodedata.combining(c.text[0]) for c in word.characters)


@settings(max_examples=60)
@given(st.text(max_size=20))
def test_no_letter_of_any_text_is_lost(text: str) -> None:
    made = written(text, Form("original"), Alphabet("ab"))
    assert "".join(word.text for word in made) == "".join(text.split())
    assert "".join(c.text for word in made for c in word.characters) == "".join(text.split())
    assert characters(text) == sorted(characters(text))


def test_what_the_head_cannot_write_stays_in_the_text() -> None:
    first, year, dash, last = written("bá 1984 — qab", Form(), Alphabet(" abá"))
    assert [c.labels for c in first.characters] == [(3,), (4,)]
    assert (year.text, year.labels, dash.labels) == ("1984", [WILD], [])
    assert [c.labels for c in last.characters] == [(), (2,), (3,)]


def test_scripts_without_spaces_have_a_word_a_character() -> None:
    text = "「日本」語のABC, 12です。 ok"
    assert [text[a:b] for a, b in words(text)] == [
        "「日",
        "本」",
        "語",
        "の",
        "ABC,",
        "12",
        "で",
        "す。",
        "ok",
    ]
    assert [len(words(text)) for text in ("a b", "", " \n", "...")] == [2, 0, 0, 1]
