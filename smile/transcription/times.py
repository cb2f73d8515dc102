"""Times of words and characters within a recording's segments, by the pool's acoustic model, at any level."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Literal, get_args

from smile.acoustic.align import FORCED, align
from smile.acoustic.calibrating import calibration_of
from smile.acoustic.confidence import Calibration
from smile.acoustic.evidence import weighed
from smile.acoustic.model import AcousticModel, open_acoustic
from smile.acoustic.states import StatesId, layer_states
from smile.datatypes import SAMPLE_RATE, Matrix, Samples, SmileError, Span
from smile.pools.pool import Pool
from smile.transcription.joint import can_judge
from smile.transcription.result import Result, Segment, Transcript
from smile.util.timing import finished, relayed
from smile.whisper.model import Model

Times = Literal["", "words", "characters"]  # what has times beside the utterances; characters: words, too
TIMES: tuple[Times, ...] = get_args(Times)


def with_times(result: Result, model: Model, samples: Samples, pool: Pool, times: Times) -> Result:
    """Return what `timing` does, in one go; raises as it does."""
    return finished(timing(result, model, samples, pool, times))


def timing(
    result: Result, model: Model, samples: Samples, pool: Pool, times: Times
) -> Generator[None, None, Result]:
    """Return a result of samples (n,) whose segments, on both sides, have the times of their words.

    Each text is taken as it is: a word that is not spoken has a time, too, and a low probability. A text that
    is too long for its sound has no words. Words of the side that the pool has helped have a confidence, too:
    how likely they are right; but not those of a decoder that knows the language far better than heads do.
    Yields between segments, so that others' work may come in between.

    Args:
        model: the in-context side, to whose encoder states the pool's acoustic model was fitted.

    Raises:
        PoolError: the pool has no acoustic model for this encoder and these windows.
    """
    if not times:
        return result
    model = model.within(result.settings.windows)
    acoustic = open_acoustic(pool, model)
    judged = result.settings.level == "acoustic" or can_judge(acoustic, model, pool)
    calibration = calibration_of(pool, StatesId.of(model)) if judged else None
    timer = Timer(model, acoustic, samples, times)
    vanilla = yield from _side(result.vanilla, timer)
    smile = yield from _side(result.smile, timer, calibration)
    return replace(
        result, vanilla=vanilla, smile=smile, calibration=calibration.fitted_to if calibration else ""
    )


def timed(
    results: Iterator[Result], model: Model, samples: Samples, pool: Callable[[], Pool | None]
) -> Generator[Result]:
    """Yield the results of a transcription; the last one has the times of words where a head wrote them.

    `pool` gives the pool once it is ready. Closing the iterator stops the work.
    """
    with closing(results):  # type: ignore[type-var]
        for result in results:
            ready = pool() if result.done and result.settings.level != "context" else None
            if ready is None or not result.smile.segments:
                yield result
                continue
            waiting = replace(result, stage="Finding the words' times", done=False)
            yield from _relayed_last(timing(result, model, samples, ready, "words"), waiting)


def _relayed_last(steps: Generator[None, None, Result], waiting: Result) -> Iterator[Result]:
    """Yield a result for each step, then what the steps return."""
    yield (yield from relayed(steps, lambda _: waiting))


class Timer:
    """Gives texts of stretches of one recording the times of their words; a stretch is encoded once."""

    def __init__(self, model: Model, acoustic: AcousticModel, samples: Samples, times: Times = "characters"):
        self._model, self._acoustic, self._samples, self._times = model, acoustic, samples, times
        self._made: dict[tuple[float, float], tuple[Matrix, ...]] = {}

    def words(
        self, start: float, end: float, text: str, calibration: Calibration | None = None
    ) -> tuple[Span, ...]:
        """Return the words of a text that is spoken from start to end (s); () where it does not fit.

        With a calibration they have a confidence, but for those that the heads cannot write.
        """
        if not text.strip():
            return ()
        logprobs = self._logprobs(start, end)
        words = self._judged(logprobs, text, calibration) if calibration else self._aligned(logprobs, text)
        words = moved(words, start, end)
        return words if self._times == "characters" else without_characters(words)

    def _aligned(self, logprobs: Sequence[Matrix], text: str) -> Sequence[Span]:
        try:
            (line,) = finished(align(self._acoustic.head, logprobs[0], [text], FORCED)).lines
        except SmileError:
            return ()
        return line.parts if line else ()

    def _judged(self, logprobs: Sequence[Matrix], text: str, calibration: Calibration) -> Sequence[Span]:
        found = weighed(self._acoustic, logprobs, text)
        kept = [each.evidence.kept() if each.evidence else () for each in found]
        return [
            replace(each.word, confidence=calibration.of(evidence), evidence=evidence)
            for each, evidence in zip(found, kept, strict=True)
        ]

    def _logprobs(self, start: float, end: float) -> tuple[Matrix, ...]:
        key = start, end
        if key not in self._made:
            piece = self._samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            states = layer_states(self._model, piece, self._acoustic.head.reads.layers)
            self._made[key] = self._acoustic.logprobs(states)
        return self._made[key]


def moved(spans: Sequence[Span], by: float, end: float) -> tuple[Span, ...]:
    """Return spans that begin later by so many seconds, and end no later than `end`; rounded to ms."""
    return tuple(
        replace(
            span,
            start=round(min(end, span.start + by), 3),
            end=round(min(end, span.end + by), 3),
            parts=moved(span.parts, by, end),
        )
        for span in spans
    )


def without_characters(words: Sequence[Span]) -> tuple[Span, ...]:
    """Return words that have no parts."""
    return tuple(replace(word, parts=()) for word in words)


def _side(
    transcript: Transcript, timer: Timer, calibration: Calibration | None = None
) -> Generator[None, None, Transcript]:
    segments = []
    for segment in transcript.segments:
        yield
        segments.append(_segment(segment, timer, calibration))
    return replace(transcript, segments=tuple(segments))


def _segment(segment: Segment, timer: Timer, calibration: Calibration | None) -> Segment:
    return replace(segment, words=timer.words(segment.start, segment.end, segment.text, calibration))
