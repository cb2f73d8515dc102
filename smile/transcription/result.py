"""A transcription as values: its settings, its growing result, and the result as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from smile.datatypes import (
    DecodingResult,
    LanguageDetection,
    Neighbour,
    RecognizerInfo,
    Span,
    mean_probability,
)
from smile.exporting.transcripts import of_words, parts_as_dicts
from smile.pools.nearness import REMOTE
from smile.settings import Settings
from smile.text.scoring import score
from smile.transcription.options import as_json
from smile.transcription.target import RetrievedExamples


@dataclass(frozen=True)
class Segment:
    """One segment of one side's transcript; `decoded.stopped` is empty while it is being written."""

    start: float
    end: float
    decoded: DecodingResult
    language: str  # the language token in the prompt
    detection: LanguageDetection
    words: tuple[Span, ...] = ()  # with their times, where these were asked for

    @property
    def text(self) -> str:
        """Return what has been written."""
        return self.decoded.text

    @property
    def confidence(self) -> float | None:
        """Return the mean of its words' confidence; None where none has any."""
        return of_words(self.words)


@dataclass(frozen=True)
class Transcript:
    """A transcript of the whole recording."""

    segments: tuple[Segment, ...] = ()
    seconds: float = 0.0  # time taken, encoding included
    done: bool = False

    @property
    def text(self) -> str:
        """Return the texts of the segments joined by a space."""
        return " ".join(s.text for s in self.segments if s.text)

    @property
    def probability(self) -> float:
        """Return exp of the mean log probability over all text tokens, in [0, 1]; 0 where there are none."""
        return mean_probability([p for s in self.segments for p in s.decoded.logprobs])


@dataclass(frozen=True)
class Result:
    """A snapshot of a transcription; each one yielded says more than the one before it."""

    duration: float  # of the recording, seconds
    settings: Settings
    recognizer: RecognizerInfo  # of the in-context side
    pool: str = ""
    language: str = ""  # ISO 639-3 of the pool
    vanilla: Transcript = field(default_factory=Transcript)
    smile: Transcript = field(default_factory=Transcript)
    examples: tuple[tuple[float, RetrievedExamples], ...] = ()  # of each segment, by its start
    retrieval: float = 0.0  # seconds spent on embedding and ranking, part of smile.seconds
    stage: str = ""  # what is being done now, for a person
    waiting: str = ""  # the same, while the in-context side waits for its pool
    done: bool = False
    problem: str = ""  # why something that was asked for was left out
    provisional: bool = False  # the in-context side is by examples alone, and is to be written anew
    calibration: str = ""  # to what the confidence of words was fitted, where they have any
    remoteness: tuple[float, ...] = ()  # of each segment from the pool; see smile.pools.nearness

    @property
    def warning(self) -> str:
        """Return the sentence for a recording that is, on average, unlike all of the pool's clips, or ""."""
        return REMOTE if self.remoteness and fmean(self.remoteness) > 1 else ""


def as_dict(result: Result, reference: str | None = None) -> dict[str, Any]:
    """Return a result as plain values for JSON; with a reference, both sides are scored against it."""
    return {
        "vanilla": transcript_as_dict(result.vanilla, reference, result.language),
        "smile": transcript_as_dict(result.smile, reference, result.language),
        "neighbours": [
            _neighbour_dict(n, start, used)
            for start, examples in result.examples
            for used, neighbours in ((True, examples.neighbours), (False, examples.left_out))
            for n in neighbours
        ],
        "seconds": {
            "recording": round(result.duration, 3),
            "vanilla": round(result.vanilla.seconds, 3),
            "smile": round(result.smile.seconds, 3),
            "retrieval": round(result.retrieval, 4),
        },
        "reference": reference,
        "pool": result.pool,
        "settings": as_json(result.settings),
        "recognizer": asdict(result.recognizer),
        "problem": result.problem,
        "warning": result.warning,
        "remoteness": round(fmean(result.remoteness), 3) if result.remoteness else None,
        "done": result.done,
        **({"provisional": True} if result.provisional else {}),
        **({"calibration": result.calibration} if result.calibration else {}),
    }


def transcript_as_dict(transcript: Transcript, reference: str | None, language: str) -> dict[str, Any]:
    """Return a transcript as plain values; with a reference it is scored against it."""
    scores = {}
    if reference:
        scored = score(reference, transcript.text, language=language)
        scores = {"cer": scored.cer, "wer": scored.wer, "normaliser": scored.normaliser}
    segments = [_segment_dict(segment) for segment in transcript.segments]
    return {
        "text": transcript.text,
        "probability": round(transcript.probability, 4),
        **scores,
        "segments": segments,
    }


def _segment_dict(segment: Segment) -> dict[str, Any]:
    words = {"words": parts_as_dicts(segment.words)} if segment.words else {}
    judged = {} if segment.confidence is None else {"confidence": segment.confidence}
    return {
        "start": round(segment.start, 2),
        "end": round(segment.end, 2),
        "text": segment.text,
        **judged,
        **words,
        "avg_logprob": round(segment.decoded.avg_logprob, 4),
        "no_speech_prob": round(segment.detection.no_speech_prob, 4),
        "language": segment.language,
        "guess": segment.detection.language,
        "guess_probability": round(segment.detection.probability, 4),
        "stopped": segment.decoded.stopped,
        "tokens": list(segment.decoded.tokens),
        "logprobs": [round(p, 4) for p in segment.decoded.logprobs],
    }


def _neighbour_dict(neighbour: Neighbour, start: float, used: bool) -> dict[str, Any]:
    return {
        "id": neighbour.utterance.id,
        "text": neighbour.utterance.text,
        "distance": neighbour.distance,
        "rank": neighbour.rank,
        "segment": round(start, 2),
        "used": used,
    }
