"""Charts over settings: examples, ways to choose them, size of the pool; None where rows are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from smile.results.naming import measure
from smile.ui.parts.plots import GREY, Look, blank, look
from smile.ui.results.axis import EDGE, LIMIT, cut, points, spread
from smile.ui.results.beside import points as papers_points
from smile.ui.results.figures import averages
from smile.ui.results.macro import macro
from smile.ui.results.selection import Selection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 440
PAPER = {"nearest": "dash", "random": "dot"}
SHAPES_OF = {"nearest": "diamond", "random": "square"}
MINUTES = {0.0: "all (10)"}
CLIPS = {0.0: "all (10 min)"}


def by_shots(selection: Selection) -> Figure | None:
    """Return the macro average by number of examples: nearest and random, with and without an adapter.

    The paper's own figures stand beside them.
    """
    figure = _over_examples(selection, "shots")
    if figure is None:
        return None
    for sampler, line in papers_points(selection).groupby("series"):
        figure.add_scatter(
            x=line["x"],
            y=line["rate"],
            mode="lines+markers",
            name=f"the paper's, {sampler} (other languages)",
            line={"color": GREY, "dash": PAPER[str(sampler)], "width": 1},
            marker={"symbol": f"{SHAPES_OF[str(sampler)]}-open", "size": 9, "color": GREY},
            hovertemplate="the paper: %{y:.2f} %<extra></extra>",
        )
    return figure


def by_length(selection: Selection) -> Figure | None:
    """Return the macro average by number of examples, with the seconds of examples and target held."""
    return _over_examples(selection, "length")


def _over_examples(selection: Selection, x: str) -> Figure | None:
    means = averages(selection, x)
    if means.empty:
        return None
    figure = blank(HEIGHT, "number of examples", f"{selection.unit}, %")
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        _line(figure, line.sort_values("x"), str(series), look(i))
    _baseline(figure, selection, means)
    figure.update_xaxes(tickvals=sorted(means["x"].unique()))
    return _note(figure, means)


def by_measure(selection: Selection) -> Figure | None:
    """Return the macro average by the way to choose examples."""
    means = averages(selection, "measure")
    if means.empty:
        return None
    means = means.assign(way=means["x"].map(measure))
    ways = means.groupby("way")["rate"].mean().sort_values(ascending=False).index
    figure = blank(170 + 44 * len(ways), f"{selection.unit}, %", "way to choose examples")
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        colour, shape, _ = look(i)
        figure.add_scatter(
            **points(line, "x", colour, shape),
            y=line["way"],
            mode="markers+text",
            name=str(series),
            error_x=spread(line, colour),
            hovertemplate="%{y}: %{customdata[0]:.1f} %<extra></extra>",
        )
    cut(figure, "x", means["rate"])
    figure.update_layout(scattermode="group", scattergap=0.4)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(ways))
    return _note(figure, means)


def by_pool(selection: Selection) -> Figure | None:
    """Return the macro average by the minutes of speech in the pool."""
    return _over_sizes(selection, "minutes", "speech in the pool, minutes", MINUTES)


def by_level(selection: Selection) -> Figure | None:
    """Return the macro average by the number of clips in the pool, a line for each level."""
    return _over_sizes(selection, "clips", "clips in the pool", CLIPS)


def _over_sizes(selection: Selection, x: str, axis: str, names: Mapping[float, str]) -> Figure | None:
    """A chart over sizes of the pool, all of it, which is 0, last."""
    means = averages(selection, x)
    if means.empty:
        return None
    means = means.assign(place=means["x"].where(means["x"] > 0, float("inf"))).sort_values("place")
    means = means.assign(x=means["x"].map(lambda size: names.get(size, f"{size:g}")))
    figure = blank(HEIGHT, axis, f"{selection.unit}, %")
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        _line(figure, line, str(series), look(i))
    _baseline(figure, selection, means)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=list(dict.fromkeys(means["x"])))
    return _note(figure, means)


def _note(figure: Figure, means: pd.DataFrame) -> Figure:
    """Say below the figure over how many languages it averages."""
    count = int(means["languages"].iloc[0])
    note = f"Mean of {count} language{'s' * (count != 1)}."
    figure.update_layout(meta={**(figure.layout.meta or {}), "note": note})
    return figure


def _line(figure: Figure, line: pd.DataFrame, name: str, style: Look) -> None:
    colour, shape, dash = style
    figure.add_scatter(
        **points(line, "y", colour, shape, 9),
        x=line["x"],
        mode="lines+markers+text",
        name=name,
        line={"color": colour, "dash": dash, "width": 2},
        error_y=spread(line, colour),
        hovertemplate="%{fullData.name}: %{customdata[0]:.1f} %<extra></extra>",
    )


def _baseline(figure: Figure, selection: Selection, means: pd.DataFrame) -> None:
    """A line where the baseline lies, over the same languages; at the edge where that is beyond 100 %."""
    rates = macro(selection.rates, [selection.baseline, *means["label"]])
    cut(figure, "y", means["rate"], rates["rate"])
    if selection.baseline in rates.index:
        rate, name = float(rates.loc[selection.baseline, "rate"]), selection.name(selection.baseline)
        figure.add_hline(
            y=min(rate, EDGE),
            line={"color": GREY, "width": 1.5, "dash": "dashdot"},
            annotation={
                "text": name if rate <= LIMIT else f"{name} · {rate:.0f} % ↑",
                "xanchor": "right",
                "yanchor": "bottom",
            },
        )
