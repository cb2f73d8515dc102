"""Live text of a visitor's recording, by the acoustic model of their own examples."""

from __future__ import annotations

from functools import partial

import gradio as gr

from smile.ui.live import LiveSessions
from smile.ui.own.buttons import Buttons
from smile.ui.own.page import Page, opened
from smile.ui.own.service import VisitorService
from smile.ui.parts.live import DROP, Heard, Words, connect_live, head_of, loaded

WORDS = Words(
    ended="This was the live text; add the recording and press Transcribe for the full transcript.",
    unfitted="Live text needs an acoustic model of your examples: where the check, or you in the settings of "
    "step 3, choose a level with one, it is fitted when you first transcribe.",
)


def connect(service: VisitorService, sessions: LiveSessions, view: Page, buttons: Buttons) -> None:
    """Begin live text as a visitor records what is to be transcribed; it goes with recording and key."""
    connect_live(sessions, view.recorded, buttons.live, partial(heard_by, service), view.key, WORDS)
    gone = [view.recorded.upload, view.recorded.clear, buttons.add_recorded.click, buttons.really.click]
    gr.on([*gone, view.key.change], js=DROP.format("own-recorded"))


def heard_by(service: VisitorService, key: str | None) -> Heard:
    """Return what writes live text with a visitor's examples; nothing is fitted, loaded or waited for.

    Raises:
        SmileError: it is not ready; says what is needed.
    """
    workspace, model = opened(service, key), loaded(service.engine)
    return model, head_of(workspace.pool(model.info.encoder), model, WORDS)
