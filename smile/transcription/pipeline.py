"""A recording's way to both transcripts: cut into segments, each of which goes its way as a `Target`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from smile.audio.vad import NO_SPEECH, at_longest_pause, segments, segments_in_steps
from smile.datatypes import SAMPLE_RATE, AudioError, PoolError, Samples, SmileError, Speech, Vector
from smile.pools.nearness import nearness
from smile.pools.pool import Pool
from smile.settings import DEFAULTS, Settings
from smile.transcription.preparing import needed
from smile.transcription.recut import recut
from smile.transcription.result import Result, Segment
from smile.transcription.segments import KeptSegments
from smile.transcription.target import Step, Target
from smile.util.timing import Stopwatch, timed
from smile.whisper.model import Model, Models

STAGES = {"context": "With examples", "acoustic": "By the acoustic model", "combined": "Combined"}
PROVISIONAL = "Provisional text, by examples alone"  # a stage, too

Pair = tuple[Result, Result]  # before a segment, and with it


@dataclass(frozen=True, eq=False)
class Awaited:
    """A pool that is not ready yet."""

    name: str
    code: str  # of its language, ISO 639-3
    steps: Generator[str, None, Pool]  # says what is being done, for a person, and returns the pool
    problem: Callable[[], str] = str  # says, after the steps, why the pool has no datastore
    meanwhile: Callable[[], Pool | None] = lambda: None  # the pool, while just its examples can be looked up


def transcribe(
    models: Models,
    samples: Samples,
    pool: Pool | Awaited | None,
    settings: Settings = DEFAULTS,
    kept: KeptSegments | None = None,
    cuts: Sequence[tuple[float, float]] = (),
) -> Iterator[Result]:
    """Transcribe a recording (n,) without and with examples from a pool.

    Yields a snapshot whenever there is something new to show; the last one is `done`. A recording
    without speech gives two empty transcripts. Without a pool only the vanilla side is written; a pool
    that is awaited is made ready after Whisper alone has written its first segment. As soon as its examples
    can be looked up, a `provisional` text by them alone is shown until it is; a run that goes on has none.
    Segments that are `kept` of a run that was broken off are not written again. Segments are where `cuts`
    (start and end, s) say; without any they are found, and cut again where their text is too short for
    their sound. Closing the iterator stops the work.
    """
    result = Result(len(samples) / SAMPLE_RATE, settings, models.smile.info, *_names(pool))
    listening = replace(result, stage="Listening for speech")
    found = given(samples, cuts) or (yield from _speech(samples, listening))
    pieces = deque((speech, 0) for speech in found)
    while pieces:
        speech, depth = pieces.popleft()
        if kept and (known := kept.extended(result, speech)):
            result = known
            continue
        if kept and kept.is_cut(result, speech) and (halves := at_longest_pause(speech)):
            pieces.extendleft((half, depth + 1) for half in reversed(halves))
            continue
        before = result
        result, pool = yield from _both(models, speech, pool, result)
        written = [(before, result)]
        if pool is not None and not cuts:
            written = yield from _recut(models, speech, pool, written[0], depth)
        result = written[-1][1]
        if kept:
            for pair in written:
                kept.add(*pair)
    stage = "Done" if result.vanilla.segments else "No speech was heard"
    vanilla, smile = replace(result.vanilla, done=True), replace(result.smile, done=True)
    yield replace(result, vanilla=vanilla, smile=smile, stage=stage, done=True)


def given(samples: Samples, cuts: Sequence[tuple[float, float]]) -> list[Speech]:
    """Return the pieces of a recording (n,) from start to end (s), as far as it reaches."""
    places = [(start, end, *(round(at * SAMPLE_RATE) for at in (start, end))) for start, end in cuts]
    return [Speech(start, end, samples[a:b]) for start, end, a, b in places if 0 <= a < min(b, len(samples))]


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


def _made_ready(awaited: Awaited, target: Target, result: Result) -> Generator[Result, None, Pool]:
    """The pool, once its steps are done; shows each of them, and what the examples alone bring meanwhile.

    Where there is text with examples already, or none is asked for, they bring nothing.
    """
    shown, wanted = result, bool(result.settings.shots) and not result.smile.segments
    with closing(awaited.steps) as steps:
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                return done.value
            yield replace(shown, stage=step, waiting=step)
            if wanted and (pool := awaited.meanwhile()):
                wanted = False
                with suppress(SmileError, OSError):  # at the end it is shown, or said
                    shown = yield from _provisional(awaited, target, pool, result)


def _provisional(
    awaited: Awaited, target: Target, pool: Pool, result: Result
) -> Generator[Result, None, Result]:
    """Write a segment with nothing that a pool has to be made ready for; as far as it comes until it is."""
    settings = replace(result.settings, level="context", knn=0.0)
    shown = replace(result, settings=settings, stage=PROVISIONAL, provisional=True)
    with closing(_written(target, target.written(settings, pool), shown, "smile")) as steps:
        for shown in steps:
            yield shown
            if awaited.meanwhile() is None:
                break
    return shown


def _without_store(result: Result, problem: str) -> Result:
    """The result, to go on without its kNN-LM where a problem keeps it away."""
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


def _both(
    models: Models, speech: Speech, pool: Pool | Awaited | None, result: Result
) -> Generator[Result, None, tuple[Result, Pool | None]]:
    """Write a segment on both sides; return the result, and the pool once it is ready."""
    target = Target(models, speech, f"{speech.start:.2f}")
    result = yield from _last(_alone(target, result))
    if isinstance(pool, Awaited):
        meanwhile = Target(models, speech, f"{speech.start:.2f}")  # whose times are its own
        awaited, pool = pool, (yield from _made_ready(pool, meanwhile, result))
        result = _without_store(result, awaited.problem())
    if pool is not None:
        result = yield from _last(_with_examples(target, pool, result))
        result = _told_apart(target, pool, result)
    return result, pool


def _recut(
    models: Models, speech: Speech, pool: Pool, whole: Pair, depth: int
) -> Generator[Result, None, list[Pair]]:
    """Write a segment anew in two pieces where its text is too short; whole again if they bring no more text.

    Returns the results before and after each segment. The time that was taken counts in any case.
    """
    before, result = whole
    text = result.smile.segments[-1].text
    parts = recut(speech, text, result.settings, pool, depth)
    if not parts:
        return [whole]
    pairs, grown = list[Pair](), _taken_back(before, result)
    for part in parts:
        start = grown
        grown, _ = yield from _both(models, part, pool, start)
        pairs += yield from _recut(models, part, pool, (start, grown), depth + 1)
        grown = pairs[-1][1]
    if sum(len(s.text) for s in grown.smile.segments[len(before.smile.segments) :]) > len(text):
        return pairs
    return [(before, _with_times_of(result, grown))]


def _taken_back(before: Result, result: Result) -> Result:
    """The result as it was before its last segment, but for the time that this took."""
    return _with_times_of(replace(before, settings=result.settings, problem=result.problem), result)


def _with_times_of(result: Result, other: Result) -> Result:
    """A result that took as long as another."""
    vanilla = replace(result.vanilla, seconds=other.vanilla.seconds)
    smile = replace(result.smile, seconds=other.smile.seconds)
    return replace(result, vanilla=vanilla, smile=smile, retrieval=other.retrieval)


def _told_apart(target: Target, pool: Pool, result: Result) -> Result:
    """The result, with how far a segment is from the pool, where that can be told."""
    near = nearness(pool)
    if near is None:
        return result
    segment = near.remoteness(target.embedding(result.settings))
    return replace(result, remoteness=(*result.remoteness, segment))


def _written(target: Target, steps: Iterator[Step], result: Result, side: str) -> Generator[Result]:
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
