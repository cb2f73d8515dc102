"""The clip that a tab works on: a pool, one of its recordings or the visitor's own, and its text."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from smile.transcription.lengths import PAGE
from smile.ui.engine import Engine
from smile.ui.parts.components import recorder
from smile.ui.parts.pools import default_pool, example_choices, pool_choices


class Clip(NamedTuple):
    """The components of a clip: its language's pool, one of its own recordings, audio, reference text."""

    pool: Any
    example: Any
    audio: Any
    reference: Any


def clip_inputs(engine: Engine, purpose: str, prefix: str = "", below: gr.HTML | None = None) -> Clip:
    """Lay out a clip; the reference is there for a `purpose`, and `prefix` begins the names in the page.

    What goes `below` the recorder is made by the caller.
    """
    pool = gr.Dropdown(
        pool_choices(engine.pools()),
        value=default_pool(engine),
        label="Language of the examples",
        elem_id=f"{prefix}pool",
    )
    audio = recorder(f"Recording (up to {PAGE:g} minutes)", f"{prefix}audio")
    if below is not None:
        below.render()
    example = gr.Radio(**example_choices(engine, pool.value), elem_id=f"{prefix}example")
    reference = gr.Textbox(
        label="Reference text (optional)",
        placeholder=f"What is said, to {purpose}",
        max_lines=6,
        elem_id=f"{prefix}reference",
    )
    return Clip(pool, example, audio, reference)
