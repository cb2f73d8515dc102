"""One utterance under many conditions: a row each.

The way is that of `transcribe`, without cutting into segments: a clip of a corpus is an utterance.
What conditions share (the clip's encoder states, a prompt's, a whole decoding) is made once.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from smile.audio.io import SAMPLE_RATE, read
from smile.datatypes import (
    Decoded,
    Matrix,
    Neighbour,
    Opening,
    Prompt,
    Recognizer,
    Samples,
    Segment,
    SmileError,
    Utterance,
)
from smile.decoding import prompt as prompts
from smile.decoding.context import beside, opened
from smile.decoding.control import steering, stops
from smile.decoding.search import decode
from smile.evaluation.conditions import ORACLE, PARTS, Condition
from smile.evaluation.rows import Row, Seconds
from smile.pools.pool import Pool
from smile.pools.subsets import smaller
from smile.retrieval.samplers import drawn
from smile.text.normalisers import NORMALISERS
from smile.text.scoring import score
from smile.transcription.pipeline import in_context, language_token, retrieve
from smile.whisper.encoder import encode, window_for
from smile.whisper.language_id import listen
from smile.whisper.model import Models

T = TypeVar("T")
Made = tuple[Row, Seconds]
hear = lru_cache(maxsize=1024)(read)  # the clips of a pool become examples over and over


@dataclass(frozen=True)
class Written:
    """What a condition made of a clip."""

    decoded: Decoded
    token: str
    guess: str
    neighbours: tuple[Neighbour, ...] = ()
    left_out: int = 0


def evaluate(
    models: Models,
    utterance: Utterance,
    conditions: Sequence[Condition],
    pools: Mapping[tuple[str, str], Pool],
    split: str = "",
) -> Iterator[Made]:
    """The rows of an utterance. What goes wrong becomes a row that says why.

    `pools` holds pools by language and adapter digest (empty for the untrained encoder's).
    """
    try:
        samples = read(utterance.audio)
    except SmileError as error:
        for condition in conditions:
            yield _failed(utterance, condition, split, error)
        return
    segment = Segment(0.0, len(samples) / SAMPLE_RATE, samples)
    clip = Clip(models, segment, utterance.text, utterance.language)
    for condition in conditions:
        code = pool_code(condition, utterance.language)
        try:
            pool = smaller(pools[code, condition.adapter], condition.minutes, condition.clips)
            began = time.perf_counter()
            written = clip.write(condition, pool, utterance.id)
        except Exception as error:
            yield _failed(utterance, condition, split, error)
        else:
            own = time.perf_counter() - began
            taken = (round(clip.spent, 4), round(clip.retrieval, 5), round(own, 4))
            seconds = Seconds(utterance.id, condition.hash, *taken)
            yield _row(utterance, condition, split, written), seconds


def pool_code(condition: Condition, language: str) -> str:
    """The code of the language, or of several joined by +, whose examples a target's condition uses."""
    if condition.pool not in PARTS:
        return condition.pool or language
    first, _, second = language.partition("+")
    return second or first if condition.pool == "second" else first


class Clip:
    """A target clip and what has been made of it so far; only the oracle looks at its reference."""

    def __init__(self, models: Models, segment: Segment, reference: str = "", language: str = ""):
        self.models, self.segment = models, segment
        self._reference, self._language = reference, language
        self.spent = 0.0  # seconds that the condition at hand would have taken alone
        self.retrieval = 0.0
        self._made: dict[Hashable, tuple[Any, float]] = {}

    def write(self, condition: Condition, pool: Pool, key: str) -> Written:
        """Decode under a condition; `key` names the clip to the random sampler."""
        self.spent, self.retrieval = 0.0, 0.0
        alone = self._once(("alone", condition.windows), lambda: self._alone(condition.windows))
        opening: Opening = self._once(("opening", condition.windows), lambda: self._opening(alone))
        if condition.side == "vanilla":
            vocabulary, context = self.models.vocabulary, self.models.vanilla.context
            prompt = prompts.vanilla(vocabulary, self.segment.samples, opening.language, context)
            return Written(self._decoded(condition, pool, prompt), opening.language, opening.language)
        return self._with_examples(condition, pool, key, opening)

    def _with_examples(self, condition: Condition, pool: Pool, key: str, opening: Opening) -> Written:
        settings, recognizer = condition.transcription(), self._recognizer(condition)
        if not settings.shots:
            return self._in_context(condition, pool, (), opening)
        draft = self._draft(condition, opening) if settings.sampler in ("draft", "mixed") else ""
        states = self._states(recognizer, self.segment.samples, condition.windows)
        began = time.perf_counter()
        if condition.sampler == ORACLE:
            tried = self._candidates(condition, pool, states, key)
            return min((self._in_context(condition, pool, (n,), opening) for n in tried), key=self._cer)
        cached = recognizer.info.cached
        found = retrieve(self.segment, states, pool, settings, key, draft, cached=cached)
        self.retrieval = time.perf_counter() - began
        self.spent += self.retrieval
        return self._in_context(condition, pool, found, opening)

    def _in_context(
        self, condition: Condition, pool: Pool, found: tuple[Neighbour, ...], opening: Opening
    ) -> Written:
        """Decode behind examples that have been found."""
        settings, recognizer = condition.transcription(), self._recognizer(condition)
        began = time.perf_counter()
        language = language_token(settings.language, pool, opening)
        prompt = in_context(self.models.vocabulary, recognizer, self.segment, found, language, settings, hear)
        self.spent += time.perf_counter() - began
        decoded = self._decoded(condition, pool, prompt)
        kept = tuple(n for i, n in enumerate(found) if i in prompt.shots)
        return Written(decoded, language, opening.language, kept, len(found) - len(kept))

    def _candidates(
        self, condition: Condition, pool: Pool, states: Matrix, key: str
    ) -> tuple[Neighbour, ...]:
        """What the oracle tries: half of it the nearest examples, half random others."""
        everything = replace(condition.transcription(), shots=len(pool))
        cached = self._recognizer(condition).info.cached
        ranked = retrieve(self.segment, states, pool, everything, key, cached=cached)
        half = condition.candidates // 2
        others = ranked[half:]
        return (*ranked[:half], *(others[i] for i in drawn(len(others), half, condition.seed, key)))

    def _cer(self, written: Written) -> float:
        cer = score(self._reference, written.decoded.text, language=self._language).cer
        return math.inf if cer is None else cer

    def _draft(self, condition: Condition, opening: Opening) -> str:
        """Whisper's own transcript, as the page has it: loops cut, length unbounded."""
        alone = Condition("draft", "vanilla", bounded=False, windows=condition.windows)
        context, vocabulary = self.models.vanilla.context, self.models.vocabulary
        prompt = prompts.vanilla(vocabulary, self.segment.samples, opening.language, context)
        return self._decoded(alone, None, prompt).text

    def _decoded(self, condition: Condition, pool: Pool | None, prompt: Prompt) -> Decoded:
        """Decode a prompt, once for all conditions that come to it with the same control."""
        recognizer, vocabulary = self._recognizer(condition), self.models.vocabulary
        control = stops(vocabulary, self.segment, pool, loops=condition.loops, bounded=condition.bounded)
        bounds = tuple((stop.reason, getattr(stop, "characters", 0)) for stop in control)
        steps = []
        if condition.side == "in-context" and pool:
            steps = steering(pool, recognizer.info, vocabulary, condition.transcription())

        states = self._states(recognizer, prompt.samples, condition.windows)

        def work() -> Decoded:
            session, fed = opened(recognizer, prompt, beside(prompt, states, recognizer, condition.windows))
            if condition.side == "vanilla":
                listen(session, vocabulary)
                fed = 1
            *_, last = decode(
                session, prompt, vocabulary, fed=fed, beams=condition.beams, steering=steps, stops=control
            )
            return last

        model = (condition.side, condition.adapter, condition.windows)
        spelt = condition.characters != "off"
        store = (pool.folder, pool.stores) if pool and (condition.knn or spelt) else None
        steered = (condition.beams, condition.knn, condition.unlooped, condition.characters, store)
        sounds = tuple(digest(s) for s in (prompt.samples, *(part.samples for part in prompt.parts)))
        return self._once((model, steered, prompt.tokens, sounds, bounds), work)

    def _alone(self, windows: tuple[float, ...]) -> Matrix:
        return self._states(self.models.vanilla, self.segment.samples, windows)

    def _opening(self, states: Matrix) -> Opening:
        return listen(self.models.vanilla.decoder(states), self.models.vocabulary)

    def _recognizer(self, condition: Condition) -> Recognizer:
        return self.models.smile if condition.adapter else self.models.vanilla

    def _states(self, recognizer: Recognizer, samples: Samples, windows: tuple[float, ...]) -> Matrix:
        """Encoder states; silence that fills up the last 20 ms changes none, so it makes no other key."""
        window = window_for(len(samples) / SAMPLE_RATE, windows)
        key = ("states", recognizer.info.encoder, digest(prompts.whole_states(samples)), window)
        return self._once(key, lambda: encode(recognizer, samples, windows))

    def _once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do a piece of work where nobody has; its time counts for every condition that needs it."""
        if key not in self._made:
            before, began = self.spent, time.perf_counter()
            made = work()
            self._made[key] = made, time.perf_counter() - began
            self.spent = before
        made, seconds = self._made[key]
        self.spent += seconds
        return cast(T, made)


def digest(samples: Samples) -> bytes:
    """Tells recordings apart."""
    return hashlib.blake2b(samples.tobytes(), digest_size=16).digest()


def _row(utterance: Utterance, condition: Condition, split: str, written: Written) -> Row:
    counts: dict[str, Any] = {}
    for name in NORMALISERS:
        found = score(utterance.text, written.decoded.text, name, utterance.language)
        counts[f"{name}_edits"], counts[f"{name}_length"] = found.edits, found.length
        counts[f"{name}_word_edits"], counts[f"{name}_words"] = found.word_edits, found.words
    return Row(
        utterance.id,
        utterance.language,
        split,
        condition.name,
        condition.hash,
        written.decoded.text,
        **counts,
        normalisers=" ".join(n.stamp for n in NORMALISERS.values()),
        stopped=written.decoded.stopped,
        token=written.token,
        guess=written.guess,
        neighbours=tuple(n.utterance.id for n in written.neighbours),
        distances=tuple(round(n.distance, 6) for n in written.neighbours),
        left_out=written.left_out,
    )


def _failed(utterance: Utterance, condition: Condition, split: str, error: Exception) -> Made:
    reason = str(error) if isinstance(error, SmileError) else f"{type(error).__name__}: {error}"
    names = utterance.id, utterance.language, split, condition.name, condition.hash
    return Row(*names, error=reason), Seconds(utterance.id, condition.hash, 0.0)


__all__ = ["Clip", "Written", "digest", "evaluate", "hear", "pool_code"]
