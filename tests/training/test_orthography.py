"""Random orthographies are consistent, repeatable and really change what is written."""

from __future__ import annotations

import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smile.training.orthography import Orthography, draw, letters_of

TEXTS = ["Ökologisch-pflanzengeographische Studien.", "In den Gräbern, heute Abend!"]


def test_letters_case_and_punctuation_are_rewritten() -> None:
    written = Orthography({"n": "ŋ", "ä": "sh"}, "as is", True)
    assert written("In den Gräbern, Ändern!") == "Iŋ deŋ Grshberŋ, Shŋderŋ!"
    assert Orthography({}, "upper", False)("Heute, Abend!") == "HEUTE ABEND"


@given(st.integers(0, 10_000))
def test_equal_words_stay_equal_and_the_same_seed_draws_the_same(seed: int) -> None:
    first = draw(TEXTS, np.random.default_rng(seed))
    again = draw(TEXTS, np.random.default_rng(seed))
    assert [first(t) for t in TEXTS] == [again(t) for t in TEXTS]
    left, right = first("den den").split()
    assert left == right
    assert unicodedata.is_normalized("NFC", left)


def test_no_two_letters_become_the_same_new_one() -> None:
    for seed in range(50):
        letters = draw(TEXTS, np.random.default_rng(seed)).letters
        assert len(set(letters.values())) == len(letters)


def test_shares_run_from_no_letter_to_most() -> None:
    changed = [len(draw(TEXTS, np.random.default_rng(seed)).letters) for seed in range(60)]
    assert min(changed) == 0
    assert max(changed) > len(letters_of(TEXTS)) / 2


def test_letters_come_by_frequency() -> None:
    assert letters_of(["ab Bb!"]) == ["b", "a"]
