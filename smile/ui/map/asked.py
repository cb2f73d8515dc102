"""Which clip is asked about: the one that was clicked, or the one that the address names."""

from __future__ import annotations

from dataclasses import replace

from smile.ui.map.atlas import Atlas, Points, Query
from smile.ui.map.changed import Placed, measured_on, near, rates


def clicked(atlas: Atlas, points: Points, index: int, measured: bool) -> Query | None:
    """Return the point, or with `measured` the measured clip above the points, of a number in the figure."""
    if 0 <= index < len(points):
        return points.query(index)
    placed = measured_on(atlas, points)[0] if measured else ()
    number = index - len(points)
    return _measured(atlas, points, placed[number]) if 0 <= number < len(placed) else None


def name_of(points: Points, query: Query) -> str:
    """Return the name of a query in the address; empty for a recording, which only its page has."""
    known = query.id and (query.near or points.find(query) is not None)
    return f"{query.language}/{query.id}" if known else ""


def named(atlas: Atlas, points: Points, name: str) -> Query | None:
    """Return the point or the measured clip of a name in the address; None where the map has none."""
    code, _, clip = name.partition("/")
    if (index := points.index(code, clip)) is not None:
        return points.query(index)
    placed = (p for p in measured_on(atlas, points)[0] if (p.change.language, p.change.id) == (code, clip))
    found = next(placed, None)
    return _measured(atlas, points, found) if found else None


def _measured(atlas: Atlas, points: Points, placed: Placed) -> Query:
    change = placed.change
    query = atlas.recording(points, change.language, change.id)
    return replace(query, near=near(change), remark=rates(change))
