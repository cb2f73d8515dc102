"""One utterance under many conditions: a row each.

The way is that of `transcribe`, without cutting into segments: a clip of a corpus is an utterance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from smile.acoustic.model import AcousticModel
from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Neighbour, SmileError, Speech, Utterance
from smile.evaluation.conditions import ORACLE, PARTS, Condition
from smile.evaluation.rescoring import counts
from smile.evaluation.rows import Row, Seconds
from smile.pools.pool import Pool
from smile.pools.subsets import subset
from smile.retrieval.samplers import random_sample
from smile.settings import DEFAULTS
from smile.text.normalisers import STAMPS
from smile.text.scoring import score
from smile.transcription.target import Step, Target
from smile.whisper.model import Models

Made = tuple[Row, Seconds]


def evaluate(
    models: Models,
    utterance: Utterance,
    conditions: Sequence[Condition],
    pools: Mapping[PoolKey, Pool],
    split: str = "",
    acoustic: AcousticModel | None = None,
) -> Iterator[Made]:
    """Yield the rows of an utterance. What goes wrong becomes a row that says why.

    An acoustic model that is given takes the place of the pools'.
    """
    try:
        samples = read_audio(utterance.audio)
    except SmileError as error:
        for condition in conditions:
            yield failed_row(utterance, condition, split, error), Seconds(utterance.id, condition.hash, 0.0)
        return
    target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), utterance.id, acoustic)
    for condition in conditions:
        try:
            whole = pools[pool_key(condition, utterance.language)]
            pool = subset(whole, condition.minutes, condition.clips, condition.settings.seed)
            began = time.perf_counter()
            step = write(target, condition, pool, utterance)
        except Exception as error:
            yield failed_row(utterance, condition, split, error), Seconds(utterance.id, condition.hash, 0.0)
        else:
            own = time.perf_counter() - began
            taken = (round(target.seconds, 4), round(target.retrieval_seconds, 5), round(own, 4))
            yield row_of(utterance, condition, split, step), Seconds(utterance.id, condition.hash, *taken)


class PoolKey(NamedTuple):
    """What tells the pools of an evaluation apart."""

    language: str  # code, or several joined by +
    adapter: str  # digest of the adapter, empty: the untrained model's
    windows: tuple[float, ...]  # seconds that were encoded


def pool_key(condition: Condition, language: str) -> PoolKey:
    """Return which pool a condition uses for a target of a language (of two joined ones, such as "a+b")."""
    code = condition.pool or language
    if condition.pool in PARTS:
        first, _, second = language.partition("+")
        code = second or first if condition.pool == "second" else first
    return PoolKey(code, condition.adapter, condition.settings.windows)


def write(target: Target, condition: Condition, pool: Pool, utterance: Utterance) -> Step:
    """Return a target's transcript under a condition; only the oracle looks at the utterance's text."""
    settings, adapted = condition.settings, bool(condition.adapter)
    if condition.side == "vanilla":
        steps = target.vanilla(settings, pool)
    elif settings.sampler == ORACLE:
        return _best(target, condition, pool, utterance)
    else:
        steps = target.written(settings, pool, adapted)
    *_, last = steps
    return last


def _best(target: Target, condition: Condition, pool: Pool, utterance: Utterance) -> Step:
    """Return the transcript nearest to the reference, of those behind each of the oracle's candidates."""
    settings, adapted = replace(condition.settings, sampler=DEFAULTS.sampler), bool(condition.adapter)
    steps = []
    for neighbour in _candidates(target, condition, pool, utterance.id):
        *_, last = target.behind([neighbour], settings, pool, adapted)
        steps.append(last)
    return min(steps, key=lambda step: _cer(step, utterance))


def _candidates(target: Target, condition: Condition, pool: Pool, key: str) -> tuple[Neighbour, ...]:
    """Return what the oracle tries: half of it the nearest examples, half random others."""
    everything = replace(condition.settings, sampler=DEFAULTS.sampler, shots=len(pool))
    ranked = target.retrieve(everything, pool, bool(condition.adapter))
    half = condition.candidates // 2
    others = ranked[half:]
    drawn = random_sample(len(others), half, condition.settings.seed, key)
    return (*ranked[:half], *(others[i] for i in drawn))


def _cer(step: Step, utterance: Utterance) -> float:
    cer = score(utterance.text, step.decoded.text, language=utterance.language).cer
    return math.inf if cer is None else cer


def row_of(utterance: Utterance, condition: Condition, split: str, step: Step) -> Row:
    """Return the row of a transcript, scored against the utterance's text by every normaliser."""
    return Row(
        utterance.id,
        utterance.language,
        split,
        condition.name,
        condition.hash,
        step.decoded.text,
        **counts(utterance.text, step.decoded.text, utterance.language),
        normalisers=STAMPS,
        stopped=step.decoded.stopped,
        token=step.language,
        guess=step.detection.language,
        neighbours=tuple(n.utterance.id for n in step.examples.neighbours),
        distances=tuple(round(n.distance, 6) for n in step.examples.neighbours),
        left_out=len(step.examples.left_out),
    )


def failed_row(utterance: Utterance, condition: Condition, split: str, error: Exception) -> Row:
    """Return the row of an utterance that could not be transcribed, with the reason."""
    reason = str(error) if isinstance(error, SmileError) else f"{type(error).__name__}: {error}"
    names = utterance.id, utterance.language, split, condition.name, condition.hash
    return Row(*names, error=reason)
