"""A result to be heard: the recording's waveform with the segments and words of its transcript."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from smile.datatypes import SmileError, Span
from smile.ui.files import uploaded
from smile.ui.parts import waveform
from smile.ui.parts.waveform import LISTENING, Line, Wave
from smile.ui.transcribe.view import ALONE, OTHERS, Finished, Outcome

if TYPE_CHECKING:
    from smile.transcription.result import Result, Segment, Transcript

ALL = "Play the recording from where the cursor is, or pause"
COMMANDS = tuple(replace(c, what=ALL) if c.name == "play" else c for c in LISTENING)
CAPTION = "Choose a word or a time to hear it: {}"


def heard(outcome: Outcome, audio: str | None) -> str:
    """Return the waveform of a finished result as HTML; nothing of one that is not, or has no text."""
    if not (isinstance(outcome, Finished) and outcome.result.done and outcome.seen and audio):
        return ""
    title, written = _side(outcome.result)
    try:
        source = f"gradio_api/file={quote(str(uploaded(audio)))}"
    except SmileError:
        return ""
    seconds, outline = outcome.seen
    timed = all(segment.words for segment in written.segments if segment.text)
    lines = tuple(_line(segment, seconds, timed) for segment in written.segments if segment.text)
    if not lines:
        return ""
    cuts = tuple((segment.start, segment.end) for segment in written.segments)
    whole, caption = (0.0, seconds), CAPTION.format(title)
    return waveform.figure(Wave(caption, 0.0, seconds, outline, source, whole, cuts, lines, timed, COMMANDS))


def _side(result: Result) -> tuple[str, Transcript]:
    """The side that counts, and what it is called: the other one than Whisper alone, where it has a text."""
    if result.smile.text:
        return OTHERS[result.settings.level][1], result.smile
    return ALONE[1], result.vanilla


def _line(segment: Segment, seconds: float, timed: bool) -> Line:
    """A segment as far as the recording goes."""
    end = min(segment.end, seconds)
    words = tuple(Span(w.start, w.end, w.text, w.confidence) for w in segment.words)
    guessed = waveform.spread(segment.text, min(segment.start, end), end)
    return Line(segment.start, end, words if timed else guessed)
