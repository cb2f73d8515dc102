"""The layer of utterances that were measured: where they lie on a map, coloured by what examples changed.

They are clips to be transcribed and mostly none of the points, which are the examples. Each is placed by its
nearest examples and their KL, as its rows tell them, just as a recording is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from smile.demo.measured import samples
from smile.maps.placement import place
from smile.results.changes import Change
from smile.text.languages import language
from smile.ui.map import figure
from smile.ui.map.atlas import Atlas, Points

CHANGE = "change"  # beside figure.COLOURS
SAMPLED = ("Whisper alone", "SMILE · 3 nearest")  # what `smile bench samples` compares
LOWER, SAME, HIGHER = ("triangle-down", "diamond"), ("circle", "circle"), ("triangle-up", "square")
GROUPS = (  # upper bound of the change in points of CER, name, colour, shapes in two and three dimensions
    (-50.0, "50 points lower and more", "#0072b2", LOWER),
    (-20.0, "20 to 50 lower", "#3d9ccc", LOWER),
    (-5.0, "5 to 20 lower", "#8cc7e6", LOWER),
    (5.0, "within 5 points", "#eab308", SAME),
    (20.0, "5 to 20 higher", "#f0a35e", HIGHER),
    (np.inf, "20 points higher and more", "#c2410c", HIGHER),
)
EXAMPLES, GREY, OUTLINE = "Examples", "#a8a29e", "#78716c"
ABOVE = "above"  # of a trace: its points are not examples, so that none fades by its distance
SIZES: dict[int, tuple[float, float]] = {
    2: (5, 12),
    3: (2, 6),
}  # pixels of examples and measured, by dimensions
TOLD = Markup(
    '<p class="note"><b>{count} test clips</b>, placed by their nearest examples of their own language, '
    "coloured by how far CER moved from “{before}” to “{after}”: lower for {better}, higher for {worse}, the "
    "same for {same}; {median} points in the median. Grey points are the examples.</p>"
)
NOTHING = Markup(
    '<p class="note">No clips have been measured with and without the examples on this map, so there is no '
    "change of CER to show. To measure some: smile evaluate, then smile results pack.</p>"
)


@dataclass(frozen=True)
class Placed:
    """A measured utterance on a map."""

    change: Change
    near: tuple[int, ...]  # its nearest points, nearest first
    index: int | None = None  # which point it is, if it is one


def placed_on(points: Points, changes: Sequence[Change]) -> tuple[Placed, ...]:
    """Return the utterances that can be placed on a map of the same encoder.

    Their nearest examples are points of it, or they are points themselves.
    """
    encoder = points.map.entry.encoder
    known = [c for c in changes if c.model == f"{encoder.model}/{encoder.weights}" and not encoder.adapter]
    placed = []
    for change in known:
        index = points.index(change.language, change.id)
        near = [points.index(change.language, name) for name in change.near]
        if index is not None or (near and None not in near):
            placed.append(Placed(change, tuple(n for n in near if n is not None), index))
    return tuple(placed)


def measured_on(atlas: Atlas, points: Points) -> tuple[tuple[Placed, ...], tuple[str, str]]:
    """Return the utterances on a map, and the names of the two conditions that they were measured under.

    They are those of the rows, or the samples of the map's pools where the rows have none of it.

    Raises:
        SmileError: rows that cannot be read.
    """
    measured = atlas.measured()
    if measured and (placed := placed_on(points, measured.changes)):
        return placed, measured.compared
    return placed_on(points, sampled_changes(points)), SAMPLED


def sampled_changes(points: Points) -> tuple[Change, ...]:
    """Return what examples changed for the samples of a map's pools, where its encoder measured them."""
    encoder = points.map.entry.encoder
    codes = {key: known.code for key, known in zip(points.keys, points.languages, strict=True) if key}
    model = f"{encoder.model}/{encoder.weights}"
    return tuple(
        Change(codes[s.pool], s.id, 100 * s.vanilla_cer, 100 * s.smile_cer, s.examples, s.distances, model)
        for pool in samples().pools
        if encoder.model in pool.model.split()
        for s in pool.samples
        if s.pool in codes and s.distances
    )


def places(measured: Sequence[Placed], coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where measured utterances lie (utterances, 2 or 3); a point lies where it is."""
    at = [
        coordinates[m.index]
        if m.index is not None
        else place(coordinates[list(m.near)], np.asarray(m.change.distances))
        for m in measured
    ]
    return np.asarray(at, np.float32).reshape(len(measured), coordinates.shape[1])


def group(points: float) -> int:
    """Return the group of a change in points of CER, a number in GROUPS."""
    return int(np.searchsorted([upper for upper, *_ in GROUPS], points, side="right"))


def hover(change: Change) -> str:
    """Return what hovering over a measured utterance shows, as the HTML that plotly knows."""
    known = language(change.language)
    who = escape(f"{known.name or known.code} · test clip")
    return f"<b>{rates(change)}</b><br>{who}{figure.FACTS.format(f' · {change.id}')}"


def rates(change: Change) -> str:
    """Return both rates in words."""
    return f"CER {change.before:.0f}\u00a0% alone, {change.after:.0f}\u00a0% with examples"


def near(change: Change) -> tuple[tuple[str, float], ...]:
    """Return the ids of the nearest examples with their KL, as a query has them."""
    return tuple(zip(change.near, change.distances, strict=True))


def note(measured: Sequence[Placed], before: str, after: str) -> str:
    """Return what the layer shows, in words; `before` and `after` name the conditions."""
    if not measured:
        return NOTHING
    moved = np.array([m.change.points for m in measured])
    return TOLD.format(
        count=len(moved),
        before=before,
        after=after,
        better=int((moved < 0).sum()),
        worse=int((moved > 0).sum()),
        same=int((moved == 0).sum()),
        median=f"{'−' if np.median(moved) < 0 else ''}{abs(np.median(moved)):.0f}",
    )


def changed_figure(points: Points, layout: str, measured: Sequence[Placed]) -> dict[str, Any]:
    """Return the examples in grey, and the measured utterances above them by group, as a figure.

    An utterance that is none of the points has a number beyond theirs, in the order of `measured`.
    """
    coordinates = points.map.layouts[layout]
    dimensions = coordinates.shape[1]
    small, large = SIZES[dimensions]
    own = {m.index for m in measured}
    rest = np.array([i for i in range(len(points)) if i not in own], np.int64)
    texts = [figure.hover(points, int(i)) for i in rest]
    grey = {"color": GREY, "symbol": figure.symbols(coordinates)[0], "size": small}
    traces = [figure.trace(coordinates[rest], rest.tolist(), EXAMPLES, texts, grey)]
    at, groups = places(measured, coordinates), np.array([group(m.change.points) for m in measured])
    for number, (_, name, colour, shapes) in enumerate(GROUPS if measured else ()):
        members = np.flatnonzero(groups == number).tolist()
        numbers = [_number(points, n, measured[n]) for n in members]
        texts = [hover(measured[n].change) for n in members]
        shape = shapes[dimensions - 2]
        marker = {"color": colour, "symbol": shape, "size": large, "line": {"color": OUTLINE, "width": 1}}
        traces.append({**figure.trace(at[members], numbers, name, texts, marker), "meta": ABOVE})
    view = f"{points.map.entry.name}/{layout}"
    return {"data": traces, "layout": figure.layout_of(dimensions, view)}


def _number(points: Points, at: int, measured: Placed) -> int:
    return len(points) + at if measured.index is None else measured.index
