"""Times of words and characters within a recording's segments, by the pool's acoustic model, at any level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from smile.acoustic.align import FORCED, align
from smile.acoustic.head import Head
from smile.acoustic.states import StatesId, layer_states
from smile.acoustic.store import open_head
from smile.datatypes import SAMPLE_RATE, Matrix, Samples, SmileError, Span
from smile.pools.pool import Pool
from smile.transcription.result import Result, Segment, Transcript
from smile.util.timing import finished
from smile.whisper.model import Model

Times = Literal["", "words", "characters"]  # what has times beside the utterances; characters: words, too
TIMES: tuple[Times, ...] = get_args(Times)


def with_times(result: Result, model: Model, samples: Samples, pool: Pool, times: Times) -> Result:
    """Return a result of samples (n,) whose segments, on both sides, have the times of their words.

    Each text is taken as it is: a word that is not spoken has a time, too, and a low confidence. A text that
    is too long for its sound has no words.

    Args:
        model: the in-context side, to whose encoder states the pool's acoustic model was fitted.

    Raises:
        PoolError: the pool has no acoustic model for this encoder and these windows.
    """
    if not times:
        return result
    model = model.within(result.settings.windows)
    timer = Timer(model, open_head(pool, StatesId.of(model)), samples, times)
    vanilla, smile = (_side(side, timer) for side in (result.vanilla, result.smile))
    return replace(result, vanilla=vanilla, smile=smile)


class Timer:
    """Gives texts of stretches of one recording the times of their words; a stretch is encoded once."""

    def __init__(self, model: Model, head: Head, samples: Samples, times: Times = "characters"):
        self._model, self._head, self._samples, self._times = model, head, samples, times
        self._made: dict[tuple[float, float], Matrix] = {}

    def words(self, start: float, end: float, text: str) -> tuple[Span, ...]:
        """Return the words of a text that is spoken from start to end (s); () where it does not fit."""
        if not text.strip():
            return ()
        try:
            (line,) = finished(align(self._head, self._logprobs(start, end), [text], FORCED)).lines
        except SmileError:
            return ()
        words = moved(line.parts, start, end) if line else ()
        return words if self._times == "characters" else without_characters(words)

    def _logprobs(self, start: float, end: float) -> Matrix:
        key = start, end
        if key not in self._made:
            piece = self._samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            self._made[key] = self._head(layer_states(self._model, piece, self._head.reads.layers))
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


def _side(transcript: Transcript, timer: Timer) -> Transcript:
    segments = tuple(_segment(segment, timer) for segment in transcript.segments)
    return replace(transcript, segments=segments)


def _segment(segment: Segment, timer: Timer) -> Segment:
    return replace(segment, words=timer.words(segment.start, segment.end, segment.text))
