"""The way of every clip: what is decoded once, what is never taken for something else, that all agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from smile.audio.io import read_audio
from smile.audio.vad import segments
from smile.datatypes import SAMPLE_RATE, Samples, Speech
from smile.decoding.control import control_of
from smile.decoding.search import Beam, Control
from smile.pools.pool import Pool, open_pool
from smile.settings import Settings
from smile.transcription import target as module
from smile.transcription.options import ALONE
from smile.transcription.pipeline import transcribe
from smile.transcription.target import Step, Target
from smile.whisper.model import Model, Models
from tests.conftest import POOLS

PLAIN = Settings(shots=1, knn=0.0)


@pytest.fixture(scope="module")
def pool(models: Models) -> Pool:
    return open_pool(POOLS / "gle", models.smile.info.encoder)


@pytest.fixture(scope="module")
def samples(pool: Pool) -> Samples:
    return read_audio(pool.queries[0].audio)


@pytest.fixture
def target(models: Models, samples: Samples) -> Target:
    return Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), "a")


def last(steps: Any) -> Step:
    *_, step = steps
    return step


@dataclass(frozen=True)
class Later(Settings):
    """Settings as they may be one day."""

    forbidden: int = -1  # a token that is never written


@dataclass(frozen=True)
class Forbid:
    token: int

    def __call__(self, logits: NDArray[np.float32], beam: Beam, hidden: NDArray[np.float32]) -> Any:
        changed = logits.copy()
        changed[self.token] = -np.inf
        return changed


def test_a_new_setting_never_gets_the_transcript_of_another(
    target: Target, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_new(model: Model, settings: Any, seconds: float, pool: Pool | None) -> Control:
        control = control_of(model, settings, seconds, pool)
        if settings.forbidden < 0:
            return control
        return replace(control, processors=(*control.processors, Forbid(settings.forbidden)))

    monkeypatch.setattr(module, "control_of", with_new)
    old = Later(shots=1, knn=0.0)
    before = last(target.in_context(old, pool)).decoded
    changed = last(target.in_context(replace(old, forbidden=before.tokens[0]), pool)).decoded
    assert before.tokens[0] not in changed.tokens
    assert last(target.in_context(old, pool)).decoded == before


def test_what_is_asked_for_again_is_decoded_once(
    target: Target, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = module.decode
    monkeypatch.setattr(module, "decode", lambda *a: (calls.append(1), real(*a))[1])
    bare = replace(PLAIN, shots=0)
    texts = {last(target.in_context(replace(bare, seed=seed), pool)).decoded.text for seed in range(3)}
    assert (len(texts), len(calls)) == (1, 1)
    last(target.in_context(replace(bare, no_repeat=False), pool))
    last(target.in_context(replace(bare, beam_size=2), pool))
    last(target.vanilla(ALONE))
    last(target.vanilla(ALONE))
    assert len(calls) == 4


def test_the_page_and_an_evaluation_write_the_same(models: Models, pool: Pool, samples: Samples) -> None:
    (speech,) = segments(samples)
    alone = Target(models, speech, f"{speech.start:.2f}")
    for settings in (PLAIN, replace(PLAIN, sampler="random", seed=3), replace(PLAIN, sampler="draft")):
        *_, result = transcribe(models, samples, pool, settings)
        assert result.vanilla.segments[0].decoded == last(alone.vanilla(settings)).decoded
        step = last(alone.in_context(settings, pool))
        assert result.smile.segments[0].decoded == step.decoded
        assert result.examples == ((speech.start, step.examples),)


def test_seconds_are_those_that_a_transcript_would_have_taken_alone(target: Target, pool: Pool) -> None:
    last(target.in_context(PLAIN, pool))
    first, retrieval = target.seconds, target.retrieval_seconds
    last(target.in_context(PLAIN, pool))
    assert 0 < retrieval < first
    assert target.seconds == pytest.approx(first, rel=0.5)
    last(target.vanilla(ALONE))
    assert target.retrieval_seconds == 0


def test_examples_that_were_found_already_may_be_given(target: Target, pool: Pool) -> None:
    neighbours = target.retrieve(PLAIN, pool)
    step = last(target.behind(neighbours, PLAIN, pool))
    assert step.examples.neighbours == neighbours
    assert step.decoded == last(target.in_context(PLAIN, pool)).decoded
    without = last(target.behind((), replace(PLAIN, language_token="en"), None))
    assert (without.language, without.examples.neighbours) == ("en", ())
