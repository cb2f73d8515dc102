"""A text that is not what is said, or only half of it, is worse than the right one, and its place is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile.acoustic.alphabet import Alphabet, Form
from smile.datatypes import Utterance
from smile.own import misfits
from smile.own.misfits import Fit, Place, fit_of, place_of
from smile.pools.pool import Pool, open_pool
from smile.util.timing import finished
from tests.conftest import POOLS

ALPHABET = Alphabet.of(["abcde "])
MISSED = 2 * np.log(1 / 0.02)  # nats by which a character, held for two frames, is likelier than none


def clip(text: str, said: str, name: str = "one") -> Any:
    """A clip with a text, as a head reads it that hears what is said and is never quite sure."""
    logprobs = np.full((4 * len(said) + 2, len(ALPHABET)), 0.02)
    for frame in range(len(logprobs)):
        held = frame % 4 < 2 and frame // 4 < len(said)
        logprobs[frame, ALPHABET.encode(said[frame // 4])[0] if held else 0] = 1.0
    logprobs = np.log(logprobs / logprobs.sum(axis=1, keepdims=True))
    head = SimpleNamespace(alphabet=ALPHABET, form=Form("original"))
    utterance = Utterance(name, Path("one.wav"), text, "gla")
    return SimpleNamespace(utterance=utterance, model=SimpleNamespace(head=head), logprobs=logprobs)


def test_the_right_text_fits_best_and_half_of_it_or_another_does_not() -> None:
    said = "abc de ab"
    right, slip, half, other = (
        fit_of(clip(text, said)).misfit for text in (said, "abc da ab", "abc", "dd bb cc")
    )
    assert right < 0.1 < slip < min(half, other)
    assert fit_of(clip(said, said)).marked == "[ → ]abc de ab"


def test_what_is_missing_counts_against_the_little_that_is_there() -> None:
    said = "abc de abde cab"
    cut, slip = fit_of(clip("abc de", said)), fit_of(clip("abc da abde cab", said))
    assert cut.misfit > 5 * slip.misfit
    missing = len(said) - len("abc de")
    assert cut.misfit == pytest.approx(missing / len("abc de") * MISSED, rel=0.1)


def test_a_text_that_the_sound_cannot_hold_or_the_head_cannot_write_is_judged_all_the_same() -> None:
    assert fit_of(clip("abcde" * 40, "ab")).misfit == np.inf
    assert 0 < fit_of(clip("xyz", "ab")).misfit < np.inf
    assert fit_of(clip("abx", "ab")).text == "abx"


@pytest.mark.parametrize(
    ("text", "read", "place"),
    [
        ("abc", "abc", Place(0, 0, "")),
        ("abc de", "abd de", Place(2, 3, "d")),
        ("abc", "abc de", Place(3, 3, " de")),
        ("a bbbb cccc d", "a dddd cccc d", Place(2, 6, "dddd")),
        ("xa yyyyyyyyyyyy", "za yyyyyyyyyyyy", Place(0, 1, "z")),
        ("", "ab", Place(0, 0, "ab")),
    ],
)
def test_the_place_is_the_longest_stretch_that_differs(text: str, read: str, place: Place) -> None:
    assert place_of(text, read) == place


def test_the_worst_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = open_pool(POOLS / "gla")
    crossed = [clip("ab", "ab", "fine"), clip("cc dd", "ab ab", "wrong"), clip("abc d", "abc de", "cut")]

    def read(*_: Any, **__: Any) -> Any:
        return crossed
        yield

    monkeypatch.setattr(misfits, "cross_read_pool", read)
    few: Pool = replace(pool, utterances=pool.utterances[:3], embeddings=pool.embeddings[:3])
    fits: tuple[Fit, ...] = finished(misfits.misfits(few, None))  # type: ignore[arg-type]
    assert [fit.utterance.id for fit in fits] == ["wrong", "cut", "fine"]
