"""A condition picked by its parts: model, examples, how they are chosen, from what, how it is decoded."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd
from markupsafe import Markup

from smile.results.parts import TITLES, USUAL, WHOLE, Parts, legend
from smile.ui.components import Picker

FIRST = ("nearest", WHOLE, USUAL)  # in their lists
MIN_WIDTH = 140  # pixels: two beside each other on a phone
NONE = Parts("")
LEGEND = Markup('<details class="names"><summary>What the names mean</summary><dl>{}</dl></details>')
LINE = Markup("<div><dt>{}</dt><dd>{}</dd></div>")


def part_inputs(name: str, of: str = "") -> list[gr.Dropdown]:
    """Lay out a choice for each part of a condition; `of` stands before their titles."""
    with gr.Row(elem_classes="parts", elem_id=name):
        return [
            Picker(
                [],
                label=_label(title, of),
                filterable=False,
                min_width=MIN_WIDTH,
                elem_id=f"{name}-{field}",
                elem_classes="pick",
            )
            for field, title in zip(Parts._fields, TITLES, strict=True)
        ]


def _label(title: str, of: str) -> str:
    """What a part's control is called, of the baseline such as "Baseline: examples"."""
    return title if not of else of if title == TITLES.model else f"{of}: {title.lower()}"


def parts_by_label(facts: pd.DataFrame) -> dict[str, Parts]:
    """Return the parts of every condition by its label."""
    return dict(zip(facts["label"], facts["parts"], strict=True))


def part_updates(facts: pd.DataFrame, label: str) -> list[Any]:
    """Return what each part may be chosen to be, and is in a condition; what it has not is out of sight."""
    known = parts_by_label(facts)
    chosen = known.get(label, NONE)
    alike = [parts for parts in known.values() if parts.model == chosen.model]
    updates = []
    for i, value in enumerate(chosen):
        there = _ordered({parts[i]: None for parts in (alike if i else known.values())})
        named = [(one, one) for one in there]
        updates.append(gr.update(choices=named, value=value or None, visible=len(there) > 1))
    return updates


def _ordered(values: dict[str, None]) -> list[str]:
    """Values in the order of reading: numbers by size, what is usual first."""

    def key(value: str) -> tuple[bool, int]:
        return value not in FIRST, int(value) if value.isdigit() else 0

    return sorted(filter(None, values), key=key)


def others(facts: pd.DataFrame, label: str, also: list[str]) -> list[tuple[str, str]]:
    """Return (name, label) of the conditions that differ from one in a single part, and of some more."""
    known = parts_by_label(facts)
    mine = known.get(label, NONE)
    names = dict(zip(facts["label"], facts["short"], strict=True))
    near = [one for one, parts in known.items() if sum(a != b for a, b in zip(mine, parts, strict=True)) == 1]
    return [(names[one], one) for one in names if one in near or one in also]


def legend_html(facts: pd.DataFrame) -> str:
    """Return what the parts of the names mean, as HTML that opens at a click."""
    return LEGEND.format(Markup().join(LINE.format(*line) for line in legend(facts)))
