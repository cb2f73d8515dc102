"""The components of the tab and the events that connect them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gradio as gr
from gradio.events import Dependency

from smile.settings import OPTIONS
from smile.ui.assets import script
from smile.ui.engine import Engine
from smile.ui.live import LiveSessions
from smile.ui.parts.address import Address, Kept
from smile.ui.parts.clip import Clip, clip_inputs
from smile.ui.parts.components import ANNOUNCED, PLAIN, QUICK, TURNS, Onward, fold
from smile.ui.parts.doubtful import NEXT
from smile.ui.parts.live import live_region
from smile.ui.parts.pools import show_examples
from smile.ui.tools import tool
from smile.ui.transcribe import broken_off, callbacks, controls, live
from smile.ui.transcribe.broken_off import Connected
from smile.ui.transcribe.controls import Components
from smile.ui.transcribe.heard import heard
from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.showcase import showcase
from smile.ui.transcribe.view import View, empty, started

SHOW_RESULTS = "() => window.smileShow('#results')"
CLOSE_SHOWCASE = "() => window.smileClose('#showcase')"


def transcribe_tab(
    keeper: Keeper,
    key: gr.BrowserState,
    tabs: gr.Tabs,
    sessions: LiveSessions,
    address: Address,
) -> tuple[Onward, Callable[[gr.Button, Dependency], None]]:
    """Lay out the tab and connect it, but for what the returned function connects: that is for the caller.

    It takes the button that deletes all of a visitor, and the event that has read the page's address.

    Its states stand in it: beside it they would count as tabs.
    """
    engine = keeper.engine
    with gr.Tab("Transcribe", id="transcribe"):
        line = broken_off.offer()
        onward_from_example = showcase(engine)
        with gr.Row(elem_classes="page", elem_id="transcribing"):
            with gr.Column(min_width=320, elem_classes="inputs", elem_id="asked"):
                region = live_region("audio")
                clip = clip_inputs(engine, "measure errors against", below=region)
                start, stop = actions()
            with gr.Column(min_width=320, elem_id="results"):
                view, sound = outputs(start, stop, key)
                with gr.Row(visible=False, elem_classes="files", elem_id="onward") as onward:
                    to_map = gr.Button("See the clip on the map", size="sm", elem_id="to-map")
                    to_compare = gr.Button("Compare settings on it", size="sm", elem_id="to-compare")
            with gr.Column(min_width=320, elem_classes="inputs", elem_id="settings"):
                choices = settings_inputs()
        publish(engine, clip, choices)
        filled = gr.State("")
        address.keep(kept(engine, clip, choices, filled))
        run, scored = connect_run(keeper, clip, choices, view)
        brought = connect_clip(engine, clip, filled, view, run)
        view.outcome.change(callbacks.onward, view.outcome, onward, **QUICK)
        for button, action in onward_from_example:
            button.click(js=action)

    def later(delete: gr.Button, opened: Dependency) -> None:
        connected = Connected(clip, choices, filled, view, run, address.query, opened)
        broken_off.connect(keeper, key, line, connected, delete)
        connect_mark(clip, choices, view, scored)
        view.outcome.change(heard, [view.outcome, clip.audio], sound, **QUICK)
        others = [clip.example.input, clip.audio.input, clip.audio.clear]
        gr.on(others, lambda: "", outputs=sound, **QUICK)  # a state that becomes None tells of no change
        live.connect(engine, sessions, clip, region, live.Ends(view.outcome, brought, scored[0]))

    onwards = Onward(tabs, to_map, to_compare, clip.pool, clip.example, clip.audio, clip.reference)
    return onwards, later


def actions() -> tuple[gr.Button, gr.Button]:
    """Lay out the buttons that start and stop a transcription."""
    with gr.Row(elem_id="actions"):
        start = gr.Button("Transcribe", variant="primary", elem_id="start")
        stop = gr.Button("Cancel", variant="stop", elem_id="stop", visible=False)
    return start, stop


def settings_inputs() -> Components:
    """Return the controls of all settings by name; those that seldom change are folded away.

    On a phone they stand below the result, and all are folded away.
    """
    fold("Settings", "settings")
    with gr.Group(elem_classes="settings"):
        inputs = controls.main_controls()
    with gr.Accordion("More settings", open=False):
        inputs |= controls.more_controls()
    return {name: inputs[name] for name in OPTIONS}


def outputs(start: gr.Button, stop: gr.Button, key: gr.BrowserState) -> tuple[View, gr.HTML]:
    """Lay out where a transcription appears, and where it can be heard."""
    at_first = empty()
    stage = gr.HTML(at_first.stage, elem_id="stage", js_on_load=ANNOUNCED, **PLAIN)
    with gr.Row(elem_classes="sides", equal_height=True):
        vanilla = gr.HTML(at_first.vanilla, elem_id="vanilla", **PLAIN)
        smile = gr.HTML(at_first.smile, elem_id="smile", js_on_load=NEXT, **PLAIN)
    sound = gr.HTML("", elem_id="heard", js_on_load=script("waveform"), **PLAIN)
    fold("Figures and differences", "results")
    neighbours = gr.HTML(at_first.neighbours, elem_id="neighbours", **PLAIN)
    download = gr.DownloadButton("Download as JSON", size="sm", visible=False, elem_id="download")
    return View(stage, vanilla, smile, neighbours, gr.State(), download, start, stop, key), sound


def kept(engine: Engine, clip: Clip, choices: Components, filled: gr.State) -> Kept:
    """Return what the address keeps: the pool, its recording and the settings."""
    return Kept(
        "transcribe",
        {"pool": clip.pool, "example": clip.example, **choices},
        partial(callbacks.restore, engine),
        [*clip, *choices.values(), filled],
        partial(callbacks.untold, engine),
    )


def connect_run(
    keeper: Keeper, clip: Clip, choices: Components, view: View
) -> tuple[Dependency, list[Dependency]]:
    """Connect start, cancel, and a new score; return what can be cancelled, and what shows a score.

    The page says at once that it begins, even where others are served first. It is settled when the
    engine has ended, also by a cancel, so that nothing that was still on its way overwrites it.
    """
    page, judged = list(view), [view.outcome, clip.reference]
    begun = view.start.click(started, view.outcome, page, **QUICK)
    begun.then(js=SHOW_RESULTS)
    gr.on([view.start.click, clip.example.input, clip.audio.input], js=CLOSE_SHOWCASE)
    run = begun.then(
        partial(callbacks.run, keeper),
        inputs_kwargs={"audio": clip.audio, "pool": clip.pool, **choices, "key": view.key},
        outputs=page,
        show_progress="hidden",
        **TURNS,
        api_name="run",
        api_visibility="undocumented",
    )
    view.stop.click(callbacks.cancel, view.outcome, view.stage, cancels=run, **QUICK)
    run.failure(callbacks.refused, view.outcome, page, **QUICK)
    offering = {"fn": callbacks.download, "inputs": judged, "outputs": view.download, **QUICK}
    settled = run.then(callbacks.settle, judged, page, **QUICK)
    settled.then(**offering)
    rescored = clip.reference.input(callbacks.rescore, judged, page, trigger_mode="always_last", **QUICK)
    rescored.then(**offering)
    return run, [settled, rescored]


def connect_mark(clip: Clip, choices: Components, view: View, scored: list[Dependency]) -> None:
    """Let a result say so where another pool or other settings are chosen than it was made with."""
    asked, shows = [clip.pool, *choices.values()], {"outputs": view.stage, **QUICK}
    chosen = [component.input for component in asked]
    inputs = [view.outcome, clip.reference, *asked]
    gr.on(chosen, callbacks.mark, inputs, trigger_mode="always_last", **shows)
    for shown in scored:
        shown.then(callbacks.mark_scored, [view.outcome, *asked], **shows)


def connect_clip(engine: Engine, clip: Clip, filled: gr.State, view: View, run: Dependency) -> Dependency:
    """Let a pool bring recordings to choose from, and another clip end what is done with the last.

    `filled` is the text that the last example put into the reference. Return what takes a recording of the
    visitor's own.
    """
    clip.pool.input(partial(show_examples, engine), clip.pool, clip.example, **QUICK)
    clip.example.input(
        partial(callbacks.pick, engine),
        [clip.pool, clip.example, view.outcome],
        [clip.audio, clip.reference, filled, *view],
        cancels=run,
        **QUICK,
    )
    brought: Dependency = gr.on(
        [clip.audio.input, clip.audio.clear],
        callbacks.own_recording,
        [clip.reference, filled, view.outcome],
        [clip.example, clip.reference, *view],
        cancels=run,
        **QUICK,
    )
    return brought


def publish(engine: Engine, clip: Clip, choices: Components) -> None:
    """Offer transcribing to programs: an endpoint `transcribe` that gives JSON."""
    gr.Button(visible=False).click(
        tool("transcribe", callbacks.transcribe_json, engine),
        inputs_kwargs={
            "audio": clip.audio,
            "pool": clip.pool,
            **choices,
            "reference": clip.reference,
        },
        outputs=gr.JSON(visible=False),
        api_name="transcribe",
        **TURNS,
    )
