"""Words of transcripts shaded by how sure they are, and with numbers for those who cannot see shades."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smile.datatypes import DecodingResult, LanguageDetection
from smile.exporting import Span
from smile.exporting.transcripts import of_words
from smile.own.transcripts import Part
from smile.transcription.result import Segment, Transcript
from smile.ui.own import doubtful
from smile.ui.transcribe.cards import card

WORDS = (
    Span(0.0, 0.4, "ná,", 0.93, probability=0.9),
    Span(0.4, 0.8, "<b>", 0.31, probability=0.8),
    Span(0.8, 1.2, "kwé", 0.6, probability=0.7),
)
PART = Part("a.wav", 0, 1, 0.0, 1.2, "ná,  <b> kwé!", "na", of_words(WORDS), 3, probability=0.9, words=WORDS)


def test_words_have_shades_and_doubtful_ones_a_number_to_be_heard() -> None:
    told = str(doubtful.shaded(PART))
    assert '<span class="word" title="93 % sure">ná,</span>  <mark class="word doubt"' in told
    assert '&lt;b&gt;<span class="unseen"> (31 % sure)</span></mark>' in told
    assert '<span class="word fair" title="60 % sure">kwé</span>!' in told
    assert "<b>" not in told
    assert doubtful.said(PART) == "61\u00a0% sure"
    assert "Next doubtful word" in doubtful.legend([PART])
    assert "disabled" not in doubtful.legend([PART])
    assert "disabled" in doubtful.legend([replace(PART, words=WORDS[:1])])


@pytest.mark.parametrize("other", [replace(PART, words=()), replace(PART, corrected="ná,  <b> kwé!")])
def test_without_an_acoustic_model_or_once_corrected_nothing_changes(other: Part) -> None:
    assert doubtful.shaded(other) == other.text
    assert not doubtful.legend([other])


def test_what_is_not_calibrated_is_called_the_models_probability() -> None:
    assert doubtful.said(replace(PART, confidence=None, words=())) == "model's probability 90\u00a0%"
    assert doubtful.said(replace(PART, confidence=None, probability=None)) == ""


@pytest.mark.parametrize(
    ("confidence", "kind", "said"),
    [(0.4996, "word fair", 50), (0.494, "word doubt", 49), (0.7951, "word", 80), (0.794, "word fair", 79)],
)
def test_a_word_is_doubtful_by_the_number_that_is_shown(confidence: float, kind: str, said: int) -> None:
    word = Span(0.0, 0.4, "ná", confidence)
    part = replace(PART, smile="ná", words=(word,))
    told = str(doubtful.shaded(part))
    assert f'class="{kind}" title="{said} % sure"' in told
    assert ("disabled" in doubtful.legend([part])) == (said >= 50)


def test_a_word_that_is_not_in_the_text_is_passed_over() -> None:
    assert doubtful.shaded(replace(PART, smile="ná, kwé")).count("word") == 2


def test_a_card_shades_words_and_says_what_shades_mean() -> None:
    decoded = DecodingResult((1,), (-0.1,), "ná,  <b> kwé!", "end")
    segment = Segment(0.0, 1.2, decoded, "", LanguageDetection("", 0.0, 0.0), WORDS)
    one = str(card(("with", "With the pool", ""), Transcript((segment,), done=True)))
    assert '<mark class="word doubt" title="31 % sure"' in one
    assert "How likely each word is right" in one
    assert "<b>" not in one
    two = str(card(("with", "With the pool", ""), Transcript((segment, segment), done=True)))
    assert two.count('<mark class="word doubt" title="31 % sure"') == 2
    plain = replace(segment, words=())
    assert "How likely" not in card(("with", "With the pool", ""), Transcript((plain,), done=True))
