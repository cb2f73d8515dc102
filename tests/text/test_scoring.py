"""Error rates agree with a slow reference, and an alignment gives both its texts back."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.text.normalisers import NORMALISERS, normalise
from smile.text.scoring import Chunk, align, score

FEW = st.text("abc é\u0301ńि न", max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def levenshtein(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Edit distance by the textbook's table."""
    row = list(range(len(hypothesis) + 1))
    for i, wanted in enumerate(reference, 1):
        previous, row = row, [i]
        for j, heard in enumerate(hypothesis, 1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (wanted != heard)))
    return row[-1]


def test_a_score() -> None:
    result = score("The cat sat.", "the bat sat down", "plain")
    assert (result.edits, result.length, result.word_edits, result.words) == (6, 11, 2, 3)
    assert result.cer == pytest.approx(6 / 11)
    assert result.wer == pytest.approx(2 / 3)
    assert result.normaliser == "plain/2"


def test_the_language_reaches_the_normaliser() -> None:
    assert score("你 好", "你好", "ml_superb", "cmn").edits == 0
    assert score("你 好", "你好", "ml_superb", "eng").edits == 1


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits", "length"),
    [
        ("", "", 0, 0),
        ("", "abc", 3, 0),
        ("...", "abc", 3, 0),
        ("abc", "", 3, 3),
        ("abc", "?!", 3, 3),
        ("नमस्ते", "नमसते", 1, 6),  # one code point, the virama
        ("ɔ\u0301", "ɔ", 1, 2),
        ("e\u0301", "é", 0, 1),
        ("مرحبا", "مرحب", 1, 5),
        ("שלום עולם", "שלום", 5, 9),
        ("hello 👋🏽", "hello", 0, 5),
        ("a", "bcdef", 5, 1),
    ],
)
def test_awkward_texts(reference: str, hypothesis: str, edits: int, length: int) -> None:
    result = score(reference, hypothesis)
    assert (result.edits, result.length) == (edits, length)
    assert result.cer == (edits / length if length else None)
    assert (result.wer is None) == (length == 0)


@given(FEW | TEXTS, FEW | TEXTS, st.sampled_from(sorted(NORMALISERS)))
def test_scores_against_a_slow_reference(reference: str, hypothesis: str, name: str) -> None:
    result = score(reference, hypothesis, name)
    wanted, heard = normalise(reference, name), normalise(hypothesis, name)
    assert result.edits == levenshtein(wanted, heard)
    assert result.length == len(wanted)
    words, guesses = ([word for word in side.split(" ") if word] for side in (wanted, heard))
    if name == "plain":
        assert result.word_edits == levenshtein(words, guesses)
        assert result.words == len(words)


def test_an_alignment() -> None:
    assert align("kitten", "sitting") == [
        Chunk("substitute", "k", "s"),
        Chunk("equal", "itt", "itt"),
        Chunk("substitute", "e", "i"),
        Chunk("equal", "n", "n"),
        Chunk("insert", "", "g"),
    ]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "changed"),
    [
        ("क\u093f म", "क\u0940 म", [("क\u093f", "क\u0940")]),
        ("kɔ\u0301 la", "kɔ la", [("ɔ\u0301", "ɔ")]),
        ("שָׁלוֹם", "שלום", [("שָׁ", "ש"), ("וֹ", "ו")]),
        ("a👩‍👩‍👧b", "a👩b", [("👩‍👩‍👧", "👩")]),
        ("🇩🇪!", "🇫🇷!", [("🇩🇪", "🇫🇷")]),
        ("e\u0301", "é", []),
    ],
)
def test_marks_stay_with_their_base(reference: str, hypothesis: str, changed: list[tuple[str, str]]) -> None:
    chunks = align(reference, hypothesis)
    assert [(c.reference, c.hypothesis) for c in chunks if c.kind != "equal"] == changed


def test_nothing_to_align() -> None:
    assert align("", "") == []
    assert align("", "ab") == [Chunk("insert", "", "ab")]
    assert align("ab", "") == [Chunk("delete", "ab", "")]


@given(FEW | TEXTS, FEW | TEXTS)
def test_an_alignment_gives_both_texts_back(reference: str, hypothesis: str) -> None:
    chunks = align(reference, hypothesis)
    assert "".join(chunk.reference for chunk in chunks) == reference
    assert "".join(chunk.hypothesis for chunk in chunks) == hypothesis
    for chunk in chunks:
        same = unicodedata.normalize("NFC", chunk.reference) == unicodedata.normalize("NFC", chunk.hypothesis)
        assert chunk.kind != "equal" or same
        assert bool(chunk.reference) == (chunk.kind != "insert")
        assert bool(chunk.hypothesis) == (chunk.kind != "delete")


@given(st.text("abcd ", max_size=12), st.text("abcd ", max_size=12))
def test_an_alignment_is_as_short_as_can_be(reference: str, hypothesis: str) -> None:
    changed = [chunk for chunk in align(reference, hypothesis) if chunk.kind != "equal"]
    edits = sum(max(len(chunk.reference), len(chunk.hypothesis)) for chunk in changed)
    assert edits == levenshtein(reference, hypothesis)
