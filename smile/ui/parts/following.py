"""A tab that follows the pool chosen on Transcribe, until a visitor has chosen something on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from smile.ui.parts.components import QUICK, Onward

Take = Callable[[str | None], Sequence[Any] | None]


def follow(
    transcribed: Onward, choice: Any, own: Any, held: Sequence[Any], outputs: Sequence[Any], take: Take
) -> None:
    """Let `outputs` follow the pool of Transcribe until something is chosen here.

    Args:
        transcribed: what other tabs go on from.
        choice: the component by which a visitor chooses for this tab alone.
        own: a state, whether that has been done.
        held: components that hold something of the visitor's, which a change would take away.
        outputs: what is given anew.
        take: gives their values for a pool's key, None where this tab has nothing for it.
    """
    choice.input(lambda: True, outputs=own, **QUICK)
    chosen = partial(followed, take, len(outputs))
    transcribed.pool.change(chosen, [transcribed.pool, own, *held], list(outputs), **QUICK)


def followed(take: Take, count: int, pool: str | None, own: bool, *held: Any) -> Any:
    """Return the `count` values for the pool that was chosen, unless there is a choice, or something held."""
    taken = None if own or any(held) else take(pool)
    values = list(taken or [gr.skip()] * count)
    return values if count > 1 else values[0]
