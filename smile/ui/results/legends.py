"""A figure's legend as HTML below it, where it wraps and is whole on every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DASHED = {"solid": "", "dash": "8 4", "dot": "2 4", "dashdot": "8 3 2 3", "longdash": "12 4"}
SHAPES = {  # paths around 0,0
    "circle": "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0",
    "square": "M-4.5,-4.5h9v9h-9z",
    "diamond": "M0,-6L6,0L0,6L-6,0z",
    "triangle-up": "M0,-5.5L6,4.5H-6z",
    "triangle-down": "M0,5.5L6,-4.5H-6z",
    "triangle-right": "M5.5,0L-4.5,6V-6z",
    "cross": "M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "x": "M-5,-3L-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0z",
    "line-ns": "M-1.5,-7h3v14h-3z",
    "bar": "M-9,-5h18v10h-18z",
}
KEY = Markup(
    '<li><svg width="36" height="16" viewBox="-18 -8 36 16" aria-hidden="true">{line}{shape}</svg>{name}</li>'
)
LINE = Markup('<path d="M-18,0h36" stroke="{}" stroke-width="2" stroke-dasharray="{}" fill="none"/>')
SHAPE = Markup('<path d="{}" fill="{}" stroke="{}" stroke-width="1.5"/>')
LEGEND = Markup('<ul class="chart-legend">{}</ul>')
BEYOND = "beyond 100 %, with its value: mostly loops"


def legend_html(figure: Figure) -> Markup:
    """Return a line for each named trace, with its colour, shape and dash, and take the figure's own away."""
    keys = [_key(trace) for trace in figure.data if trace.name and trace.showlegend is not False]
    if (figure.layout.meta or {}).get("cut"):
        keys.append(KEY.format(line="", shape=_shape("triangle-right", "currentColor"), name=BEYOND))
    figure.update_layout(showlegend=False)
    return LEGEND.format(Markup().join(keys))


def _key(trace: Any) -> Markup:
    colour = str(trace.marker.color or trace.line.color)
    if trace.type == "bar":
        return KEY.format(line="", shape=_shape("bar", colour), name=_plain(trace.name))
    dash = DASHED.get(trace.line.dash or "solid", "")
    line = LINE.format(trace.line.color or colour, dash) if "lines" in trace.mode else ""
    shape = trace.marker.symbol or "circle"
    shape = _usual(shape) if not isinstance(shape, str) else shape
    if trace.marker.line.color and shape == "line-ns":
        colour = trace.marker.line.color
    return KEY.format(line=line, shape=_shape(shape, colour), name=_plain(trace.name))


def _usual(shapes: Any) -> str:
    """The shape of a trace among those of its points: the arrows are for what lies beyond."""
    return next((shape for shape in shapes if shape not in ("triangle-right",)), "triangle-right")


def _shape(name: str, colour: str) -> Markup:
    hollow = name.endswith("-open")
    path = SHAPES.get(name.removesuffix("-open"), SHAPES["circle"])
    return SHAPE.format(path, "none" if hollow else colour, colour)


def _plain(name: str) -> str:
    return name.replace("<br>", " ")
