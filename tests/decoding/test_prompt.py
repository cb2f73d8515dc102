"""The prompt's tokens are golden, its audio is the clips in order, and its budgets hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.datatypes import SAMPLE_RATE, Shot, SmileError
from smile.decoding.prompt import CONTEXT, build, fitting, reserve, vanilla, whole_states
from smile.whisper.tokenizer import Tokenizer
from tests.support.made_models import mute


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    return np.full(round(seconds * SAMPLE_RATE), level, dtype=np.float32)


NEAR, FAR = Shot(tone(2.0, 0.2), "near text"), Shot(tone(1.5, 0.3), " far text ")


def test_vanilla_is_whispers_own(tokenizer: Tokenizer) -> None:
    prompt = vanilla(mute(tokenizer), tone(1.0), "en")
    assert prompt.tokens == (50258, 50259, 50359, 50363)
    assert (prompt.start, prompt.fitting, prompt.max_new_tokens) == (0.0, (), 444)


def test_without_timestamps_is_golden(tokenizer: Tokenizer) -> None:
    prompt = build(mute(tokenizer), tone(1.0), [NEAR, FAR], language="sw", timestamps=False)
    far, near = [1400, 2487], [2651, 2487]
    assert prompt.tokens == (50258, 50318, 50359, 50363, *far, *near)


def test_with_timestamps_is_golden(tokenizer: Tokenizer) -> None:
    prompt = build(mute(tokenizer), tone(1.0), [NEAR, FAR], language="en")
    far, near = [50364, 1400, 2487, 50439], [50439, 2651, 2487, 50539]
    assert prompt.tokens == (50258, 50259, 50359, *far, *near, 50539)
    assert prompt.start == 3.5
    assert prompt.fitting == (1, 0)


def test_timestamps_without_examples_starts_at_zero(tokenizer: Tokenizer) -> None:
    assert build(mute(tokenizer), tone(1.0), language="en").tokens == (50258, 50259, 50359, 50364)


def test_audio_is_the_examples_nearest_last_then_the_target(tokenizer: Tokenizer) -> None:
    prompt = build(mute(tokenizer), tone(1.0), [NEAR, FAR], language="en")
    np.testing.assert_array_equal(prompt.samples, np.concatenate([FAR.samples, NEAR.samples, tone(1.0)]))


def test_clips_are_padded_to_whole_states() -> None:
    assert [len(whole_states(np.ones(n, np.float32))) for n in (1, 320, 321)] == [320, 320, 640]


def test_what_does_not_fit_is_left_out_farthest_first(tokenizer: Tokenizer) -> None:
    shots = [Shot(tone(8.0), f"text {i}") for i in range(4)]
    prompt = build(mute(tokenizer), tone(10.0), shots, language="en")
    assert prompt.fitting == (1, 0)


def test_too_many_tokens_are_left_out_too(tokenizer: Tokenizer) -> None:
    shots = [Shot(tone(1.0), "word " * 150) for _ in range(4)]
    prompt = build(mute(tokenizer), tone(6.0), shots, language="en")
    assert prompt.fitting == (1, 0)
    assert prompt.max_new_tokens >= reserve(6.0)


def test_unknown_language_token_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(SmileError, match="mdw"):
        build(mute(tokenizer), tone(1.0), language="mdw")


@given(
    target=st.floats(0.1, 30),
    clips=st.lists(st.tuples(st.floats(0.1, 29), st.text(max_size=200)), max_size=10),
    timestamps=st.booleans(),
)
@settings(max_examples=60)
def test_budgets_hold(
    tokenizer: Tokenizer, target: float, clips: list[tuple[float, str]], timestamps: bool
) -> None:
    shots = [Shot(tone(seconds), text) for seconds, text in clips]
    prompt = build(mute(tokenizer), tone(target), shots, language="en", timestamps=timestamps)
    assert len(prompt.samples) <= max(30 * SAMPLE_RATE, len(whole_states(tone(target))))
    assert len(prompt.tokens) + prompt.max_new_tokens == CONTEXT
    assert prompt.max_new_tokens >= reserve(target)
    assert prompt.fitting == tuple(reversed(range(len(prompt.fitting))))


def test_fitting_counts_seconds_and_tokens() -> None:
    assert fitting([10, 10, 10], [5, 5, 5], spare=20, places=100) == 2
    assert fitting([10, 10, 10], [5, 5, 5], spare=100, places=9) == 1
    assert fitting([], [], spare=1, places=1) == 0
