"""The charts by key: title, what to read in them, and what to say where their rows are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from smile.ui.results import curves, figures
from smile.ui.results.legends import legend_html
from smile.ui.results.selection import GROUPS, Selection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


UNPAIRED = "There is nothing to compare: choose a baseline and another condition, both measured here."
MISSING_GRID = "There are no rows with {} on these languages; make them with: smile evaluate --grid {}"
ELSEWHERE = "There are no rows with {} on these languages; there are some under Languages: {}."


@dataclass(frozen=True)
class Chart:
    """A chart that can be chosen."""

    title: str
    draw: Callable[[Selection], Figure | None]
    caption: str
    missing: str
    rows: str = ""  # that it needs and not every language has


def _of_grid(
    title: str, draw: Callable[[Selection], Figure | None], caption: str, rows: str, grid: str
) -> Chart:
    """A chart over rows that a grid makes."""
    return Chart(title, draw, caption, MISSING_GRID.format(rows, grid), rows)


CHARTS = {
    "languages": Chart(
        "Languages",
        figures.by_language,
        "From the baseline (grey square) to the condition; bands are 95 % intervals.",
        UNPAIRED,
    ),
    "shots": _of_grid(
        "Examples",
        curves.by_shots,
        "Random examples are averaged over their seeds. Bars are 95 % intervals; grey is the paper's.",
        "different numbers of examples",
        "main",
    ),
    "length": _of_grid(
        "Fixed length",
        curves.by_length,
        "More and shorter examples; with the target they come as near to one length as the pool allows.",
        "the length of the audio held",
        "length",
    ),
    "measure": _of_grid(
        "Sampler and distance",
        curves.by_measure,
        "How the examples were chosen, at 1 and at 3; bars are 95 % intervals, the best way stands highest.",
        "different ways to choose examples",
        "divergences",
    ),
    "families": Chart(
        "Families",
        figures.by_family,
        "Relative change from the baseline to the condition; a family's is that of its macro average. "
        "Left of 0 is better.",
        UNPAIRED,
    ),
    "pool": _of_grid(
        "Pool size",
        curves.by_pool,
        "The minutes of labelled speech that examples may be taken from.",
        "pools of different sizes",
        "pools",
    ),
    "levels": _of_grid(
        "Levels",
        curves.by_level,
        "With examples, by the acoustic model that is fitted to the pool, and by both, for pools of so many "
        "clips. The paper fits nothing to a pool.",
        "levels with pools of different sizes",
        "levels",
    ),
    "overhead": Chart(
        "Overhead",
        figures.overhead,
        "Mean time of a clip in one run on one machine; the number is the share of ranking the pool in it.",
        "Times are compared within one run on one machine, and none timed two of these conditions on these "
        "languages.",
    ),
}
CAPTION = Markup('{}<p class="note">{} {}</p>')
MISSING = Markup('<p class="stage">{}</p>')


def drawn(selection: Selection, key: str) -> tuple[Figure | None, str]:
    """Return a chart, and its legend and caption as HTML; without rows no chart and a sentence."""
    chart = CHARTS.get(key) or CHARTS["languages"]
    figure = chart.draw(selection) if len(selection.languages) else None
    if figure is None:
        return None, MISSING.format(_missing(selection, chart))
    keys, note = legend_html(figure), (figure.layout.meta or {}).get("note", "")
    return figure, CAPTION.format(keys, chart.caption, note)


def _missing(selection: Selection, chart: Chart) -> str:
    """The sentence for a chart without rows: which other languages have some, or how to make them."""
    there = [title for title, group in GROUPS if chart.rows and _is_drawn(selection, chart, group)]
    return ELSEWHERE.format(chart.rows, ", ".join(there)) if there else chart.missing


def _is_drawn(selection: Selection, chart: Chart, group: str) -> bool:
    """Whether a chart has rows where another group of languages is chosen."""
    other = replace(selection, choices=selection.choices._replace(known=group))
    return len(other.languages) > 0 and chart.draw(other) is not None
