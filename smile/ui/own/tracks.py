"""The step in which a visitor says which audio track of recordings is read, where one has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr

from smile.audio.tracks import MOST, Tracks
from smile.datatypes import PoolError
from smile.ui.own.brought import are_these

DEFAULT = "0"
INFO = "A recording has several. One that has no such track is refused."
CHOOSE = "Choose below the files which audio track of the recordings is meant."


class TrackStep(NamedTuple):
    """The components of the step."""

    asked: gr.State  # of which uploads it is asked
    chosen: gr.Dropdown


def track_step() -> TrackStep:
    """Lay out the step, which is hidden until recordings need it."""
    chosen = gr.Dropdown(
        [], value=None, label="Audio track", info=INFO, filterable=False, visible=False, elem_id="own-track"
    )
    return TrackStep(gr.State([]), chosen)


def shown(files: Sequence[str], tracks: Tracks, *sent: Any) -> tuple[Any, ...]:
    """Return the step's outputs for uploads of which one has so many tracks; what was chosen for these stays.

    Where nothing is asked, what the page still sends stays a choice.
    """
    if tracks.count == 1:
        return [], gr.update(visible=False)
    choices = [("the default one of each recording", DEFAULT)]
    choices += [(f"track {n} of {tracks.count}", str(n)) for n in range(1, tracks.count + 1)]
    said = sent[1] if are_these(files, *sent[:1]) else None
    value = next((value for _, value in choices if value == said), DEFAULT)
    return [*files], gr.update(choices=choices, value=value, visible=True)


def wanted(files: Sequence[str], asked: Any = (), said: Any = None) -> int | None:
    """Return the audio track of uploads that a visitor has chosen, from 1; None is the default one.

    Raises:
        SmileError: the page sends anything else.
    """
    if not are_these(files, asked) or said == DEFAULT:
        return None
    number = isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 4 and int(said)
    if not (number and number <= MOST):
        raise PoolError(CHOOSE)
    return number
