"""Live text of a recording, and the transcription that takes its place when it has ended."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency

from smile.ui.engine import Engine
from smile.ui.live import LiveSessions
from smile.ui.parts.clip import Clip
from smile.ui.parts.components import QUICK
from smile.ui.parts.live import DROP, connect_live, heard_with
from smile.ui.transcribe.view import Finished, Outcome

TRANSCRIBE = "() => window.smileRecorded('audio', 'button#start')"


class Ends(NamedTuple):
    """What ends live text: an outcome that is settled; and the recording that is taken."""

    outcome: gr.State
    brought: Dependency
    settled: Dependency


def connect(engine: Engine, sessions: LiveSessions, clip: Clip, region: gr.HTML, ends: Ends) -> None:
    """Begin live text as somebody records, and let the transcript that follows take its place."""
    connect_live(sessions, clip.audio, region, partial(heard_with, engine), clip.pool)
    gr.on([clip.example.input, clip.audio.upload, clip.audio.clear], js=DROP.format("audio"))
    ends.brought.then(js=TRANSCRIBE)
    ends.settled.then(replaced, ends.outcome, region, **QUICK)


def replaced(outcome: Outcome) -> Any:
    """Return the region after a transcription: empty where all of it was written."""
    whole = isinstance(outcome, Finished) and outcome.result.done
    return "" if whole else gr.skip()
