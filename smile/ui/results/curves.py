"""Charts over settings: examples, ways to choose them, size of the pool; None where rows are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from smile.results.naming import measure
from smile.ui.parts.plots import COLOURS, GREY, blank
from smile.ui.results.beside import points
from smile.ui.results.figures import averages, spread
from smile.ui.results.macro import macro
from smile.ui.results.selection import Selection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 440
DASHES = {"random": "dot"}
MINUTES = {0.0: "all (10)"}


def by_shots(selection: Selection) -> Figure | None:
    """Return the macro average by number of examples: nearest and random, with and without an adapter.

    The paper's own figures stand beside them.
    """
    figure = _over_examples(selection, "shots")
    if figure is None:
        return None
    for sampler, line in points(selection).groupby("series"):
        figure.add_scatter(
            x=line["x"],
            y=line["rate"],
            mode="lines+markers",
            name=f"the paper's, {sampler} (other languages)",
            line={"color": GREY, "dash": "dash", "width": 1},
            marker={"symbol": "diamond-open", "size": 9, "color": GREY},
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
    figure = blank(HEIGHT, "examples", _axis(selection, means))
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        _line(figure, line.sort_values("x"), str(series), COLOURS[i % len(COLOURS)], "random" in str(series))
    _baseline(figure, selection, means)
    figure.update_xaxes(tickvals=sorted(means["x"].unique()))
    return figure


def by_measure(selection: Selection) -> Figure | None:
    """Return the macro average by the way to choose examples."""
    means = averages(selection, "measure")
    if means.empty:
        return None
    means = means.assign(way=means["x"].map(measure))
    ways = means.groupby("way")["rate"].mean().sort_values(ascending=False).index
    figure = blank(170 + 44 * len(ways), _axis(selection, means))
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        colour = COLOURS[i % len(COLOURS)]
        figure.add_scatter(
            x=line["rate"],
            y=line["way"],
            mode="markers",
            name=str(series),
            marker={"size": 10, "color": colour},
            error_x=spread(line, colour),
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    figure.update_layout(scattermode="group", scattergap=0.4)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(ways))
    return figure


def by_pool(selection: Selection) -> Figure | None:
    """Return the macro average by the minutes of speech in the pool."""
    means = averages(selection, "minutes")
    if means.empty:
        return None
    means = means.assign(place=means["x"].where(means["x"] > 0, float("inf"))).sort_values("place")
    means = means.assign(x=means["x"].map(lambda minutes: MINUTES.get(minutes, f"{minutes:g}")))
    figure = blank(HEIGHT, "minutes of speech in the pool", _axis(selection, means))
    for i, (series, line) in enumerate(means.groupby("series", sort=False)):
        _line(figure, line, str(series), COLOURS[i % len(COLOURS)])
    _baseline(figure, selection, means)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=list(dict.fromkeys(means["x"])))
    return figure


def _axis(selection: Selection, means: pd.DataFrame) -> str:
    count = int(means["languages"].iloc[0])
    return f"{selection.unit}, %, mean of {count} language{'s' * (count != 1)}"


def _line(figure: Figure, line: pd.DataFrame, name: str, colour: str, dotted: bool = False) -> None:
    figure.add_scatter(
        x=line["x"],
        y=line["rate"],
        mode="lines+markers",
        name=name,
        line={"color": colour, "dash": "dot" if dotted else "solid", "width": 2},
        marker={"size": 9, "color": colour},
        error_y=spread(line, colour),
        hovertemplate=f"{name}: %{{y:.1f}} %<extra></extra>",
    )


def _baseline(figure: Figure, selection: Selection, means: pd.DataFrame) -> None:
    """A line where the baseline lies, over the same languages."""
    rates = macro(selection.rates, [selection.baseline, *means["label"]])
    if selection.baseline in rates.index:
        figure.add_hline(
            y=float(rates.loc[selection.baseline, "rate"]),
            line={"color": GREY, "width": 1.5, "dash": "dashdot"},
            annotation={"text": selection.baseline, "xanchor": "right", "yanchor": "bottom"},
        )
