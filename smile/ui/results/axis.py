"""An axis of error rates, cut at 100 %: what lies beyond is drawn at its edge and says its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LIMIT = 100.0  # percent
EDGE = 104.0  # where what lies beyond is drawn
END = 132.0  # of the axis, with room for the figures of what lies beyond
TICKS = [0, 20, 40, 60, 80, 100]
BAND = 7  # pixels of an interval drawn as a band
ARROWS = {"x": ("triangle-right", "middle right"), "y": ("triangle-up", "top center")}
Axis = Literal["x", "y"]


def on_axis(rates: pd.Series[float]) -> pd.Series[float]:
    """Return where rates in percent are drawn."""
    return rates.clip(upper=LIMIT).where(rates <= LIMIT, EDGE).where(rates.notna())


def spread(table: pd.DataFrame, colour: str, band: bool = False) -> dict[str, Any]:
    """Return the error bars of rates with bounds; none goes beyond the edge."""
    at, low, high = (on_axis(table[name]) for name in ("rate", "low", "high"))
    bars = {"type": "data", "symmetric": False, "array": high - at, "arrayminus": at - low, "color": colour}
    return {**bars, "thickness": BAND, "width": 0} if band else {**bars, "thickness": 1.2, "width": 4}


def points(table: pd.DataFrame, axis: Axis, colour: str, shape: str, size: int = 10) -> dict[str, Any]:
    """Return what a scatter trace needs to draw rates: places, shapes, bounds to hover, figures beyond."""
    out = table["rate"] > LIMIT
    arrow, beside = ARROWS[axis]
    return {
        axis: on_axis(table["rate"]),
        "text": [f"{rate:.0f} %" if beyond else "" for rate, beyond in zip(table["rate"], out, strict=True)],
        "textposition": beside,
        "textfont": {"size": 11},
        "cliponaxis": False,
        "customdata": table[["rate", "low", "high"]],
        "marker": {"size": size, "color": colour, "symbol": [arrow if beyond else shape for beyond in out]},
    }


def cut(figure: Figure, axis: Axis, *rates: pd.Series[float]) -> None:
    """Cut an axis at 100 % where any of the rates lies beyond."""
    if any((rate > LIMIT).any() for rate in rates):
        update = figure.update_xaxes if axis == "x" else figure.update_yaxes
        update(range=[0, END], tickvals=TICKS)
        figure.update_layout(meta={**(figure.layout.meta or {}), "cut": True})
