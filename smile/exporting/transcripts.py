"""A transcript as it is exported: what was said when, on one or more tiers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from smile.datatypes import Span
from smile.util.fields import from_fields

SMILE, VANILLA = "SMILE", "Whisper alone"  # names of tiers
BY_LEVEL = {"context": SMILE, "acoustic": "Acoustic model"}  # of the tier that counts


@dataclass(frozen=True)
class TieredTranscript:
    """The transcript of a recording; the first tier is the one that counts."""

    recording: str  # its file's name
    seconds: float
    tiers: tuple[tuple[str, tuple[Span, ...]], ...]
    language: str = ""  # ISO 639-3

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
    def text(self) -> str:
        """Return the first tier's text."""
        return " ".join(span.text for span in self.spans)


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


__all__ = ["BY_LEVEL", "SMILE", "VANILLA", "Span", "TieredTranscript", "apart"]
