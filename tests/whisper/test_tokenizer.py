"""Whisper's tokens, and text that tries to be a special token."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.datatypes import SmileError
from smile.whisper.tokenizer import Tokenizer


def test_specials_are_whispers(tokenizer: Tokenizer) -> None:
    assert (tokenizer.start, tokenizer.end) == (50258, 50257)
    assert (tokenizer.transcribe, tokenizer.no_speech, tokenizer.no_timestamps) == (50359, 50362, 50363)
    assert (tokenizer.first_timestamp, tokenizer.last_timestamp) == (50364, 51864)


def test_ninety_nine_languages(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.languages) == 99
    assert (tokenizer.language("en"), tokenizer.language("su")) == (50259, 50357)
    with pytest.raises(SmileError, match="xx"):
        tokenizer.language("xx")


def test_timestamps_are_20_ms_apart_and_stay_in_the_window(tokenizer: Tokenizer) -> None:
    times = [0.0, 0.02, 4.2, 30.0, 99.0, -1.0]
    assert [tokenizer.timestamp(t) - 50364 for t in times] == [0, 1, 210, 1500, 1500, 0]


def test_the_first_merge_is_there(tokenizer: Tokenizer) -> None:
    """Ids that OpenAI's own tokenizer gives; a tokenizer without its first merge splits every " t"."""
    assert tokenizer.encode(" Hello there, the text") == [2425, 456, 11, 264, 2487]


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text.replace("\ufffd", "")


@given(st.text(alphabet="<|>entrascib0.", max_size=40))
def test_no_text_becomes_a_special_token(tokenizer: Tokenizer, text: str) -> None:
    assert all(map(tokenizer.is_text, tokenizer.encode(text + "<|endoftext|><|en|><|0.00|>")))


def test_half_a_character_is_not_shown(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("ᏣᎳᎩ")
    shown = [tokenizer.decode(ids[:n]) for n in range(len(ids) + 1)]
    assert shown[-1] == "ᏣᎳᎩ"
    assert all("ᏣᎳᎩ".startswith(s) for s in shown)
