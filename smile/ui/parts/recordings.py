"""The recording that a visitor brings to a tab, read in a process of its own."""

from __future__ import annotations

from smile.audio.io import Steps
from smile.audio.isolated import reading_apart
from smile.datatypes import SmileError
from smile.transcription.lengths import PAGE
from smile.ui.files import uploaded

NO_CLIP = "There is no recording yet: record one, upload one or choose one of the list."
READING = "Reading the recording"


def recording_of(audio: str | None) -> Steps:
    """Return the recording that gradio keeps for a visitor; yields while it is decoded, in another process.

    Of one that is longer than the page's limit it is the beginning, and `cut` says so.

    Raises:
        SmileError: there is none, it is no upload, or it cannot be read.
    """
    if not audio:
        raise SmileError(NO_CLIP)
    return (yield from reading_apart(uploaded(audio), 60 * PAGE))
