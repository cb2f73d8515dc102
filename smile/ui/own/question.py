"""What only a visitor can say of their files: a dropdown that is hidden until it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr

from smile.ui.own.brought import are_these


class Question(NamedTuple):
    """The components of a question."""

    asked: gr.State  # of which uploads it is asked
    chosen: gr.Dropdown


def question(label: str, info: str, elem_id: str) -> Question:
    """Lay out a question, hidden."""
    chosen = gr.Dropdown(
        [], value=None, label=label, info=info, filterable=False, visible=False, elem_id=elem_id
    )
    return Question(gr.State([]), chosen)


def hidden() -> tuple[Any, ...]:
    """Return the outputs where nothing is asked; what the page still sends stays a choice."""
    return [], gr.update(visible=False)


def put(
    files: Sequence[str],
    choices: Sequence[tuple[str, str]],
    sent: Sequence[Any],
    usual: str | None,
    **how: Any,
) -> tuple[Any, ...]:
    """Return the outputs where it is asked of uploads, and `how` it looks.

    What the page has `sent` stays chosen where it was asked of these and is among the choices, labels and
    values; else the usual one is.
    """
    said = sent[1] if are_these(files, *sent[:1]) else None
    value = next((value for _, value in choices if value == said), usual)
    return [*files], gr.update(choices=list(choices), value=value, visible=True, **how)
