"""Transcripts as Praat's TextGrid, in its long text form: interval tiers that leave no gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smile.exporting.transcripts import Span, TieredTranscript, placed
from smile.text.praat import escaped

HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n'


def as_textgrid(transcript: TieredTranscript) -> str:
    """Return the text of a TextGrid: a tier for each tier, its words and characters.

    Empty intervals lie between the spans.
    """
    times = f"xmin = 0\nxmax = {_time(transcript.seconds)}\n"
    tiers = placed(transcript)
    lines = [HEAD, f"{times}tiers? <exists>\nsize = {len(tiers)}\nitem []:"]
    for number, tier in enumerate(tiers, start=1):
        tiled = list(_tiled(tier.spans, transcript.seconds))
        lines.append(f"    item [{number}]:")
        lines += _indented(8, ['class = "IntervalTier"', f"name = {_quoted(tier.name)}", *times.splitlines()])
        lines.append(f"        intervals: size = {len(tiled)}")
        for at, span in enumerate(tiled, start=1):
            lines.append(f"        intervals [{at}]:")
            ends = [f"xmin = {_time(span.start)}", f"xmax = {_time(span.end)}"]
            lines += _indented(12, [*ends, f"text = {_quoted(escaped(span.text))}"])
    return "\n".join(lines) + "\n"


def _tiled(spans: Sequence[Span], seconds: float) -> Iterator[Span]:
    """The spans with empty ones for what lies between them."""
    at = 0.0
    for span in spans:
        if span.start > at:
            yield Span(at, span.start, "")
        yield span
        at = span.end
    if at < seconds:
        yield Span(at, seconds, "")


def _time(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _indented(width: int, lines: Sequence[str]) -> list[str]:
    return [" " * width + line for line in lines]
