"""A span as two, or two as one: its text, and its words with their times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from smile.datatypes import Span

Halves = tuple[Span, Span]


def divided(span: Span, at: float, texts: tuple[str, str] | None = None) -> Halves:
    """Return a span as two, before and after a time; its `texts`, where they are known, else by its words.

    Words have times where those fall into the same half as the text.
    """
    texts = texts or texts_at(span, at)
    before = tuple(replace(p, end=min(p.end, at)) for p in span.parts if _middle(p) < at)
    after = tuple(replace(p, start=max(p.start, at)) for p in span.parts if _middle(p) >= at)
    said, counts = [text.split() for text in texts], [len(before), len(after)]
    if said[0] + said[1] != span.text.split() or [len(words) for words in said] != counts:
        before = after = ()
    return (
        replace(span, end=at, text=texts[0], parts=before, confidence=None),
        replace(span, start=at, text=texts[1], parts=after, confidence=None),
    )


def texts_at(span: Span, at: float) -> tuple[str, str]:
    """Return the text of a span before and after a time, by its words where their times are known."""
    said = span.text.split()
    if not span.parts or len(said) != len(span.parts):
        return cut_text(span.text, (at - span.start) / ((span.end - span.start) or 1))
    place = sum(_middle(word) < at for word in span.parts)
    return " ".join(said[:place]), " ".join(said[place:])


def joined(first: Span, second: Span) -> Span:
    """Return two spans as one; its words have times where those of both have."""
    said = [span for span in (first, second) if span.text]
    timed = all(span.parts for span in said)
    text, parts = " ".join(span.text for span in said), first.parts + second.parts
    probability = _mean(said)
    return Span(first.start, second.end, text, parts=parts if timed else (), probability=probability)


def cut_text(text: str, share: float) -> tuple[str, str]:
    """Return a text in two at the space that is nearest to a share of it, in [0, 1]."""
    spaces = [0, *(n for n, character in enumerate(text) if character == " "), len(text)]
    place = min(spaces, key=lambda n: abs(n - share * len(text)))
    return text[:place].strip(), text[place:].strip()


def until(span: Span, end: float) -> Span:
    """Return a span with another end, its words no longer than that."""
    parts = tuple(replace(p, start=min(p.start, end), end=min(p.end, end)) for p in span.parts)
    return replace(span, end=end, parts=parts)


def since(span: Span, start: float) -> Span:
    """Return a span with another start, its words no earlier than that."""
    parts = tuple(replace(p, start=max(p.start, start), end=max(p.end, start)) for p in span.parts)
    return replace(span, start=start, parts=parts)


def _middle(span: Span) -> float:
    return (span.start + span.end) / 2


def _mean(spans: Sequence[Span]) -> float | None:
    """The geometric mean of the spans' probabilities, weighted by the length of their texts."""
    known = [(span.probability, len(span.text)) for span in spans if span.probability]
    if not known or len(known) < len(spans):
        return None
    whole = sum(weight for _, weight in known)
    return min(1.0, math.exp(sum(weight * math.log(p) for p, weight in known) / whole))
