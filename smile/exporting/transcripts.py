"""A transcript as it is exported: what was said when, on one or more tiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from smile.datatypes import Span
from smile.util.fields import from_fields

SMILE, VANILLA = "SMILE", "Whisper alone"  # names of tiers
TEXT, STRANGERS = "Text", "Not in the text"  # of a text that existed already
UNREAD = "?"  # what stands for such speech where nothing of it is read
BY_LEVEL = {"context": SMILE, "acoustic": "Acoustic model", "combined": "Combined"}  # of the tier that counts


@dataclass(frozen=True)
class TieredTranscript:
    """The transcript of a recording; the first tier is the one that counts."""

    recording: str  # its file's name
    seconds: float
    tiers: tuple[tuple[str, tuple[Span, ...]], ...]
    language: str = ""  # ISO 639-3
    distances: tuple[
        float, ...
    ] = ()  # of the first tier's spans from their nearest examples, if all have one

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> TieredTranscript:
        """Return the transcript that `dataclasses.asdict` made these fields of, JSON's lists for tuples.

        Raises:
            ValueError: they are no transcript's.
        """
        return from_fields(cls, fields)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the first tier's spans that have a text."""
        return tuple(span for span in self.tiers[0][1] if span.text) if self.tiers else ()

    @property
    def whole(self) -> bool:
        """Return whether all tiers have as many spans, each at a time and as sure as may be."""
        counts = {len(spans) for _, spans in self.tiers}
        return len(counts) <= 1 and all(_possible(span) for _, spans in self.tiers for span in spans)

    @property
    def text(self) -> str:
        """Return the first tier's text."""
        return " ".join(span.text for span in self.spans)


def _possible(span: Span) -> bool:
    """Whether a span with all its parts is at a time that may be, and as sure as may be."""
    sure = all(0 <= value <= 1 for value in (span.confidence, span.probability) if value is not None)
    return sure and 0 <= span.start <= span.end < math.inf and all(map(_possible, span.parts))


@dataclass(frozen=True)
class PlacedTier:
    """A tier as annotation programs have it: no span over another, each within one of the parent's."""

    name: str
    spans: tuple[Span, ...]
    parent: str = ""  # the name of the tier whose parts these are


def placed(transcript: TieredTranscript) -> list[PlacedTier]:
    """Return the tiers, each followed by those of its words and characters where they have times."""
    tiers: list[PlacedTier] = []
    for name, spans in transcript.tiers:
        tier = PlacedTier(name, tuple(apart(spans, transcript.seconds)))
        tiers.append(tier)
        for unit in ("words", "characters"):
            inside = tuple(part for span in tier.spans for part in _within(span))
            if not inside:
                break
            tier = PlacedTier(f"{name} {unit}", inside, tier.name)
            tiers.append(tier)
    return tiers


def _within(span: Span) -> list[Span]:
    """The parts of a span, cut to its own times."""
    inside = (replace(part, start=max(span.start, part.start)) for part in span.parts)
    return apart(inside, span.end)


def by_words(transcript: TieredTranscript) -> TieredTranscript:
    """Return a transcript whose spans are words; one without times of its words stays whole."""
    tiers = tuple(
        (name, tuple(part for span in spans for part in (_within(span) or (span,))))
        for name, spans in transcript.tiers
    )
    return replace(transcript, tiers=tiers)


def without_words(transcript: TieredTranscript) -> TieredTranscript:
    """Return a transcript with the times of its utterances only."""
    tiers = tuple(
        (name, tuple(replace(span, parts=()) for span in spans)) for name, spans in transcript.tiers
    )
    return replace(transcript, tiers=tiers)


def of_words(words: Sequence[Span]) -> float | None:
    """Return the confidence of an utterance: the mean of its words'; None where none has any."""
    judged = [word.confidence for word in words if word.confidence is not None]
    return round(fmean(judged), 4) if judged else None


def judged(transcript: TieredTranscript) -> TieredTranscript:
    """Return a transcript whose utterances have the confidence of their words, and no other."""
    tiers = tuple(
        (name, tuple(replace(span, confidence=of_words(span.parts)) for span in spans))
        for name, spans in transcript.tiers
    )
    return replace(transcript, tiers=tiers)


def parts_as_dicts(parts: Iterable[Span]) -> list[dict[str, Any]]:
    """Return words as plain values for JSON, with their characters where these have times."""
    return [_part_dict(part) for part in parts]


def _part_dict(part: Span) -> dict[str, Any]:
    inner = {"characters": parts_as_dicts(part.parts)} if part.parts else {}
    sure = {"confidence": part.confidence} if part.confidence is not None else {}
    start, end = round(part.start, 3), round(part.end, 3)
    return {"text": part.text, "start": start, "end": end, "probability": part.probability, **sure, **inner}


def apart(spans: Iterable[Span], seconds: float) -> list[Span]:
    """Return the spans with a text in the order of time, none of them over another or past the end.

    A span that reaches into the next one, or leaves the recording, is cut there.
    """
    placed: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        start = max(span.start, placed[-1].end if placed else 0.0)
        end = min(span.end, seconds)
        if span.text and end > start:
            placed.append(replace(span, start=start, end=end))
    return placed


__all__ = [
    "BY_LEVEL",
    "SMILE",
    "STRANGERS",
    "TEXT",
    "VANILLA",
    "PlacedTier",
    "Span",
    "TieredTranscript",
    "apart",
    "by_words",
    "judged",
    "of_words",
    "parts_as_dicts",
    "placed",
    "without_words",
]
