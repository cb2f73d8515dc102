"""Capitals and punctuation come back as a pool's texts have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.acoustic.alphabet import Form
from smile.lm.spelling import Spelling

PLAIN = Form()


@pytest.mark.parametrize(
    ("texts", "heard", "written"),
    [
        (["Das ist Anna.", "Hier ist Anna.", "Wo ist das Haus."], "anna ist das haus", "Anna ist das Haus."),
        (["n' odí", "bá n' odí la"], "n odí zzz", "n' odí zzz"),
        (["l'aigua és bona", "a l'aigua"], "lʼaigua", "l'aigua"),
        (["He is well-known here.", "A well-known man."], "a well known man", "A well-known man."),
        (["שלום, עולם.", "אז שלום, לך."], "שלום עולם", "שלום, עולם."),
        (["NATO is big.", "NATO."], "nato is big", "NATO is big."),
        (["tha e a' cromadh", "a bhean", "a' cromadh", "a' cromadh"], "a cromadh", "a' cromadh"),
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


@given(texts=st.lists(st.text("aAbß.,'- İʼé", max_size=12), max_size=5), heard=st.text("abß é", max_size=12))
def test_the_words_stay_the_same(texts: list[str], heard: str) -> None:
    heard = PLAIN(heard)
    assert PLAIN(Spelling(texts, PLAIN).restore(heard)) == heard


def test_a_word_that_its_form_changes_again_stays_as_it_was_read() -> None:
    """Normalisers look around a character: what they leave of a text may not stand when the word is alone."""

    def form(text: str) -> str:
        return text.removesuffix("h")

    assert Spelling(["ah a"], form).restore("oh a") == "oh a"
    assert Spelling(["ah a"], form).restore("ah") == "ah"
