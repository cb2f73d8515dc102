"""The common ground of all charts: their colours, and a figure without traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = ("#0d9488", "#d97706", "#6366f1", "#e11d48", "#0284c7", "#a16207", "#9333ea", "#64748b")
GREY = "#8a8480"
NO_TOOLS = ["zoom", "pan", "select", "lasso", "zoomin", "zoomout", "autoscale", "resetscale"]


def blank(height: int, x: str = "", y: str = "") -> Figure:
    """Return a figure without traces; the page's style sheet colours its text and lines."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=COLOURS,
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
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
