"""A recording's way to both transcripts: cut into segments, each of which goes its way as a `Target`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

from smile.audio.vad import NO_SPEECH, at_longest_pause, segments, segments_in_steps
from smile.datatypes import SAMPLE_RATE, AudioError, PoolError, Samples, Speech, Vector
from smile.pools.nearness import nearness
from smile.pools.pool import Pool
from smile.settings import DEFAULTS, Settings
from smile.transcription.preparing import needed
from smile.transcription.recut import recut
from smile.transcription.result import Result, Segment
from smile.transcription.segments import KeptSegments
from smile.transcription.target import Step, Target
from smile.util.timing import Stopwatch, relayed, timed
from smile.whisper.model import Model, Models

STAGES = {"context": "With examples", "acoustic": "By the acoustic model", "combined": "Combined"}


@dataclass(frozen=True, eq=False)
class Awaited:
    """A pool that is not ready yet."""

    name: str
    code: str  # of its language, ISO 639-3
    steps: Generator[str, None, Pool]  # says what is being done, for a person, and returns the pool
    problem: Callable[[], str] = str  # says, after the steps, why the pool has no datastore


def transcribe(
    models: Models,
    samples: Samples,
    pool: Pool | Awaited | None,
    settings: Settings = DEFAULTS,
    kept: KeptSegments | None = None,
) -> Iterator[Result]:
    """Transcribe a recording (n,) without and with examples from a pool.

    Yields a snapshot whenever there is something new to show; the last one is `done`. A recording
    without speech gives two empty transcripts. Without a pool only the vanilla side is written; a pool
    that is awaited is made ready after Whisper alone has written its first segment. Segments that are
    `kept` of a run that was broken off are not written again. Closing the iterator stops the work.
    """
    result = Result(len(samples) / SAMPLE_RATE, settings, models.smile.info, *_names(pool))
    pieces = deque((yield from _speech(samples, replace(result, stage="Listening for speech"))))
    while pieces:
        speech = pieces.popleft()
        if kept and (known := kept.extended(result, speech)):
            result = known
            continue
        if kept and kept.is_cut(result, speech) and (halves := at_longest_pause(speech)):
            pieces.extendleft(reversed(halves))
            continue
        before, target = result, Target(models, speech, f"{speech.start:.2f}")
        result = yield from _last(_alone(target, result))
        if isinstance(pool, Awaited):
            awaited, pool = pool, (yield from _made_ready(pool, result))
            result = _without_store(result, awaited.problem())
        if pool is not None:
            result = yield from _last(_with_examples(target, pool, result))
            if parts := recut(speech, result.smile.segments[-1].text, result.settings, pool):
                result = _taken_back(before, result)
                pieces.extendleft(reversed(parts))
                continue
            result = _told_apart(target, pool, result)
        if kept:
            kept.add(before, result)
    stage = "Done" if result.vanilla.segments else "No speech was heard"
    vanilla, smile = replace(result.vanilla, done=True), replace(result.smile, done=True)
    yield replace(result, vanilla=vanilla, smile=smile, stage=stage, done=True)


def _last(results: Iterator[Result]) -> Generator[Result, None, Result]:
    """Yield results and return the last one."""
    for result in results:
        yield result
    return result


def _speech(samples: Samples, result: Result) -> Generator[Result, None, list[Speech]]:
    """Return the pieces of speech; yields the result as it is before each few seconds of the recording."""
    steps = segments_in_steps(samples, max_segment_seconds=result.settings.max_segment_seconds)
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
    return (yield from relayed(pool.steps, lambda step: replace(result, stage=step, waiting=step)))


def _without_store(result: Result, problem: str) -> Result:
    """The result, to go on without its kNN-LM where a problem keeps them away."""
    if not problem:
        return result
    if "acoustic" in needed(result.settings):
        raise PoolError(problem)
    return replace(result, settings=replace(result.settings, knn=0.0), problem=problem)


def _alone(target: Target, result: Result) -> Iterator[Result]:
    """Write a segment by Whisper alone."""
    yield from _written(
        target, target.vanilla(result.settings), replace(result, stage="Whisper alone"), "vanilla"
    )


def _with_examples(target: Target, pool: Pool, result: Result) -> Iterator[Result]:
    """Write a segment at the level that the settings name."""
    stage = STAGES[result.settings.level]
    yield from _written(target, target.written(result.settings, pool), replace(result, stage=stage), "smile")


def _taken_back(before: Result, result: Result) -> Result:
    """The result without its last segment, which is written in two pieces; the time that it took counts."""
    vanilla = replace(result.vanilla, segments=before.vanilla.segments)
    smile = replace(result.smile, segments=before.smile.segments)
    return replace(result, vanilla=vanilla, smile=smile, examples=before.examples)


def _told_apart(target: Target, pool: Pool, result: Result) -> Result:
    """The result, with how far a segment is from the pool, where that can be told."""
    near = nearness(pool)
    if near is None:
        return result
    segment = near.remoteness(target.embedding(result.settings))
    return replace(result, remoteness=(*result.remoteness, segment))


def _written(target: Target, steps: Iterator[Step], result: Result, side: str) -> Iterator[Result]:
    """Show a segment's transcript as it grows, on one side of a result."""
    watch, speech, before = Stopwatch(), target.speech, getattr(result, side)
    for step in timed(steps, watch):
        segment = Segment(speech.start, speech.end, step.decoded, step.language, step.detection)
        segments = (*before.segments, segment)
        written = replace(before, segments=segments, seconds=before.seconds + watch.seconds)
        grown = replace(result, **{side: written})
        if side == "smile":
            examples = (*result.examples, (speech.start, step.examples))
            grown = replace(grown, examples=examples, retrieval=result.retrieval + target.retrieval_seconds)
        yield grown


def embedded(model: Model, samples: Samples, settings: Settings = DEFAULTS) -> Vector:
    """Return the embedding (d,) by which `transcribe` would find examples for a recording's first speech.

    Raises:
        AudioError: there is no speech in it.
    """
    speech = next(iter(segments(samples, max_segment_seconds=settings.max_segment_seconds)), None)
    if speech is None:
        raise AudioError(NO_SPEECH)
    return model.within(settings.windows).embed(speech.samples)
