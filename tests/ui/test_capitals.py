"""Capitals inside words: the difference does not mark them, and says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.ui.parts.capitals import inner_capitals
from smile.ui.parts.scores import judge, score_block


@pytest.mark.parametrize(
    ("reference", "hypothesis", "pairs"),
    [
        ("in isiXhosa, yes", "in isixhosa yes", [("isiXhosa", "isixhosa")]),
        ("nÉireann", "néireann", [("nÉireann", "néireann")]),
        ("The end", "the end", []),
        ("THE END", "the end", []),
        ("the end", "THE END", []),
        ("McDonald and mcdonald", "Mcdonald", []),
        ("isiXhosa", "siXhosa", []),
        ("", "isiXhosa", []),
    ],
)
def test_words_that_differ_in_inner_capitals_alone_are_told(reference, hypothesis, pairs):
    assert list(inner_capitals(reference, hypothesis)) == pairs


@given(st.text())
def test_a_text_and_itself_differ_in_nothing(text):
    assert list(inner_capitals(text, text)) == []


def test_the_score_says_what_it_does_not_mark():
    differ = score_block(judge("in isiXhosa <b>", "in isixhosa <b>", "xho"))
    assert "capitals are not counted: " in differ
    assert '<q dir="auto">isiXhosa</q> → <q dir="auto">isixhosa</q>' in differ
    assert "<b>" not in differ.replace("<b>0.0", "")
    assert "not counted" not in score_block(judge("in isiXhosa", "in isiXhosa", "xho"))


def test_of_many_words_a_few_are_told():
    words = [f"isi{letter.upper()}ulu" for letter in "bcdfg"]
    told = score_block(judge(" ".join(words), " ".join(words).lower(), "xho"))
    assert told.count("<q") == 2 * 3
    assert ", …" in told
