"""A transcription as values: its settings, its growing result, and the result as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from smile.datatypes import Decoded, Neighbour, Opening, RecognizerInfo, confidence
from smile.settings import Settings
from smile.text.scoring import score


@dataclass(frozen=True)
class Line:
    """One segment of one side's transcript; `decoded.stopped` is empty while it is being written."""

    start: float
    end: float
    decoded: Decoded
    language: str  # the language token in the prompt
    opening: Opening

    @property
    def text(self) -> str:
        """What has been written."""
        return self.decoded.text


@dataclass(frozen=True)
class Side:
    """A transcript of the whole recording, vanilla or in-context."""

    lines: tuple[Line, ...] = ()
    seconds: float = 0.0  # time taken, encoding included
    done: bool = False

    @property
    def text(self) -> str:
        """The lines joined by a space."""
        return " ".join(line.text for line in self.lines if line.text)

    @property
    def confidence(self) -> float:
        """exp of the mean log probability over all text tokens, in [0, 1]; 0 where there are none."""
        return confidence([p for line in self.lines for p in line.decoded.logprobs])


@dataclass(frozen=True)
class Chosen:
    """The examples of one segment: neighbours in the order chosen; `left_out` did not fit the window."""

    start: float
    neighbours: tuple[Neighbour, ...]
    left_out: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Result:
    """A snapshot of a transcription; each one yielded says more than the one before it."""

    duration: float  # of the recording, seconds
    settings: Settings
    recognizer: RecognizerInfo  # of the in-context side
    pool: str = ""
    language: str = ""  # ISO 639-3 of the pool
    vanilla: Side = field(default_factory=Side)
    smile: Side = field(default_factory=Side)
    chosen: tuple[Chosen, ...] = ()
    retrieval: float = 0.0  # seconds spent on embedding and ranking, part of smile.seconds
    stage: str = ""  # what is being done now, for a person
    waiting: str = ""  # the same, while the in-context side waits for its pool
    done: bool = False
    problem: str = ""  # why something that was asked for was left out


def as_dict(result: Result, reference: str | None = None) -> dict[str, Any]:
    """A result as plain values for JSON; with a reference, both sides are scored against it."""
    return {
        "vanilla": _side_dict(result.vanilla, reference, result.language),
        "smile": _side_dict(result.smile, reference, result.language),
        "neighbours": [
            _neighbour_dict(n, chosen.start, used)
            for chosen in result.chosen
            for used, found in ((True, chosen.neighbours), (False, chosen.left_out))
            for n in found
        ],
        "seconds": {
            "recording": round(result.duration, 3),
            "vanilla": round(result.vanilla.seconds, 3),
            "smile": round(result.smile.seconds, 3),
            "retrieval": round(result.retrieval, 4),
        },
        "reference": reference,
        "pool": result.pool,
        "settings": asdict(result.settings),
        "recognizer": asdict(result.recognizer),
        "problem": result.problem,
        "done": result.done,
    }


def _side_dict(side: Side, reference: str | None, language: str) -> dict[str, Any]:
    scores = {}
    if reference:
        scored = score(reference, side.text, language=language)
        scores = {"cer": scored.cer, "wer": scored.wer, "normaliser": scored.normaliser}
    lines = [_line_dict(line) for line in side.lines]
    return {"text": side.text, "confidence": round(side.confidence, 4), **scores, "segments": lines}


def _line_dict(line: Line) -> dict[str, Any]:
    return {
        "start": round(line.start, 2),
        "end": round(line.end, 2),
        "text": line.text,
        "average_logprob": round(line.decoded.average_logprob, 4),
        "no_speech": round(line.opening.no_speech, 4),
        "language": line.language,
        "guess": line.opening.language,
        "guess_probability": round(line.opening.probability, 4),
        "stopped": line.decoded.stopped,
        "tokens": list(line.decoded.tokens),
        "logprobs": [round(p, 4) for p in line.decoded.logprobs],
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
