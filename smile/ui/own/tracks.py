"""The step in which a visitor says which audio track of recordings is read, where one has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smile.audio.tracks import MOST, Tracks
from smile.datatypes import PoolError
from smile.ui.own.brought import are_these
from smile.ui.own.question import Question, hidden, put, question

DEFAULT = "0"
INFO = "A recording has several. One that has no such track is refused."
CHOOSE = "Choose below the files which audio track of the recordings is meant."


def track_step() -> Question:
    """Lay out the step, which is hidden until recordings need it."""
    return question("Audio track", INFO, "own-track")


def shown(files: Sequence[str], tracks: Tracks, *sent: Any) -> tuple[Any, ...]:
    """Return the step's outputs for uploads of which one has so many tracks; what was chosen stays."""
    if tracks.count == 1:
        return hidden()
    choices = [("the default one of each recording", DEFAULT)]
    choices += [(f"track {n} of {tracks.count}", str(n)) for n in range(1, tracks.count + 1)]
    return put(files, choices, sent, DEFAULT)


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
