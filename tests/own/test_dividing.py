"""Spans as two and as one: no word is lost, and all stay within their half."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import Span
from smile.own.dividing import cut_text, divided, joined


@given(st.text("ab ", max_size=30), st.floats(0, 1))
def test_a_text_is_cut_at_a_space(text: str, share: float) -> None:
    left, right = cut_text(text, share)
    assert f"{left} {right}".split() == text.split()


WORD = st.builds(lambda start, length: Span(start, start + length, "w"), st.floats(1, 4), st.floats(0, 1))


@given(st.lists(WORD, max_size=6), st.floats(1.2, 4.8))
def test_no_word_is_lost_and_all_stay_within_their_half(words: list[Span], at: float) -> None:
    words.sort(key=lambda word: word.start)
    span = Span(1.0, 5.0, " ".join(w.text for w in words), parts=tuple(words))
    halves = divided(span, at)
    assert [len(half.parts) for half in halves] == [len(half.text.split()) for half in halves]
    assert sum(len(half.parts) for half in halves) == len(words)
    for half in halves:
        assert all(half.start <= word.start <= word.end <= half.end for word in half.parts)


def test_halves_joined_again_are_the_span() -> None:
    words = tuple(Span(n, n + 0.5, f"w{n}", 0.5) for n in range(4))
    span = Span(0.0, 4.0, "w0 w1 w2 w3", parts=words, probability=0.25)
    for at in (0.9, 2.0, 3.7):
        again = joined(*divided(span, at))
        assert replace(again, probability=None) == replace(span, probability=None)
        assert again.probability == pytest.approx(0.25)
