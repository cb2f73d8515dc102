"""The common ground of all charts: colours, shapes and dashes that tell series apart, and an empty figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Told apart also by who sees no red, green or blue, at a contrast of 3:1 on the light and the dark page.
COLOURS = ("#0d9488", "#dd7711", "#2266ee", "#cc66dd", "#cc2222", "#889955", "#885599", "#cc3366")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "circle-open")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
GREY = "#8a8480"
LEAST_HEIGHT = 320  # pixels
NO_TOOLS = ["zoom", "pan", "select", "lasso", "zoomin", "zoomout", "autoscale", "resetscale"]


class Look(NamedTuple):
    """How one of several series is drawn: apart from others in colour, shape and dash."""

    colour: str
    shape: str
    dash: str


def look(number: int) -> Look:
    """Return the look of a series by its number."""
    return Look(*(those[number % len(those)] for those in (COLOURS, SHAPES, DASHES)))


def blank(height: int, x: str = "", y: str = "") -> Figure:
    """Return a figure without traces; the page's style sheet colours its text and lines."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=max(height, LEAST_HEIGHT),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=COLOURS,
        margin={"l": 8, "r": 12, "t": 28, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "xanchor": "left"},
        font={"size": 13},
        dragmode=False,
        modebar={"remove": NO_TOOLS, "bgcolor": "rgba(0,0,0,0)"},
    )
    figure.update_xaxes(
        title={"text": x, "standoff": 10, "font": {"size": 13}}, automargin=True, zeroline=False
    )
    figure.update_yaxes(
        title={"text": y, "standoff": 10, "font": {"size": 13}}, automargin=True, zeroline=False
    )
    return figure
