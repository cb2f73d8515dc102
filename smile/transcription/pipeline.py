"""The way of a clip through the rooms: heard, cut, encoded, retrieved for, prompted, decoded.

The page, the command line and the evaluation all call `transcribe`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import SAMPLE_RATE, read
from smile.audio.vad import NO_SPEECH, segments, segments_in_steps
from smile.datatypes import (
    AudioError,
    Matrix,
    Neighbour,
    Opening,
    Prompt,
    Recognizer,
    Samples,
    Segment,
    Shot,
    Vector,
)
from smile.decoding import prompt as prompts
from smile.decoding.context import beside, opened, room
from smile.decoding.control import steering, stops
from smile.decoding.knn.store import Progress, build, present
from smile.decoding.search import decode
from smile.pools.pool import Pool
from smile.retrieval.divergences import distances
from smile.retrieval.samplers import choose, of_length
from smile.settings import WINDOWS, Settings
from smile.transcription.result import Chosen, Line, Result, Side, as_dict
from smile.util.timing import Stopwatch, timed
from smile.whisper.encoder import encode, pooled
from smile.whisper.language_id import listen
from smile.whisper.model import Models
from smile.whisper.tokenizer import Vocabulary

__all__ = ["Awaited", "Chosen", "Line", "Result", "Settings", "Side", "as_dict", "transcribe"]

DEFAULTS = Settings()
SAME = 0.003  # KL between int8 and float32 embeddings of one clip is below, of two clips above
SAME_LENGTH = 0.05  # share of its length by which a clip differs from itself, once cut at pauses


@dataclass(frozen=True, eq=False)
class Awaited:
    """A pool that is not ready yet."""

    name: str
    code: str  # of its language, ISO 639-3
    steps: Generator[str, None, Pool]  # says what is being done, for a person, and returns the pool
    problem: Callable[[], str] = str  # says, after the steps, why the pool has no token datastore


def transcribe(
    models: Models, samples: Samples, pool: Pool | Awaited | None, settings: Settings = DEFAULTS
) -> Iterator[Result]:
    """Transcribe a recording (n,) without and with examples from a pool.

    Yields a snapshot whenever there is something new to show; the last one is `done`. A recording
    without speech gives two empty transcripts. Without a pool only the vanilla side is written; a pool
    that is awaited is made ready after Whisper alone has written its first segment. Closing the
    iterator stops the work.
    """
    result = Result(len(samples) / SAMPLE_RATE, settings, models.smile.info, *_names(pool))
    for segment in (yield from _listened(samples, replace(result, stage="Listening for speech"))):
        result, states = yield from _alone(models, segment, result)
        if isinstance(pool, Awaited):
            awaited, pool = pool, (yield from _made_ready(pool, result))
            result = _without_store(result, awaited.problem())
        if pool is not None:
            result = yield from _with_examples(models, segment, states, pool, result)
    stage = "Done" if result.vanilla.lines else "No speech was heard"
    vanilla, smile = replace(result.vanilla, done=True), replace(result.smile, done=True)
    yield replace(result, vanilla=vanilla, smile=smile, stage=stage, done=True)


def _listened(samples: Samples, result: Result) -> Generator[Result, None, list[Segment]]:
    """Return the pieces of speech; yields the result as it is before each few seconds of the recording."""
    steps = segments_in_steps(samples, longest=result.settings.longest)
    while True:
        yield result
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def _names(pool: Pool | Awaited | None) -> tuple[str, str]:
    """A pool's name and its language."""
    if isinstance(pool, Awaited):
        return pool.name, pool.code
    return (pool.folder.name, pool.language.code) if pool else ("", "")


def _made_ready(pool: Awaited, result: Result) -> Generator[Result, None, Pool]:
    """The pool, once its steps are done; shows each of them."""
    with closing(pool.steps):
        while True:
            try:
                step = next(pool.steps)
            except StopIteration as done:
                return done.value
            yield replace(result, stage=step, waiting=step)


def _without_store(result: Result, problem: str) -> Result:
    """The result, to go on without token neighbours where a problem keeps them away."""
    if not (problem and result.settings.knn):
        return result
    return replace(result, settings=replace(result.settings, knn=0.0), problem=problem)


def _alone(
    models: Models, segment: Segment, result: Result
) -> Generator[Result, None, tuple[Result, Matrix]]:
    """Whisper on a segment; returns the states that it was decoded from too, for retrieval."""
    watch = Stopwatch()
    settings = result.settings
    result = replace(result, stage="Whisper alone")
    with watch:
        states = encode(models.vanilla, segment.samples, settings.windows)
        session = models.vanilla.decoder(states)
        opening = listen(session, models.vocabulary)
        prompt = prompts.vanilla(models.vocabulary, segment.samples, opening.language, models.vanilla.context)
    steps = decode(session, prompt, models.vocabulary, fed=1, beams=settings.beams)
    before = result.vanilla
    for decoded in timed(steps, watch):
        line = Line(segment.start, segment.end, decoded, opening.language, opening)
        side = replace(before, lines=(*before.lines, line), seconds=before.seconds + watch.seconds)
        result = replace(result, vanilla=side)
        yield result
    return result, states


def _with_examples(
    models: Models, segment: Segment, states: Matrix, pool: Pool, result: Result
) -> Generator[Result, None, Result]:
    """Whisper on a segment with retrieved examples in front of it."""
    watch = Stopwatch()
    opening = result.vanilla.lines[-1].opening
    with watch:
        if (result.settings.shots or models.smile.info.cached) and not models.one_encoder:
            states = encode(models.smile, segment.samples, result.settings.windows)
        key, draft = f"{segment.start:.2f}", result.vanilla.lines[-1].text
        cached = models.smile.info.cached
        neighbours = retrieve(segment, states, pool, result.settings, key, draft, cached=cached)
    retrieval = watch.seconds
    with watch:
        language = language_token(result.settings.language, pool, opening)
        prompt = in_context(models.vocabulary, models.smile, segment, neighbours, language, result.settings)
        windows = result.settings.windows
        if not cached:
            states = encode(models.smile, prompt.samples, windows)
        session, fed = opened(models.smile, prompt, beside(prompt, states, models.smile, windows))
    chosen = _chosen(segment, neighbours, prompt)
    result = replace(
        result,
        stage="With examples",
        chosen=(*result.chosen, chosen),
        retrieval=result.retrieval + retrieval,
    )
    steps = decode(
        session,
        prompt,
        models.vocabulary,
        fed=fed,
        beams=result.settings.beams,
        steering=steering(pool, models.smile.info, models.vocabulary, result.settings),
        stops=stops(models.vocabulary, segment, pool, bounded=result.settings.bounded),
    )
    before = result.smile
    for decoded in timed(steps, watch):
        line = Line(segment.start, segment.end, decoded, language, opening)
        side = replace(before, lines=(*before.lines, line), seconds=before.seconds + watch.seconds)
        result = replace(result, smile=side)
        yield result
    return result


def retrieve(
    segment: Segment,
    states: Matrix,
    pool: Pool,
    settings: Settings,
    key: str,
    draft: str = "",
    *,
    cached: bool = False,
) -> tuple[Neighbour, ...]:
    """The examples for a segment, of those that fit into the window: beside it, or in cached context alone.

    A clip of the pool that is the segment itself is left out. `states` (frames, d) come from the pool's
    own encoder; `key` names the segment to the random sampler, `draft` is Whisper's own transcript.
    """
    if settings.shots == 0:
        return ()
    seconds = len(segment.samples) / SAMPLE_RATE
    embedding = pooled(states, seconds)
    itself = same_recording(embedding, seconds, pool)
    longest = room(seconds, cached)
    fits = [i for i, u in enumerate(pool.utterances) if u.seconds <= longest and i not in itself]
    if settings.total:
        lengths = [pool.utterances[i].seconds for i in fits]
        fits = [fits[i] for i in of_length(lengths, settings.shots, settings.total - seconds)]
    found = choose(
        settings.sampler,
        embedding,
        pool.embeddings[fits],
        [pool.utterances[i] for i in fits],
        settings.shots,
        divergence=settings.divergence,
        seed=settings.seed,
        key=key,
        draft=draft,
    )
    return tuple(replace(n, index=fits[n.index]) for n in found)


def embedded(recognizer: Recognizer, samples: Samples, settings: Settings = DEFAULTS) -> Vector:
    """The embedding (d,) by which `transcribe` would find examples for a recording's first piece of speech.

    Raises:
        AudioError: there is no speech in it.
    """
    segment = next(iter(segments(samples, longest=settings.longest)), None)
    if segment is None:
        raise AudioError(NO_SPEECH)
    return pooled(encode(recognizer, segment.samples, settings.windows), len(segment.samples) / SAMPLE_RATE)


def same_recording(embedding: NDArray[np.float32], seconds: float, pool: Pool) -> set[int]:
    """Which clips of a pool are this very recording, to judge by embedding (d,) and length."""
    row = distances("kl", embedding[None], pool.embeddings)[0]
    near = np.flatnonzero(row < SAME)
    return {int(i) for i in near if abs(pool.utterances[i].seconds - seconds) <= SAME_LENGTH * seconds}


def language_token(policy: str, pool: Pool, opening: Opening) -> str:
    """The Whisper code that a policy gives: the guess, the pool's, or the code itself."""
    if policy == "guess":
        return opening.language
    return pool_token(pool, opening.language) if policy == "pool" else policy


def pool_token(pool: Pool, otherwise: str = "en") -> str:
    """Whisper's code for the pool's language, else the code that it guesses most often for its clips."""
    guesses = pool.header.guesses
    common = max(guesses, key=lambda code: guesses[code]) if guesses else otherwise
    return pool.header.language.whisper or common


def in_context(
    vocabulary: Vocabulary,
    recognizer: Recognizer,
    segment: Segment,
    neighbours: tuple[Neighbour, ...],
    language: str,
    settings: Settings,
    hear: Callable[[Path], Samples] = read,
) -> Prompt:
    """Read the examples and build the prompt as a recognizer wants it."""
    shots = [Shot(hear(n.utterance.audio), n.utterance.text) for n in neighbours]
    return prompts.build(
        vocabulary,
        segment.samples,
        shots,
        language=language,
        anchored=settings.prompt == "anchored",
        context=recognizer.context,
        cached=recognizer.info.cached,
    )


def _chosen(segment: Segment, neighbours: tuple[Neighbour, ...], prompt: Prompt) -> Chosen:
    kept = tuple(n for i, n in enumerate(neighbours) if i in prompt.shots)
    return Chosen(segment.start, kept, tuple(n for i, n in enumerate(neighbours) if i not in prompt.shots))


def read_tokens(
    pool: Pool,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    progress: Progress | None = None,
    windows: tuple[float, ...] = WINDOWS,
) -> None:
    """Make the token datastore of a pool where it is missing; raises as `token_store.build` does."""
    if not present(pool, recognizer.info):
        build(pool, recognizer, vocabulary, language=pool_token(pool), windows=windows, progress=progress)
