"""Callbacks of the map: plain values in, new values for the components out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from smile.datatypes import SmileError
from smile.maps.placement import place
from smile.maps.store import layout
from smile.ui.guard import sentence
from smile.ui.map import cards
from smile.ui.map.asked import clicked, name_of, named
from smile.ui.map.atlas import Atlas, Nearest, Points, Query, ask
from smile.ui.map.changed import CHANGE, changed_figure, measured_on, note
from smile.ui.map.figure import points_figure, query_figure
from smile.ui.map.why import why_block
from smile.ui.parts.address import Untold, read, unoffered
from smile.ui.parts.components import stage
from smile.ui.parts.pools import LONGEST, matched
from smile.ui.sounds import Address, Sounds
from smile.ui.values import facts, number

WELCOME = "Record or choose a clip, or click a point: the nearest examples by KL are shown with it."
NAMES = ("map", "layout", "dimensions", "colour", "neighbours")  # of a Sight in an address
POINT = "point"  # of the query in an address, if it is a clip that the map knows
UNKNOWN = 'The address asks for the map "{}", which is not on this server; choose one from the list.'
NO_MAPS = "There are no maps yet; make some with: smile project"
FOREIGN = "The query is not on this map."
UNNAMED = 'The address asks for the clip "{}", which is not on this map; click a point.'
DONE = "{} nearest of {} by KL."
AS_MEASURED = "These are the nearest examples that were shown with this clip when it was measured."
REMEMBERED = "The recordings of this map are not on this server: these are the nearest that it remembers."

HIDDEN = gr.update(visible=False)


class Sight(NamedTuple):
    """The way that the map is looked at: the components, or what a visitor chose."""

    map: Any
    metric: Any
    dimensions: Any
    colour: Any
    count: Any

    @property
    def layout(self) -> str:
        """Return the layout's name."""
        return layout(self.metric, int(self.dimensions))


class Page(NamedTuple):
    """The outputs of the tab: their components, or new values for them; what is not named stays as it is."""

    stage: Any = gr.skip()
    plot: Any = gr.skip()
    changed: Any = gr.skip()  # what the colours tell of CER, in words
    trust: Any = gr.skip()
    query: Any = gr.skip()
    neighbours: Any = gr.skip()
    why: Any = gr.skip()
    asked: Any = gr.skip()  # the Query, or None
    encoded: Any = gr.skip()  # a Query that is not asked yet, or None
    stop: Any = gr.skip()
    point: Any = gr.skip()  # the query's name in the address, or nothing


def restore(atlas: Atlas, fields: Mapping[str, Any], query: Mapping[str, str]) -> tuple[Any, ...]:
    """Return the values of the components that an address asks for, and whether it names a map.

    `fields` are those of a Sight and the point, by their names. Where no map is named, it is that of the
    address's pool; what it says nothing of stays as it is.
    """
    values = read(fields, query)
    own = NAMES[0] in values
    if (
        not own
        and query.get("tab") == "map"
        and (name := atlas.named(matched(atlas.engine, query.get("pool"))))
    ):
        values[NAMES[0]] = name
    return (*(values.get(name, gr.skip()) for name in fields), own or gr.skip())


def untold(atlas: Atlas, fields: Mapping[str, Any], query: Mapping[str, str]) -> list[Untold]:
    """Return what an address asks for and the tab does not offer."""
    asked = query.get(NAMES[0])
    unknown = [UNKNOWN.format(asked[:LONGEST])] if asked and asked not in atlas.entries else []
    return [*unknown, *unoffered({name: fields[name] for name in NAMES[1:]}, query)]


def show(atlas: Atlas, query: Query | None, point: str | None, *sight: Any) -> Page:
    """Draw the map anew, with the query where it is there too, or the clip that the address names."""
    look = Sight(*sight)
    if not look.map:
        return Page(stage=stage(NO_MAPS))
    try:
        points = atlas.open(look.map)
        figure, words = _drawn(atlas, points, look)
        page = _answered(atlas, points, query, look) if query else _opened(atlas, points, point, look)
    except SmileError as error:
        return Page(stage=stage(sentence(error), "error"))
    trust = cards.trust_block(points.map.entry.figures[look.layout])
    return page._replace(plot={**page.plot, "value": packed(figure)}, changed=words, trust=trust)


def _drawn(atlas: Atlas, points: Points, look: Sight) -> tuple[dict[str, Any], str]:
    """The figure of a map, and what its colours tell in words."""
    if look.colour != CHANGE:
        return points_figure(points, look.layout, look.colour), ""
    placed, compared = measured_on(atlas, points)
    words = note(placed, *compared)
    return changed_figure(points, look.layout, placed), words


def packed(figure: dict[str, Any]) -> str:
    """Return a figure as JSON for the page's script."""
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":"))


def _nothing(text: str) -> Page:
    """A map without a query."""
    plot = gr.update(added="")
    return Page(stage=stage(text), plot=plot, query="", neighbours="", why="", asked=None, point="")


def _opened(atlas: Atlas, points: Points, point: str | None, look: Sight) -> Page:
    """The map as it is opened, with the clip that the address names."""
    if not point:
        return _nothing(WELCOME)
    query = named(atlas, points, point)
    return answer(atlas, points, query, look) if query else _nothing(UNNAMED.format(point[:LONGEST]))


def _answered(atlas: Atlas, points: Points, query: Query, look: Sight) -> Page:
    """The query on a map that was opened after it was made."""
    if query.embedding is None and not query.near and points.find(query) is None:
        return _nothing(FOREIGN)
    if query.embedding is not None and points.embeddings is None:
        return _nothing(FOREIGN)
    return answer(atlas, points, query, look)


def answer(atlas: Atlas, points: Points, query: Query, look: Sight, play: bool = False) -> Page:
    """Return the query among the points, its neighbours, and why the first of them is near.

    Raises:
        SmileError: a recording, and there are no embeddings to compare it with.
    """
    nearest = ask(points, query, int(look.count))
    coordinates, index = points.map.layouts[look.layout], points.find(query)
    if index is not None:
        at = coordinates[index]
    elif nearest.row is not None:
        at = place(coordinates, nearest.row)
    else:
        at = place(coordinates[list(nearest.indices)], np.array(nearest.distances))
    text = DONE.format(len(nearest.indices), len(points))
    if nearest.row is None:
        text = REMEMBERED if index is not None else AS_MEASURED
    return Page(
        stage=stage(text, "done"),
        plot=gr.update(added=packed(query_figure(coordinates, at, nearest.indices, nearest.row))),
        query=cards.query_card(points, query, _address(atlas), play),
        asked=query,
        point=name_of(points, query),
        **_explained(atlas, points, nearest, 1),
    )


def _explained(atlas: Atlas, points: Points, nearest: Nearest, rank: int) -> dict[str, Any]:
    """Neighbours and why one of them is near."""
    embedding, row, why = points.embedding(nearest.query), nearest.row, ""
    if embedding is not None and points.embeddings is not None and row is not None and nearest.indices:
        why = why_block(embedding, points.embeddings, row, nearest.indices, rank)
    return {"neighbours": cards.neighbour_cards(points, nearest, rank, _address(atlas)), "why": why}


def _address(atlas: Atlas) -> Address:
    """Where the page plays a recording from."""
    return Sounds(atlas.engine.audio_folders()).address


def pick(atlas: Atlas, chosen: gr.EventData, *sight: Any) -> Page:
    """Make a point that was clicked the query, and play it; give up the recording that is being encoded."""
    look = Sight(*sight)
    try:
        points = atlas.open(look.map)
        index = number(facts(chosen).get("index"))
        query = clicked(atlas, points, index, look.colour == CHANGE) if index is not None else None
        return answer(atlas, points, query, look, play=True)._replace(stop=HIDDEN) if query else Page()
    except SmileError as error:
        return Page(stage=stage(sentence(error), "error"))


def explain(atlas: Atlas, chosen: gr.EventData, query: Query | None, *sight: Any) -> Page:
    """Show why another of the neighbours is near."""
    look, rank = Sight(*sight), number(facts(chosen).get("rank"))
    if query is None:
        return Page()
    try:
        points = atlas.open(look.map)
        nearest = ask(points, query, int(look.count))
    except SmileError as error:
        return Page(stage=stage(sentence(error), "error"))
    if rank is None or not 1 <= rank <= len(nearest.indices):
        return Page()
    return Page(**_explained(atlas, points, nearest, rank))
