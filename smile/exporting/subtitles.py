"""Transcripts as subtitles: SubRip (srt) and WebVTT (vtt)."""

from __future__ import annotations

from dataclasses import replace

from smile.exporting.transcripts import Span, TieredTranscript, apart

ARROW = "-->"


def as_srt(transcript: TieredTranscript) -> str:
    """Return the text of SubRip subtitles: a block for each span that has a text.

    It has no way to escape the arrow between times, so one in a text is written as another sign.
    """
    blocks = (
        f"{number}\n{_clock(span.start, ',')} --> {_clock(span.end, ',')}\n{span.text.replace(ARROW, '→')}\n"
        for number, span in enumerate(_cues(transcript), start=1)
    )
    return "\n".join(blocks)


def as_vtt(transcript: TieredTranscript) -> str:
    """Return the text of WebVTT subtitles; the signs that it reads as markup are escaped."""
    cues = (
        f"{_clock(s.start, '.')} --> {_clock(s.end, '.')}\n{_escaped(s.text)}\n" for s in _cues(transcript)
    )
    return "\n".join(["WEBVTT\n", *cues])


def _cues(transcript: TieredTranscript) -> list[Span]:
    """The spans, their texts without blank lines: in both formats such a line ends what is shown."""
    spans = (replace(span, text=_lines(span.text)) for span in transcript.spans)
    return apart(spans, transcript.seconds)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _clock(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
