"""Texts that are spelt alike are near, whatever the draft is."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smile.retrieval.text_similarity import draft_distances, grams

TEXTS = ["muntu wa kabiri", "the quick brown fox", "kabiri muntu", "χαίρετε κόσμε"]


def test_the_text_that_is_spelt_like_the_draft_is_nearest() -> None:
    assert int(draft_distances("mundu wa gabiri", TEXTS).argmin()) == 0
    assert int(draft_distances("xairete kosme", [*TEXTS, "xaireti kosmi"]).argmin()) == 4


def test_case_and_punctuation_do_not_count() -> None:
    np.testing.assert_allclose(
        draft_distances("Muntu, WA kabiri!", TEXTS), draft_distances("muntu wa kabiri", TEXTS)
    )


def test_grams_are_those_of_the_text_with_its_edges() -> None:
    assert grams("ab") == Counter([" ", "a", "b", " ", " a", "ab", "b ", " ab", "ab "])


@given(draft=st.text(max_size=30), texts=st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_equals_a_slow_reference(draft: str, texts: list[str]) -> None:
    distances = draft_distances(draft, texts)
    assert np.allclose(distances, [_slow(draft, text, texts) for text in texts])
    assert ((distances >= -1e-9) & (distances <= 1 + 1e-9)).all()


def _slow(draft: str, text: str, texts: list[str]) -> float:
    def weight(gram: str, counts: Counter[str]) -> float:
        spread = sum(gram in grams(t) for t in texts)
        if not spread or not counts[gram]:
            return 0.0
        return (1 + math.log(counts[gram])) * (1 + math.log((1 + len(texts)) / (1 + spread)))

    one, other = grams(draft), grams(text)
    known = sorted({gram for t in texts for gram in grams(t)})
    a = np.array([weight(gram, one) for gram in known])
    b = np.array([weight(gram, other) for gram in known])
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1 - float(a @ b) / lengths if lengths else 1.0
