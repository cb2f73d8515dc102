"""A part of a visitor's recording as a clip of its own."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from smile.audio.io import write
from smile.audio.isolated import reading_apart
from smile.datatypes import SAMPLE_RATE
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.transcription.lengths import LISTED


def cutting(workspace: Workspace, part: Part, out: Path) -> Generator[None, None, Path]:
    """Write the sound of a part as a WAV, and return its path; yields while the recording is decoded.

    Raises:
        AudioError: the recording cannot be read.
    """
    recording = yield from reading_apart(workspace.recordings / part.recording, 60 * LISTED)
    write(out, recording.samples[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)])
    return out
