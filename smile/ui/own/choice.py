"""The choice between a visitor's languages: each with its name and the number of its examples."""

from __future__ import annotations

from typing import Any
from unicodedata import bidirectional

import gradio as gr

from smile.own.languages import Listed, here, languages
from smile.own.workspace import Workspace
from smile.ui.components import Choice

UNNAMED = "Not named yet"
ISOLATED = "\u2068{}\u2069"  # what is written from right to left stays before what follows it


def language_choice(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out the choice, and the button that begins another language; hidden while there is nothing."""
    with gr.Column(visible=False, elem_id="own-languages-box") as box:
        outputs["languages"] = Choice(
            [], label="Your languages", elem_id="own-languages", elem_classes="pick-list"
        )
        with gr.Row(elem_classes="files"):
            pressed["another"] = gr.Button("Another language", size="sm", elem_id="own-another")
    outputs["languages_box"] = box


def shown(workspace: Workspace | None) -> dict[str, Any]:
    """Return the outputs that follow from all languages of a folder's key; None: nothing is there."""
    listed = languages(workspace) if workspace else []
    seen = gr.update(visible=len(listed) > 1 or any(not one.bare for one in listed))
    choices = [(label(one), str(one.number)) for one in listed]
    value = str(here(workspace)) if workspace else None
    return {
        "languages": gr.update(choices=choices, value=value),
        "languages_box": seen,
        "delete_this": seen,
    }


def label(one: Listed) -> str:
    """Return how a language is told from the others, such as "Mboshi · 12 examples"."""
    name = _alone(one.name) or UNNAMED
    if one.bare or one.examples is None:
        return name
    counted = "1 example" if one.examples == 1 else f"{one.examples or 'no'} examples"
    return f"{name} · {counted}"


def _alone(name: str) -> str:
    """A name that a label may go on after: a number would else move to the other side of some."""
    return ISOLATED.format(name) if any(bidirectional(c) in ("R", "AL") for c in name) else name
