"""The step in which a visitor says in which encoding a table or annotations are, where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smile.corpora.encodings import ENCODINGS, encoding_named
from smile.corpora.undecoded import EncodingChoice, Undecoded
from smile.datatypes import PoolError
from smile.ui.own.brought import are_these
from smile.ui.own.question import Question, hidden, put, question

NONE = "0"  # none of them
LEAVE = "none: leave such lines out"
NAMED = 3  # encodings that a choice names
INFO = (
    "Some letters are not in UTF-8, and nothing says in which encoding they are: choose the one in which "
    "these places read right."
)
CHOOSE = "Choose below the files in which encoding their texts read right."


def encoding_step() -> Question:
    """Lay out the step, which is hidden until files need it."""
    return question("Encoding", INFO, "own-encoding")


def shown(files: Sequence[str], undecoded: Undecoded | None, *sent: Any) -> tuple[Any, ...]:
    """Return the step's outputs for uploads; what was chosen for these stays, and nothing is guessed."""
    if undecoded is None:
        return hidden()
    choices = [(_label(one), one.names[0]) for one in undecoded.choices]
    choices += [(LEAVE, NONE)] if undecoded.table else []
    what = f"Encoding of the {'table' if undecoded.table else 'annotations'}"
    return put(files, choices, sent, None, label=what)


def named(files: Sequence[str], asked: Any = (), said: Any = None) -> str:
    """Return the encoding that a visitor has chosen for uploads; "" where there is none.

    Raises:
        SmileError: the page sends anything else.
    """
    if not are_these(files, asked) or said is None or said == NONE:
        return ""
    if not isinstance(said, str):
        raise PoolError(CHOOSE)
    return encoding_named(said)


def wanted(files: Sequence[str], asked: Any = (), said: Any = None) -> str:
    """Return the encoding in which uploads are to be read; "" where it is none or was not asked.

    Raises:
        SmileError: it was asked, and nothing is chosen; or the page sends anything else.
    """
    if are_these(files, asked) and not said:
        raise PoolError(CHOOSE)
    return named(files, asked, said)


def _label(choice: EncodingChoice) -> str:
    names = [ENCODINGS[name].partition(",")[0] for name in choice.names]
    named = names if len(names) <= NAMED + 1 else [*names[:NAMED], f"{len(names) - NAMED} others"]
    called = ENCODINGS[choice.names[0]] if len(names) == 1 else " or ".join(named)
    return f"{called}: {' '.join(f'“{text}”' for text in choice.shown)}"
