"""Components that several tabs lay out, their options, and the line that says what goes on."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.ui.components import Audio

ANNOUNCED = "window.smileAnnounce(element);"
PLAIN: dict[str, Any] = {"apply_default_css": False}
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
TURNS: dict[str, Any] = {"concurrency_limit": 4, "concurrency_id": "engine"}  # they take turns step by step
BUSY = "The server is busy; please try again in a minute."
STAGE = Markup('<p class="stage {kind}">{text}</p>')
FOLD = Markup(
    '<button type="button" class="fold" aria-expanded="false" aria-controls="{part}">{title}</button>'
)


LOOKS = 3.0  # seconds between two looks at what another page is at work on


class Onward(NamedTuple):
    """The components that other tabs go on from: tabs, buttons that come with a result, its clip."""

    tabs: Any
    button: Any
    compare: Any
    pool: Any
    example: Any
    audio: Any
    reference: Any


def recorder(label: str, elem_id: str) -> gr.Audio:
    """Return a component that records or takes an upload."""
    made: gr.Audio = Audio(
        type="filepath",
        sources=["microphone", "upload"],
        label=label,
        elem_id=elem_id,
        elem_classes="recorder",
        buttons=[],
    )
    return made


def fold(title: str, part: str) -> None:
    """Lay out a button for phones, which folds what the style sheet folds in the part of an id."""
    gr.HTML(FOLD.format(title=title, part=part), elem_classes="folding", **PLAIN)


def stage(text: str, kind: str = "") -> str:
    """Return a line that says what goes on; `kind` is "working", "done", "error" or nothing."""
    return STAGE.format(kind=kind, text=text)


def cancelling() -> str:
    """Return the stage from the click on Cancel until the engine has stopped."""
    return stage("Cancelling", "working")
