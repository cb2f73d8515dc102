"""Words of the glossary on the page."""

from __future__ import annotations

import pytest

from smile.paths import GLOSSARY
from smile.ui.parts.scores import judge, score_block
from smile.ui.parts.terms import glossary, term


def test_every_row_of_the_glossary_is_read():
    rows = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert len(glossary()) == len(rows) - 1, "all but the heading"
    assert not any("*" in line or "|" in line for line in glossary().values())


def test_a_word_carries_its_line():
    assert f'data-line="{glossary()["CER, WER"]}"' in term("CER", "CER, WER")
    assert term("<b>", "prompt").endswith(">&lt;b&gt;</button>")
    with pytest.raises(KeyError):
        term("CER", "no such word")


def test_the_words_of_a_score_explain_themselves():
    scored = score_block(judge("one two", "one too", "eng"))
    for word in ("CER", "WER", "normaliser"):
        assert f'aria-expanded="false">{word}</button>' in scored
