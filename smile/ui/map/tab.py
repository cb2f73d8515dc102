"""The components of the tab and the events that connect them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency
from markupsafe import Markup

from smile.ui.assets import script
from smile.ui.map import callbacks, clips
from smile.ui.map.atlas import Atlas
from smile.ui.map.callbacks import NAMES, POINT, WELCOME, Page, Sight
from smile.ui.map.changed import CHANGE
from smile.ui.map.figure import COLOURS
from smile.ui.parts.address import Address, Kept
from smile.ui.parts.components import ANNOUNCED, PLAIN, QUICK, TURNS, Onward, recorder, stage
from smile.ui.parts.following import follow
from smile.ui.serving import PLOTLY

PLOT = Markup('<div class="plot" data-library="{}"></div><p class="plot-note">Drawing the map</p>')
MOST_NEIGHBOURS = 10  # as many as a map remembers of a point
NEIGHBOURS = 5
TURN: dict[str, Any] = {**QUICK, "queue": True}  # gradio tells of a change of state in the queue only
SHOW_MAP = "() => window.smileShow('#map-results')"
BUTTONS = """
element.addEventListener("click", ({ target }) => {
  const { index, rank } = target.closest("button")?.dataset ?? {};
  if (index) trigger("pick", { index: Number(index) });
  if (rank) trigger("explain", { rank: Number(rank) });
});
"""


class Clip(NamedTuple):
    """A clip that may be placed on the map: a recording, or the name of a test recording."""

    audio: Any
    test: Any


def map_tab(atlas: Atlas, transcribed: Onward, address: Address) -> Callable[[], None]:
    """Lay out the tab and connect it; the tab Transcribe may send its last clip.

    What the returned function connects is for the caller: it lets the map follow the pool of Transcribe.
    """
    with gr.Tab("Map", id="map") as tab, gr.Row(elem_classes="page"):
        with gr.Column(scale=4, min_width=300, elem_classes="inputs"):
            sight, clip = sight_inputs(atlas), clip_inputs()
        with gr.Column(scale=9, min_width=320, elem_id="map-results"):
            page = outputs()
        draw = connect(atlas, tab, sight, clip, page)
        connect_query(atlas, sight, clip, page, transcribed, draw)
        own = gr.State(False)
        address.keep(kept(atlas, sight, own, page.point))
    take = partial(clips.taken, atlas)
    return partial(follow, transcribed, sight.map, own, (page.asked, page.point, *clip), (sight.map,), take)


def kept(atlas: Atlas, sight: Sight, own: gr.State, point: gr.Textbox) -> Kept:
    """Return what the address keeps: which map, how it is looked at, and which clip is asked about."""
    fields = {**dict(zip(NAMES, sight, strict=True)), POINT: point}
    return Kept(
        "map",
        fields,
        partial(callbacks.restore, atlas, fields),
        [*fields.values(), own],
        partial(callbacks.untold, atlas, fields),
        follows=NAMES[:1],
    )


def sight_inputs(atlas: Atlas) -> Sight:
    """Lay out which map is shown, and how it is looked at."""
    first = atlas.first()
    shown = gr.Dropdown(atlas.choices(), value=first, label="Map of", elem_id="map-name")
    colour = gr.Dropdown(
        [*((label, name) for name, label in COLOURS.items()), ("Change of CER by examples", CHANGE)],
        value=CHANGE if atlas.sampled(first) else "language",
        label="Colour by",
        elem_id="map-colour",
    )
    dimensions = gr.Radio([("Two", 2), ("Three", 3)], value=2, label="Dimensions", elem_id="map-dimensions")
    metric = gr.Radio(
        [("JS divergence", "js"), ("Euclidean", "euclidean")],
        value="js",
        label="Laid out by",
        elem_id="map-metric",
    )
    count = gr.Slider(1, MOST_NEIGHBOURS, NEIGHBOURS, step=1, label="Neighbours", elem_id="map-count")
    return Sight(shown, metric, dimensions, colour, count)


def clip_inputs() -> Clip:
    """Lay out a clip of the visitor's own, and the test recordings."""
    audio = recorder("Your recording", "map-audio")
    test = gr.Dropdown([], label="or a test recording", elem_id="map-test")
    return Clip(audio, test)


def outputs() -> Page:
    """Lay out where the map and what it tells appear."""
    with gr.Row(elem_id="map-head"):
        said = gr.HTML(stage(WELCOME), elem_id="map-stage", js_on_load=ANNOUNCED, **PLAIN)
        stop = gr.Button("Cancel", size="sm", visible=False, elem_id="map-stop", scale=0, min_width=90)
    plot = gr.HTML(
        html_template=PLOT.format(PLOTLY),
        js_on_load=script("map"),
        elem_id="map-plot",
        added="",
        **PLAIN,
    )
    changed = gr.HTML("", elem_id="map-changed", **PLAIN)
    trust = gr.HTML("", elem_id="map-trust", **PLAIN)
    query = gr.HTML("", elem_id="map-query", **PLAIN)
    neighbours = gr.HTML("", elem_id="map-neighbours", js_on_load=BUTTONS, **PLAIN)
    why = gr.HTML("", elem_id="map-why", **PLAIN)
    point = gr.Textbox("", visible="hidden", elem_id="map-point")
    return Page(said, plot, changed, trust, query, neighbours, why, gr.State(), gr.State(), stop, point)


def with_event(callback: Callable[..., Page], atlas: Atlas) -> Callable[..., Page]:
    """Return a callback that gets its event's data, which gradio hands to plain functions only."""

    def tell(chosen: gr.EventData, *values: Any) -> Page:
        return callback(atlas, chosen, *values)

    return tell


def connect(atlas: Atlas, tab: gr.Tab, sight: Sight, clip: Clip, page: Page) -> dict[str, Any]:
    """Let the map follow what is chosen; return the event that draws it."""
    draw: dict[str, Any] = {
        "fn": partial(callbacks.show, atlas),
        "inputs": [page.asked, page.point, *sight],
        "outputs": list(page),
        **QUICK,
    }
    tests: dict[str, Any] = {
        "fn": partial(clips.show_tests, atlas),
        "inputs": [sight.map, clip.test],
        "outputs": clip.test,
        **QUICK,
    }
    tab.select(**draw).then(**tests)
    sight.map.input(**draw).then(**tests)
    gr.on([c.input for c in (sight.metric, sight.dimensions, sight.colour, sight.count)], **draw)
    return draw


def connect_run(atlas: Atlas, sight: Sight, clip: Clip, page: Page) -> tuple[gr.State, Dependency]:
    """Return a turn, whose change places the clip chosen by then, and what can be cancelled of it."""
    outputs, turn = list(page), gr.State(0)
    begun = turn.change(clips.begun, outputs=outputs, **QUICK)
    begun.then(js=SHOW_MAP)
    run = begun.then(
        partial(clips.encode_clip, atlas),
        [*clip, sight.map],
        outputs,
        show_progress="hidden",
        **TURNS,
        api_visibility="private",
    )
    run.failure(clips.refused, outputs=outputs, **QUICK)
    run.then(partial(clips.place_encoded, atlas), [page.encoded, *sight], outputs, **QUICK)
    stopped = page.stop.click(clips.cancelling, outputs=outputs, cancels=run, **QUICK)
    stopped.then(clips.cancelled, outputs=outputs, **QUICK)
    return turn, run


def connect_query(
    atlas: Atlas,
    sight: Sight,
    clip: Clip,
    page: Page,
    transcribed: Onward,
    draw: dict[str, Any],
) -> None:
    """Connect what becomes the query: a point, a neighbour, a recording, or the clip of Transcribe."""
    outputs = list(page)
    turn, run = connect_run(atlas, sight, clip, page)
    for component in (page.plot, page.neighbours):
        component.pick(with_event(callbacks.pick, atlas), list(sight), outputs, cancels=run, **QUICK)
    page.neighbours.explain(with_event(callbacks.explain, atlas), [page.asked, *sight], outputs, **QUICK)
    for chosen, other in ((clip.audio, clip.test), (clip.test, clip.audio)):
        chosen.input(clips.another, turn, [turn, other], cancels=run, **TURN)
    arrived = transcribed.button.click(
        partial(clips.arrive, atlas),
        [transcribed.pool, transcribed.example, transcribed.audio],
        [transcribed.tabs, sight.map, clip.test, clip.audio],
        cancels=run,
        **QUICK,
    )
    arrived.then(**draw).then(clips.next_turn, turn, turn, **TURN)
