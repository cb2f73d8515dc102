"""Capitals and punctuation come back as a pool's texts have them."""

from __future__ import annotations

import pytest

from smile.acoustic.alphabet import Form
from smile.lm.spelling import Spelling

PLAIN = Form()


@pytest.mark.parametrize(
    ("texts", "heard", "written"),
    [
        (["Das ist Anna.", "Hier ist Anna.", "Wo ist das Haus?"], "anna ist das haus", "Anna ist das Haus."),
        (["n' odí", "bá n' odí la"], "n odí zzz", "n' odí zzz"),
        (["l'aigua és bona", "a l'aigua"], "lʼaigua", "l'aigua"),
        (["He is well-known here.", "A well-known man."], "well known well", "Well-known well."),
        (["שלום, עולם.", "אז שלום, לך."], "עולם שלום", "עולם שלום."),
        (["ok, so", "well ok then", "an ok one"], "so ok", "so ok"),
        (["a, b", "b a, c"], "b a", "b a"),
        (["NATO is big.", "NATO."], "nato is", "NATO is."),
        ([], "a b", "a b"),
        (["?!", ""], "a", "a"),
        (["A b."], "", ""),
    ],
)
def test_restored(texts: list[str], heard: str, written: str) -> None:
    assert Spelling(texts, PLAIN).restore(heard) == written


@pytest.mark.parametrize("text", ["tha e a' cromadh", "ʔɯkʰənupa", "Ekiteguno kitoola omuluki", "ᎤᎾᏙᏓ"])
def test_a_pools_own_text_comes_back(text: str) -> None:
    assert Spelling([text] * 2, PLAIN).restore(PLAIN(text)) == text
