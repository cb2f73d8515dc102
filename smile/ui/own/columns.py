"""The step in which a visitor says which columns of a table are meant, where their names do not say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.corpora.mapping import ColumnMapping
from smile.corpora.preview import Preview
from smile.datatypes import PoolError
from smile.ui.own.view import HEAD, SCROLL, TABLE
from smile.ui.parts.components import PLAIN

NONE = "0"  # no column
INPUTS = 6  # values that `mapping` takes
SHOWN = 20  # characters of a cell in a choice
WHOLE = "none: each recording is one clip"
ASKED = (
    '<p class="own-count">Which columns of {} are meant?</p><p class="note">Their names do not say. '
    "These are its first lines: choose the texts’ column below, see that the others are right, and press "
    "“Add these files”.</p>"
)
CHOOSE = "Choose which column names the recordings, and which one holds the texts."


class ColumnChoice(NamedTuple):
    """The components of the step."""

    asked: gr.State  # whether it is shown
    box: gr.Column
    rows: gr.HTML
    audio: gr.Dropdown
    text: gr.Dropdown
    start: gr.Dropdown
    end: gr.Dropdown
    first: gr.Dropdown

    @property
    def inputs(self) -> list[Any]:
        """Return the components whose values `mapping` takes."""
        return [self.asked, self.audio, self.text, self.start, self.end, self.first]


def column_choice() -> ColumnChoice:
    """Lay out the step, which is hidden until a table needs it."""
    asked = gr.State(False)
    with gr.Column(visible=False, elem_classes="own-editor", elem_id="own-columns") as box:
        rows = gr.HTML("", elem_id="own-columns-rows", **PLAIN)
        with gr.Row():
            audio = _dropdown("Recordings are named in", "audio")
            text = _dropdown("Texts are in", "text")
            first = _dropdown("The first clip is in", "first")
        with gr.Row():
            start = _dropdown("Clips begin at (seconds)", "start")
            end = _dropdown("Clips end at (seconds)", "end")
    return ColumnChoice(asked, box, rows, audio, text, start, end, first)


def _dropdown(label: str, name: str) -> gr.Dropdown:
    return gr.Dropdown(
        [], value=None, label=label, filterable=False, elem_id=f"own-column-{name}", min_width=220
    )


def hidden() -> tuple[Any, ...]:
    """Return the step's outputs where nothing is asked; what the page still sends stays a choice."""
    return False, gr.update(visible=False), *[gr.skip()] * (len(ColumnChoice._fields) - 2)


def shown(preview: Preview | None) -> tuple[Any, ...]:
    """Return the step's outputs for a table whose columns are to be chosen, or where there is none.

    Which column has the texts a person says; nobody's guess binds them to a sound.
    """
    if preview is None:
        return hidden()
    columns = _columns(preview)
    times = [(WHOLE, NONE), *columns]
    lines = [
        (f"line {line}: {_short(' · '.join(filter(None, cells)))}", str(line))
        for line, cells in _rows(preview)
    ]
    return (
        True,
        gr.update(visible=True),
        _html(preview),
        gr.update(choices=columns, value=_place(preview.audio)),
        gr.update(choices=columns, value=None),
        gr.update(choices=times, value=NONE),
        gr.update(choices=times, value=NONE),
        gr.update(choices=lines, value=str(preview.first), visible=_has_lines(preview)),
    )


def mapping(asked: Any = False, *chosen: Any) -> ColumnMapping | None:
    """Return the columns that a visitor has chosen, from what the page sends; None where nothing was asked.

    Raises:
        SmileError: the recordings' column or the texts' is missing, or the page sends anything else.
    """
    if asked is not True:
        return None
    audio, text, start, end, first = (_sent(value) for value in (*chosen, *[None] * 5)[:5])
    if not (audio and text):
        raise PoolError(CHOOSE)
    return ColumnMapping(audio, text, start, end, int(first or 0))


def _sent(value: Any) -> str:
    """A number as the page sends it, as text; "" for none."""
    if value is None or value == NONE:
        return ""
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 8):
        raise PoolError(CHOOSE)
    return value


def _place(place: int) -> str | None:
    return str(place) if place else None


def _has_lines(preview: Preview) -> bool:
    """Whether any line may be the first clip's; in jsonl, names are with each row."""
    return all(line for line, _ in preview.rows)


def _rows(preview: Preview) -> Sequence[tuple[int, tuple[str, ...]]]:
    return [row for row in preview.rows if row[0]]


def _columns(preview: Preview) -> list[tuple[str, str]]:
    """The columns as choices: place, name if there is one, and what the first clip has there."""
    above = [cells for line, cells in preview.rows if line < preview.first]
    below = next((cells for line, cells in preview.rows if line >= preview.first), ())
    names = above[-1] if above else ("",) * preview.width
    samples = [*below, *[""] * (preview.width - len(below))]
    pairs = zip(names, samples, strict=True)
    parts = [filter(None, (_short(name), f"“{_short(cell)}”")) for name, cell in pairs]
    return [(f"{place}: {', '.join(part)}", str(place)) for place, part in enumerate(parts, start=1)]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _html(preview: Preview) -> str:
    heads = Markup().join(map(HEAD.format, ("Line", *range(1, preview.width + 1))))
    rows = Markup().join(
        Markup("<tr><td>{}</td>{}</tr>").format(
            line or "names", Markup().join(map(Markup('<td dir="auto">{}</td>').format, cells))
        )
        for line, cells in preview.rows
    )
    return Markup(ASKED).format(preview.table) + SCROLL.format("First lines", TABLE.format(heads, rows))
