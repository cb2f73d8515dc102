"""The tab's controls, and their choices once rows are known."""

from __future__ import annotations

from typing import Any

import gradio as gr

from smile.text.normalisers import NORMALISERS
from smile.ui.results.charts import CHARTS
from smile.ui.results.picker import others, part_inputs, part_updates
from smile.ui.results.selection import GROUPS, HELD_OUT, PICKERS, Choices
from smile.ui.results.utterances import ORDERS
from smile.ui.store import Measured

SIDE_BY_SIDE = 260  # pixels that a control in a row needs
NARROW = 140  # of one of two beside each other on a phone


def choice_inputs(condition: gr.Textbox, baseline: gr.Textbox) -> Choices:
    """Lay out what is compared, how it is counted, and which languages are shown."""
    parts, base_parts = part_inputs("condition"), part_inputs("baseline", "Baseline")
    with gr.Row():
        metric = _bar([("CER", "cer"), ("WER", "wer")], "cer", "Metric", "metric")
        normaliser = _bar(list(NORMALISERS), "plain", "Normaliser", "normaliser")
        search = gr.Textbox(
            label="Search",
            placeholder="Name, code, family or script",
            min_width=SIDE_BY_SIDE,
            max_lines=1,
            elem_id="search",
        )
    with gr.Row():
        known = _bar(GROUPS, HELD_OUT, "Languages", "known", scale=4)
        families = _dropdown("Family", "families", several=True)
        scripts = _dropdown("Script", "scripts", several=True)
    given = (condition, baseline, metric, normaliser, search, known, families, scripts)
    return Choices(*given, None, *parts, *base_parts)


def shown_conditions() -> tuple[gr.Textbox, gr.Textbox]:
    """Keep in the page, out of sight, which condition and which baseline its parts are of.

    They stand beside the box of the parts, which would show all that is in it as it is shown again. In the
    session they would be ahead of the parts where an answer is still on its way, and what stands there of the
    condition before would be taken for wished.
    """
    names = "shown-condition", "shown-baseline"
    condition, baseline = (gr.Textbox("", visible="hidden", elem_id=name) for name in names)
    return condition, baseline


def column_input() -> gr.Dropdown:
    """Lay out the choice of further conditions in the table."""
    return _dropdown("Further conditions in the table, that differ in one part", "columns", several=True)


def opened_inputs() -> tuple[gr.Dropdown, gr.Dropdown]:
    """Lay out the choice of the language whose utterances are shown, and of their order."""
    with gr.Row():
        language = _dropdown("Utterances of", "opened")
        order = gr.Dropdown(
            [(title, key) for key, title in ORDERS.items()],
            value="gain",
            label="Order",
            min_width=SIDE_BY_SIDE,
            elem_id="order",
            elem_classes="pick",
        )
    return language, order


def chart_input() -> gr.Radio:
    """Lay out the choice of a chart."""
    titles = [(chart.title, key) for key, chart in CHARTS.items()]
    return _bar(titles, "languages", "Chart", "chart")


def _dropdown(label: str, name: str, several: bool = False) -> gr.Dropdown:
    width = NARROW if several else SIDE_BY_SIDE
    return gr.Dropdown(
        [], label=label, multiselect=several, min_width=width, elem_id=name, elem_classes="pick"
    )


def _bar(choices: list[Any], value: str, label: str, name: str, scale: int = 1) -> gr.Radio:
    return gr.Radio(
        choices,
        value=value,
        label=label,
        min_width=SIDE_BY_SIDE,
        scale=scale,
        elem_id=name,
        elem_classes="bar",
    )


def offered(measured: Measured, choices: Choices) -> dict[str, Any]:
    """Return what the controls offer, by name, and what a visitor chose where it is still there."""
    languages = measured.languages
    names = sorted(zip(languages["name"] + " (" + languages["code"] + ")", languages["code"], strict=True))
    updates = {"opened": gr.update(choices=names), **picked(measured, choices)}
    for name, column, chosen in (
        ("families", "family", choices.families),
        ("scripts", "script", choices.scripts),
    ):
        there = sorted(set(languages[column]) - {""})
        updates[name] = gr.update(choices=there, value=[value for value in chosen or () if value in there])
    return updates


def picked(measured: Measured, choices: Choices) -> dict[str, Any]:
    """Return what the pickers of conditions offer, by name, and which conditions are chosen."""
    facts, columns = measured.facts, list(choices.columns)
    updates = [*part_updates(facts, choices.condition), *part_updates(facts, choices.baseline)]
    return {
        "condition": choices.condition,
        "baseline": choices.baseline,
        "columns": gr.update(choices=others(facts, choices.condition, columns), value=columns),
        **dict(zip(PICKERS, updates, strict=True)),
    }
