"""The confidence of words: what speaks for them, the probability made of it, and where it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.calibrating import (
    FEWEST,
    Words,
    adapted,
    calibration_of,
    calibration_path,
    default,
    own_words,
    words_of,
    write_words,
)
from smile.acoustic.confidence import blank_calibration
from smile.acoustic.evidence import NAMES, right, tokens, weighed
from smile.acoustic.head import Head
from smile.acoustic.model import AcousticModel, language_model
from smile.datatypes import Matrix
from smile.pools.pool import Pool, open_pool
from smile.settings import VERSIONS
from tests.conftest import POOLS
from tests.support.made_states import READS

TEXTS = ("na ba", "ba ka", "ka na")


def spoken(text: str, unsure: str = "") -> Matrix:
    """Log probabilities where each character has two frames; those of `unsure` are as likely an "e"."""
    alphabet, frames = Alphabet.of([*TEXTS, "e"]), list[np.ndarray]()
    for character in text:
        row, blank = np.full((2, len(alphabet)), 1e-4)
        row[alphabet.encode(character)[0]] = 0.5 if character in unsure else 1
        row[alphabet.encode("e")[0]] += 0.5 if character in unsure else 0
        blank[0] = 1
        frames += [blank, row, row]
    made = np.array([*frames, blank])
    return np.log(made / made.sum(axis=1, keepdims=True)).astype(np.float32)


def model(heads: int = 1) -> AcousticModel:
    each = tuple(Head(Alphabet.of([*TEXTS, "e"]), Form(), READS, {}) for _ in range(heads))
    words = frozenset(word for text in TEXTS for word in text.split())
    return AcousticModel(each[0], language_model(TEXTS, Form()), others=each[1:], words=words)


def test_a_word_is_right_where_the_reference_has_it() -> None:
    assert right("Na, ka ba!", "na ba", Form()) == [True, False, True]
    assert right("ba na", "na ba", Form()).count(True) == 1
    assert right("na – ba", "na ba", Form()) == [True, None, True]
    assert right("na", "", Form()) == [False]
    assert right("日本", "日木", Form()) == [True, False]
    assert tokens("well-known Na", Form()) in ([["wellknown"], ["na"]], [["well", "known"], ["na"]])


@pytest.mark.parametrize("heads", [1, 3])
def test_what_is_plainly_said_has_more_for_it_than_what_is_not(heads: int) -> None:
    logprobs = [spoken("na ba", unsure="b")] * heads
    first, second = (each.evidence for each in weighed(model(heads), logprobs, "Na, ba"))
    assert first
    assert second
    assert first.aligned > second.aligned
    assert first.posterior > second.posterior
    assert first.seen == second.seen == 1
    (wrong,) = (each.evidence for each in weighed(model(heads), logprobs, "ee"))
    assert wrong
    assert wrong.aligned < second.aligned
    assert (wrong.posterior, wrong.seen) == (0, 0)


def test_words_that_cannot_be_written_have_no_evidence_and_texts_that_do_not_fit_no_words() -> None:
    found = weighed(model(), [spoken("na ba")], "na 1984 ba")
    assert [each.word.text for each in found if each.evidence] == ["na", "ba"]
    assert [each.number for each in found if each.evidence] == [0, 2]
    assert weighed(model(), [spoken("na")], "na ba " * 40) == ()
    assert len(words_of(model(), [spoken("na ba")], "na 1984 ba", "na ba")) == 2


def made_words(count: int, seed: int = 0) -> Words:
    """Words that are right the more often the greater their posterior is."""
    chances = np.random.default_rng(seed)
    numbers = chances.normal(size=(count, len(NAMES)))
    says = 1 / (1 + np.exp(1 - 2 * numbers[:, NAMES.index("posterior")]))
    return Words(numbers, chances.random(count) < says)


def test_a_fit_finds_what_counts_and_says_how_often_words_are_right() -> None:
    words, others = made_words(3000), made_words(3000, 1)
    fitted = blank_calibration(words.numbers).fitted(words.numbers, words.right, "words")
    told = fitted.probabilities(others.numbers)
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        there = (told >= low) & (told < high)
        assert told[there].mean() == pytest.approx(others.right[there].mean(), abs=0.04)
    assert np.argmax(np.abs(fitted.weights[:-1])) == NAMES.index("posterior")
    nothing = fitted.fitted(words.numbers[:0], words.right[:0], "none")
    np.testing.assert_allclose(nothing.weights, fitted.weights, atol=1e-5)


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return replace(open_pool(POOLS / "gle"), stores=tmp_path)


def test_a_pool_has_its_own_calibration_until_its_clips_change(pool: Pool) -> None:
    assert calibration_of(pool, READS) == default().calibration
    words = made_words(500)
    write_words(pool, READS, words)
    own = calibration_of(pool, READS)
    assert own == adapted(
        default().calibration, Words(words.numbers.astype(np.float32).astype(float), words.right)
    )
    assert own.fitted_to != default().calibration.fitted_to
    fewer = replace(pool, utterances=pool.utterances[1:])
    assert own_words(fewer, READS) is None
    assert calibration_of(fewer, READS) == default().calibration
    assert own_words(pool, replace(READS, precision="int8")) is None
    write_words(pool, READS, made_words(FEWEST - 1))
    assert calibration_of(pool, READS) == default().calibration


@pytest.mark.parametrize("part", ["fit", "acoustic"])
def test_words_of_another_version_are_not_used(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    write_words(pool, READS, made_words(500))
    monkeypatch.setitem(VERSIONS, "combined", VERSIONS["combined"] + 1)
    assert own_words(pool, READS) is not None
    monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
    assert own_words(pool, READS) is None
    assert calibration_of(pool, READS) == default().calibration
    assert calibration_path(pool, READS).is_file(), "it is not damaged"


def test_a_damaged_calibration_is_set_aside(pool: Pool) -> None:
    path = calibration_path(pool, READS)
    for damaged in (Words(np.full((30, len(NAMES)), np.nan), np.ones(30, bool)), None):
        if damaged:
            write_words(pool, READS, damaged)
        else:
            path.write_bytes(b"PK no archive")
        assert calibration_of(pool, READS) == default().calibration
        assert not path.exists()
