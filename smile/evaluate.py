"""One utterance under many conditions: a row each.

The way is that of `transcribe`, without cutting into segments: a clip of a corpus is an utterance.
What conditions share (the clip's encoder states, a prompt's, a whole decoding) is made once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from smile import prompt as prompts
from smile.audio import SAMPLE_RATE, read
from smile.conditions import Condition
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
from smile.decoding import decode, listen
from smile.embedding import encode, window_for
from smile.models import Models
from smile.pool import Pool
from smile.rows import Row, Seconds
from smile.scoring import score
from smile.text import NORMALISERS
from smile.transcribe import in_context, language_token, retrieve, steering, stops

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
    clip = Clip(models, Segment(0.0, len(samples) / SAMPLE_RATE, samples))
    for condition in conditions:
        code = condition.pool or utterance.language
        try:
            pool = smaller(pools[code, condition.adapter], condition.minutes)
            began, clip.spent, clip.retrieval = time.perf_counter(), 0.0, 0.0
            written = clip.write(condition, pool, utterance.id)
        except Exception as error:
            yield _failed(utterance, condition, split, error)
        else:
            own = time.perf_counter() - began
            taken = (round(clip.spent, 4), round(clip.retrieval, 5), round(own, 4))
            seconds = Seconds(utterance.id, condition.hash, *taken)
            yield _row(utterance, condition, split, written), seconds


class Clip:
    """A target clip and what has been made of it so far."""

    def __init__(self, models: Models, segment: Segment):
        self.models, self.segment = models, segment
        self.spent = 0.0  # seconds that the condition at hand would have taken alone
        self.retrieval = 0.0
        self._made: dict[Hashable, tuple[Any, float]] = {}

    def write(self, condition: Condition, pool: Pool, key: str) -> Written:
        """Decode under a condition; `key` names the clip to the random sampler."""
        alone = self._once(("alone", condition.windows), lambda: self._alone(condition.windows))
        opening: Opening = self._once(("opening", condition.windows), lambda: self._opening(alone))
        if condition.side == "vanilla":
            vocabulary, context = self.models.vocabulary, self.models.vanilla.context
            prompt = prompts.vanilla(vocabulary, self.segment.samples, opening.language, context)
            return Written(self._decoded(condition, pool, prompt), opening.language, opening.language)
        return self._with_examples(condition, pool, key, opening)

    def _with_examples(self, condition: Condition, pool: Pool, key: str, opening: Opening) -> Written:
        settings, recognizer = condition.transcription(), self._recognizer(condition)
        began, states = time.perf_counter(), None
        if settings.shots:
            states = self._states(recognizer, self.segment.samples, condition.windows)
            began = time.perf_counter()
        found = retrieve(self.segment, states, pool, settings, key) if states is not None else ()
        self.retrieval = time.perf_counter() - began
        language = language_token(settings.language, pool, opening)
        prompt = in_context(
            self.models.vocabulary, recognizer.context, self.segment, found, language, settings, hear
        )
        self.spent += time.perf_counter() - began
        decoded = self._decoded(condition, pool, prompt)
        kept = tuple(n for i, n in enumerate(found) if i in prompt.shots)
        return Written(decoded, language, opening.language, kept, len(found) - len(kept))

    def _decoded(self, condition: Condition, pool: Pool, prompt: Prompt) -> Decoded:
        """Decode a prompt, once for all conditions that come to it with the same control."""
        recognizer, vocabulary = self._recognizer(condition), self.models.vocabulary
        states = self._states(recognizer, prompt.samples, condition.windows)
        control = stops(vocabulary, self.segment, pool, loops=condition.loops, bounded=condition.bounded)
        bounds = tuple((stop.reason, getattr(stop, "characters", 0)) for stop in control)
        steps = []
        if condition.side == "in-context":
            steps = steering(pool, recognizer.info, condition.transcription())

        def work() -> Decoded:
            session, fed = recognizer.decoder(states), 0
            if condition.side == "vanilla":
                listen(session, vocabulary)
                fed = 1
            *_, last = decode(
                session, prompt, vocabulary, fed=fed, beams=condition.beams, steering=steps, stops=control
            )
            return last

        model = (condition.side, condition.adapter, condition.windows)
        steered = (condition.beams, condition.knn, condition.unlooped, len(pool))
        return self._once((model, steered, prompt.tokens, digest(prompt.samples), bounds), work)

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


def smaller(pool: Pool, minutes: float) -> Pool:
    """So many minutes of a pool (0: all), at least one clip; a smaller one is part of a larger one."""
    if not minutes:
        return pool
    order = sorted(range(len(pool)), key=lambda i: hashlib.sha256(pool.utterances[i].id.encode()).digest())
    kept: list[int] = []
    seconds = 0.0
    for i in order:
        if kept and seconds + pool.utterances[i].seconds > minutes * 60:
            break
        kept.append(i)
        seconds += pool.utterances[i].seconds
    kept.sort()
    return replace(pool, utterances=tuple(pool.utterances[i] for i in kept), embeddings=pool.embeddings[kept])


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


__all__ = ["Clip", "Written", "evaluate", "smaller"]
