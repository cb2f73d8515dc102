"""What happens on an event of the map: plain values in, new values for the components out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from smile.audio import SAMPLE_RATE
from smile.datatypes import SmileError, Utterance
from smile.maps import layout
from smile.projection import place
from smile.ui.map import cards
from smile.ui.map.atlas import Atlas, Found, Points, Query, ask
from smile.ui.map.changed import CHANGE, changed_figure, near, note, placed_on, rates
from smile.ui.map.figure import points_figure, query_figure
from smile.ui.map.why import why_block
from smile.ui.transcribe.callbacks import BUSY, UNEXPECTED, heard, playable
from smile.ui.transcribe.neighbours import file_url
from smile.ui.transcribe.view import stage

LOG = logging.getLogger(__name__)
WELCOME = "Record or choose a clip, or click a point: the nearest examples by KL are shown with it."
NO_MAPS = "There are no maps yet; make some with: smile project"
FOREIGN = "The query is not on this map."
DONE = "{} nearest of {} by KL."
AS_MEASURED = "These are the nearest examples that were shown with this clip when it was measured."
REMEMBERED = "The recordings of this map are not on this server: these are the nearest that it remembers."


class Sight(NamedTuple):
    """How the map is looked at: the components, or what a visitor chose."""

    map: Any
    metric: Any
    dimensions: Any
    colour: Any
    count: Any

    @property
    def layout(self) -> str:
        """The layout's name."""
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


def show(atlas: Atlas, query: Query | None, *sight: Any) -> Page:
    """Draw the map anew, with the query where it is there too."""
    look = Sight(*sight)
    if not look.map:
        return Page(stage=stage(NO_MAPS))
    try:
        points = atlas.open(look.map)
        figure, told = _drawn(atlas, points, look)
        page = _answered(atlas, points, query, look) if query else _nothing(WELCOME)
    except SmileError as error:
        return Page(stage=stage(str(error), "error"))
    trust = cards.trust_block(points.map.entry.figures[look.layout])
    return page._replace(plot={**page.plot, "value": packed(figure)}, changed=told, trust=trust)


def _drawn(atlas: Atlas, points: Points, look: Sight) -> tuple[dict[str, Any], str]:
    """The figure of a map, and what its colours tell in words."""
    if look.colour != CHANGE:
        return points_figure(points, look.layout, look.colour), ""
    measured = atlas.measured()
    placed = placed_on(points, measured.changes if measured else ())
    told = note(placed, *(measured.compared if measured else ("", "")))
    return changed_figure(points, look.layout, placed), told


def packed(figure: dict[str, Any]) -> str:
    """A figure for the page's script."""
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":"))


def _nothing(text: str) -> Page:
    """A map without a query."""
    plot = gr.update(found="")
    return Page(stage=stage(text), plot=plot, query="", neighbours="", why="", asked=None)


def _answered(atlas: Atlas, points: Points, query: Query, look: Sight) -> Page:
    """The query on a map that was opened after it was made."""
    if query.embedding is None and not query.near and points.find(query) is None:
        return _nothing(FOREIGN)
    if query.embedding is not None and points.embeddings is None:
        return _nothing(FOREIGN)
    return answer(atlas, points, query, look)


def answer(atlas: Atlas, points: Points, query: Query, look: Sight, play: bool = False) -> Page:
    """The query among the points, its neighbours, and why the first of them is near.

    Raises:
        SmileError: a recording, and there are no embeddings to compare it with.
    """
    found = ask(points, query, int(look.count))
    coordinates, index = points.map.layouts[look.layout], points.find(query)
    if index is not None:
        at = coordinates[index]
    elif found.row is not None:
        at = place(coordinates, found.row)
    else:
        at = place(coordinates[list(found.indices)], np.array(found.distances))
    text = DONE.format(len(found.indices), len(points))
    if found.row is None:
        text = REMEMBERED if index is not None else AS_MEASURED
    return Page(
        stage=stage(text, "done"),
        plot=gr.update(found=packed(query_figure(coordinates, at, found.indices, found.row))),
        query=cards.query_card(points, query, _address(atlas), play),
        asked=query,
        **_explained(atlas, points, found, 1),
    )


def _explained(atlas: Atlas, points: Points, found: Found, rank: int) -> dict[str, Any]:
    """Neighbours and why one of them is near."""
    embedding, why = points.embedding(found.query), ""
    if embedding is not None and points.embeddings is not None and found.row is not None and found.indices:
        why = why_block(embedding, points.embeddings, found.row, found.indices, rank)
    return {"neighbours": cards.neighbour_cards(points, found, rank, _address(atlas)), "why": why}


def _address(atlas: Atlas) -> cards.Address:
    """Where the page plays a file from: its folder where that is served, else a copy."""
    served = [folder.resolve() for folder in atlas.engine.audio_folders()]

    def address(audio: Path) -> str:
        inside = any(audio.resolve().is_relative_to(folder) for folder in served)
        return file_url(audio if inside else Path(playable(audio)))

    return address


def pick(atlas: Atlas, chosen: gr.EventData, *sight: Any) -> Page:
    """A point that was clicked becomes the query, and is played."""
    look = Sight(*sight)
    try:
        points = atlas.open(look.map)
        index = getattr(chosen, "index", None)
        query = _clicked(atlas, points, index, look) if isinstance(index, int) else None
        return answer(atlas, points, query, look, play=True) if query else Page()
    except SmileError as error:
        return Page(stage=stage(str(error), "error"))


def _clicked(atlas: Atlas, points: Points, index: int, look: Sight) -> Query | None:
    """The point, or the measured clip above the points, that has a number in the figure."""
    if 0 <= index < len(points):
        return points.query(index)
    measured = atlas.measured() if look.colour == CHANGE else None
    placed = placed_on(points, measured.changes) if measured else ()
    number = index - len(points)
    if not 0 <= number < len(placed):
        return None
    change = placed[number].change
    return replace(atlas.recording(points, change.language, change.id), near=near(change), told=rates(change))


def explain(atlas: Atlas, chosen: gr.EventData, query: Query | None, *sight: Any) -> Page:
    """Why another of the neighbours is near."""
    look, rank = Sight(*sight), getattr(chosen, "rank", None)
    if query is None:
        return Page()
    try:
        points = atlas.open(look.map)
        found = ask(points, query, int(look.count))
    except SmileError as error:
        return Page(stage=stage(str(error), "error"))
    if not isinstance(rank, int) or not 1 <= rank <= len(found.indices):
        return Page()
    return Page(**_explained(atlas, points, found, rank))


def hear(atlas: Atlas, audio: str | None, test: str | None, *sight: Any) -> Iterator[Page]:
    """Place a recording, or one of the test recordings, on the map; yields the page as it changes."""
    look = Sight(*sight)
    try:
        chosen = find_test(atlas, look.map, test)
        path = str(chosen.audio) if chosen else audio
        yield from _hear(atlas, path, chosen, look)
    except SmileError as error:
        yield Page(stage=stage(str(error), "error"))
    except Exception:
        LOG.exception("A clip could not be placed")
        yield Page(stage=stage(UNEXPECTED, "error"))


def _hear(atlas: Atlas, path: str | None, chosen: Utterance | None, look: Sight) -> Iterator[Page]:
    recording = heard(path)
    points = atlas.open(look.map)
    for key in points.keys if None not in points.keys else ():
        for line in atlas.engine.prepare(key, tokens=False):
            yield Page(stage=stage(line, "working"))
    points = atlas.open(look.map)
    yield Page(stage=stage("Encoding the clip", "working"))
    embedding = atlas.engine.embed(recording.samples, points.map.entry.encoder)
    seconds = len(recording.samples) / SAMPLE_RATE
    text, code = (chosen.text, chosen.language) if chosen else ("", "")
    yield answer(atlas, points, Query(code, "", text, seconds, Path(str(path)), embedding), look)


def test_choices(atlas: Atlas, name: str | None) -> list[tuple[str, str]]:
    """(label, name) of the test recordings of a map's pools; none of them is a point."""
    try:
        points = atlas.open(name)
    except SmileError:
        return []
    several = len(points.keys) > 1
    return [
        (f"{known.name}: {u.text}" if several else u.text, f"{key}/{u.id}")
        for key, known in zip(points.keys, points.languages, strict=True)
        for u in atlas.engine.queries(key)
    ]


def find_test(atlas: Atlas, name: str | None, test: str | None) -> Utterance | None:
    """A test recording by its name among `test_choices`."""
    if not test:
        return None
    keys = atlas.open(name).keys
    return next((u for key in keys for u in atlas.engine.queries(key) if f"{key}/{u.id}" == test), None)


def arrive(atlas: Atlas, key: str | None, example: str | None, audio: str | None) -> tuple[Any, ...]:
    """The last clip of the tab Transcribe: opens this tab with the map of its pool, if there is one.

    Gives the tab, the map's name, the test recordings and the recording.
    """
    name = atlas.named(key)
    tests = show_tests(atlas, name, f"{key}/{example}") if name else gr.update(value=None)
    return gr.Tabs(selected="map"), name or gr.skip(), tests, None if tests["value"] else audio


def nothing() -> None:
    """Clears the clip that was chosen in the other way."""


def refused() -> Page:
    """The page after the server did not take a clip on."""
    return Page(stage=stage(BUSY, "error"))


def show_tests(atlas: Atlas, name: str | None, test: str | None) -> Any:
    """Another map, other test recordings; the chosen one stays where it is among them."""
    choices = test_choices(atlas, name)
    known = test in {choice for _, choice in choices}
    return gr.update(choices=choices, value=test if known else None, visible=bool(choices))
