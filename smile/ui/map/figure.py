"""The map as figures that plotly.js draws: plain dictionaries, pure functions of plain values.

Points that belong together are a trace; each carries its number among all points as `customdata`. What a
query adds is drawn on top by the page's script, which also fades the points by their distance from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from smile.datatypes import Matrix, Vector
from smile.retrieval.divergences import Distances
from smile.ui.map.atlas import Points
from smile.ui.parts import plots

COLOURS = {  # what points may be coloured by
    "language": "Language",
    "family": "Family",
    "script": "Script",
    "length": "Length",
    "speaker": "Speaker",
}
PALETTE = plots.COLOURS
RAMP = ("#c2e699", "#78c679", "#31a37c", "#2b8cbe", "#3f5fb0", "#5b2a86")
SYMBOLS = ("circle", "diamond", "square", "cross")  # known in two and in three dimensions
SMALL = 1.6  # pixels of those; plotly.js draws squares larger than circles
ANGULAR = ("square", "diamond", "cross", "x")  # of few triangles, where a circle is dozens
MOST_ROUND = 1000  # points in three dimensions, where plotly.js builds each of triangles
EDGES = (1.5, 3.0, 5.0, 8.0, 12.0)  # seconds, between groups of length
MOST_GROUPS = len(PALETTE) * len(SYMBOLS) - 1
OTHERS, UNKNOWN = "others", "not known here"
ACCENT = "#b45309"  # query, lines and ranks, in light and in dark
CAMERA = {"eye": {"x": 1.35, "y": 1.35, "z": 0.9}}
TOOLS = 30  # pixels above the points, where the buttons are
CUT = 90  # characters of a text that hovering shows
SAID, FACTS = Markup('<b dir="auto">{}</b>'), Markup('<span translate="no">{}</span>')
SIZES: dict[int, dict[str, float]] = {  # pixels, by dimensions
    2: {"point": 7, "rank": 17, "query": 17},
    3: {"point": 3.5, "rank": 7, "query": 6},
}


def points_figure(points: Points, layout: str, colour: str) -> dict[str, Any]:
    """Return all points of a map, a trace for each language, family, script, length or speaker.

    Args:
        points: the map.
        layout: a name of smile.maps.store.LAYOUTS.
        colour: a name of COLOURS.
    """
    coordinates = points.map.layouts[layout]
    labels, names = groups(points, colour)
    ramp = colour == "length"
    texts = [hover(points, i) for i in range(len(points))]
    traces = []
    for number, name in enumerate(names):
        members = np.flatnonzero(np.asarray(labels) == name)
        marker = _marker(number, coordinates, ramp)
        traces.append(
            trace(coordinates[members], members.tolist(), name, [texts[i] for i in members], marker)
        )
    view = f"{points.map.entry.name}/{layout}"
    return {"data": traces, "layout": layout_of(coordinates.shape[1], view)}


def groups(points: Points, colour: str) -> tuple[list[str], list[str]]:
    """Return the group of every point, and all groups in the order of the legend."""
    if colour == "length":
        names = _lengths()
        return [names[int(n)] for n in np.searchsorted(EDGES, points.map.seconds, side="right")], names
    labels = [_group(points, i, colour) for i in range(len(points))]
    common = [name for name, _ in Counter(labels).most_common()]
    kept = sorted(common if len(common) <= MOST_GROUPS else common[:MOST_GROUPS])
    if len(kept) < len(common):
        labels = [name if name in kept else OTHERS for name in labels]
        kept.append(OTHERS)
    return labels, kept


def _group(points: Points, index: int, colour: str) -> str:
    language = points.language(index)
    if colour == "speaker":
        utterance = points.utterances[index]
        return f"{language.code} {utterance.speaker}" if utterance and utterance.speaker else UNKNOWN
    known = {"language": language.name or language.code, "family": language.family, "script": language.script}
    return known[colour] or UNKNOWN


def _lengths() -> list[str]:
    between = [f"{low:g} to {high:g} s" for low, high in pairwise(EDGES)]
    return [f"under {EDGES[0]:g} s", *between, f"{EDGES[-1]:g} s and more"]


def hover(points: Points, index: int) -> str:
    """Return what hovering over a point shows, as the HTML that plotly knows."""
    utterance = points.utterances[index]
    language = points.language(index)
    facts = f" · {points.map.seconds[index]:.1f} s · {points.map.ids[index]}"
    text = utterance.text if utterance else ""
    shown = [SAID.format(f"{text[:CUT]}{'…' if len(text) > CUT else ''}")] if text else []
    return "<br>".join([*shown, escape(language.name or language.code) + FACTS.format(facts)])


def _marker(number: int, coordinates: Matrix, ramp: bool) -> dict[str, Any]:
    shapes = symbols(coordinates)
    size = SMALL if shapes is ANGULAR else SIZES[coordinates.shape[1]]["point"]
    colour, shape = (RAMP[number], shapes[0]) if ramp else look(number, shapes)
    return {"color": colour, "symbol": shape, "size": size}


def look(number: int, shapes: Sequence[str]) -> tuple[str, str]:
    """Return colour and shape of a group by its number: no two are alike in both, neighbours in neither."""
    rounds = number // len(PALETTE)
    return PALETTE[number % len(PALETTE)], shapes[(number + rounds) % len(shapes)]


def symbols(coordinates: Matrix) -> tuple[str, ...]:
    """Return the symbols of points (points, 2 or 3), such that many of them turn smoothly."""
    size, dimensions = coordinates.shape
    return ANGULAR if dimensions == 3 and size > MOST_ROUND else SYMBOLS


def trace(
    coordinates: Matrix, numbers: list[int], name: str, texts: Sequence[str], marker: dict[str, Any]
) -> dict[str, Any]:
    """Return points of one look, by coordinates (points, 2 or 3) and numbers; `texts` are hovered HTML."""
    return {
        "type": _kind(coordinates.shape[1]),
        "mode": "markers",
        "name": str(escape(name)),
        **_axes(coordinates),
        "customdata": numbers,
        "text": list(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "marker": marker,
    }


def _kind(dimensions: int) -> str:
    """Both are drawn by WebGL."""
    return "scattergl" if dimensions == 2 else "scatter3d"


def _axes(coordinates: Matrix) -> dict[str, list[float]]:
    columns = np.asarray(coordinates, np.float64).round(3).T
    return dict(zip("xyz", columns.tolist(), strict=False))


def layout_of(dimensions: int, view: str) -> dict[str, Any]:
    """Return how a map is shown; `view` names what a visitor turned and zoomed."""
    hidden = {"visible": False}
    axes: dict[str, Any] = {"xaxis": hidden, "yaxis": hidden, "dragmode": "pan"}
    if dimensions == 3:
        deep = dict.fromkeys(("xaxis", "yaxis", "zaxis"), hidden)
        axes = {"scene": {**deep, "aspectmode": "data", "camera": CAMERA}}
    return {
        **axes,
        "uirevision": view,
        "hovermode": "closest",
        "margin": {"l": 0, "r": 0, "t": TOOLS, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "itemsizing": "constant", "y": 0, "yanchor": "top"},
        "hoverlabel": {"align": "left"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
    }


def query_figure(
    coordinates: Matrix, at: Vector, neighbours: Sequence[int], row: Distances | None
) -> dict[str, Any]:
    """Return what a query adds: lines to its neighbours, their ranks, itself, and all distances.

    Args:
        coordinates: of the points (points, 2 or 3).
        at: where the query lies (2 or 3,).
        neighbours: numbers of the points, nearest first.
        row: distances of all points from it (points,), None where they are not known.
    """
    near, dimensions = coordinates[list(neighbours)], coordinates.shape[1]
    kind = {"type": _kind(dimensions), "showlegend": False, "hoverinfo": "skip"}
    size = SIZES[dimensions]
    lines = {**kind, "mode": "lines", **_spokes(at, near), "line": {"color": ACCENT, "width": 1.5}}
    ranks = {
        **kind,
        "mode": "markers+text",
        **_axes(near),
        "text": [str(rank) for rank in range(1, len(near) + 1)],
        "textposition": "middle center",
        "textfont": {"color": "white", "size": 11},
        "customdata": list(neighbours),
        "marker": {"color": ACCENT, "size": size["rank"], "line": {"color": "white", "width": 1}},
    }
    query = {
        **kind,
        "mode": "markers",
        **_axes(at[None]),
        "marker": {
            "color": ACCENT,
            "symbol": "star" if dimensions == 2 else "diamond",
            "size": size["query"],
            "line": {"color": "white", "width": 1.5},
        },
    }
    return {"data": [lines, ranks, query], "distances": _numbers(row), "nearest": list(neighbours)}


def _spokes(at: Vector, near: Matrix) -> dict[str, list[float | None]]:
    """Line pieces from a place to each of others, with gaps between them."""
    spokes: dict[str, list[float | None]] = {}
    for axis, name in zip(range(len(at)), "xyz", strict=False):
        spokes[name] = [v for end in near[:, axis] for v in (float(at[axis]), float(end), None)]
    return spokes


def _numbers(row: Distances | None) -> list[float | None] | None:
    """Distances for JSON; the query itself, infinitely far, has none."""
    if row is None:
        return None
    return [float(f"{d:.4g}") if np.isfinite(d) else None for d in row]
