"""Gradio's components with steps of our own.

A session makes its components anew from their class and arguments whenever an event leaves them as they are,
so the steps must be those of a class: what is set on an object is lost.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData


def derived(component: type, **methods: Callable[..., Any]) -> Any:
    """Return a class derived from one of gradio's, which stands in the page for that one.

    Gradio's metaclass would write an interface file for it into this folder, so it is passed over.
    """
    named = {"__module__": component.__module__, "__doc__": component.__doc__}
    return ABCMeta.__new__(type(component), component.__name__, (component,), named | methods)


def _path(self: Any, payload: FileData | None) -> str | None:
    """Give the path of an upload; gradio would decode it, unless it is told not to."""
    return payload.path if payload else None


def _handed(self: Any, value: str | Path | None) -> FileData | None:
    """Hand a recording to the page as it is; gradio would have `ffprobe` and `ffmpeg` at it first."""
    return FileData(path=str(value), orig_name=Path(value).name) if value else None


def _text(self: Any, payload: Any) -> str:
    """Give a text as it was sent; gradio would refuse one that is no longer offered."""
    return payload if isinstance(payload, str) else ""


Audio = derived(gr.Audio, preprocess=_path, postprocess=_handed)
"""Takes and plays recordings that no program is let at."""

Picker = derived(gr.Dropdown, preprocess=_text)
"""Takes a choice whose list may have changed on its way; what it comes to is for the callback."""

Choice = derived(gr.Radio, preprocess=_text)
"""Takes a choice as it was sent, as `Picker` does."""
