"""The components of the tab and the events that connect them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from smile.datatypes import MOST_SHOTS
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.samplers import LABELS as SAMPLERS
from smile.ui.compare import callbacks
from smile.ui.compare.callbacks import Asked, View
from smile.ui.engine import Engine
from smile.ui.parts.address import Address, Kept
from smile.ui.parts.clip import clip_inputs
from smile.ui.parts.components import ANNOUNCED, BUSY, PLAIN, QUICK, TURNS, Onward, cancelling
from smile.ui.parts.following import follow
from smile.ui.parts.pools import show_examples
from smile.ui.tools import tool
from smile.ui.values import facts, number

WAYS = [(label, name) for name, label in MEASURES.items()]
WAYS += [(label, name) for name, label in SAMPLERS.items() if name != "nearest"]
USUAL_WAYS = ["kl", "cosine", "draft", "random"]
USUAL_SHOTS = [0, 1, 3, 5]
MOST_SEEDS = 5
NAMES = {  # in the address, where Transcribe has some of the others
    "shots": "counts",
    "ways": "ways",
    "seeds": "seeds",
    "knn": "spelling",
    "acoustic": "fitted",
    "controlled": "controlled",
    "untrained": "untrained",
}
OPEN = """
element.addEventListener("click", ({ target }) => {
  const { cell } = target.closest("[data-cell]")?.dataset ?? {};
  if (cell) trigger("pick", { index: Number(cell) });
});
"""
DOWNLOAD = "() => window.smileDownload('#compare-file')"
BEGUN = "() => { window.smileComparing(true); window.smileShow('#compare-results'); }"
ENDED = "() => window.smileComparing(false)"
REVEAL = "() => { window.smileReveal('#compare-detail'); window.smileGoOn('#compare-detail'); }"


def compare_tab(engine: Engine, transcribed: Onward, address: Address) -> Callable[[], None]:
    """Lay out the tab and connect it; the tab Transcribe may send its last clip.

    What the returned function connects is for the caller: it lets the pool follow that of Transcribe.
    """
    with gr.Tab("Compare", id="compare"), gr.Row(elem_classes="page"):
        with gr.Column(scale=4, min_width=300, elem_classes="inputs"):
            asked, example, reference, start, stop = inputs(engine)
        with gr.Column(scale=9, min_width=320, elem_id="compare-results"):
            view, kinds, file = outputs(asked, start, stop)
        connect_run(engine, asked, reference, view)
        connect_view(engine, view, reference, kinds, file)
        connect_clip(engine, asked, example, reference, view, transcribed)
        publish(engine, asked, reference)
        address.keep(kept(engine, asked, example, reference, view))
        own = gr.State(False)
    take, shown = partial(callbacks.taken, engine), (asked.pool, example)
    return partial(follow, transcribed, asked.pool, own, (asked.audio,), shown, take)


def kept(engine: Engine, asked: Asked, example: gr.Radio, reference: gr.Textbox, view: View) -> Kept:
    """Return what the address keeps: the pool, its recording, and the rows and ways that are compared."""
    rows = asked._replace(pool=None, audio=None)
    chosen = {NAMES[name]: one for name, one in rows._asdict().items() if one is not None}
    return Kept(
        "compare",
        {"pool": asked.pool, "clip": example, **chosen},
        partial(callbacks.restore, engine, chosen),
        [asked.pool, example, asked.audio, reference, *chosen.values(), view.stage],
        partial(callbacks.untold, engine, chosen),
    )


def inputs(engine: Engine) -> tuple[Asked, gr.Radio, gr.Textbox, gr.Button, gr.Button]:
    """Lay out the recording, and what is compared."""
    clip = clip_inputs(engine, "colour the cells by errors", "compare-")
    with gr.Row(elem_id="compare-actions"):
        start = gr.Button("Compare", variant="primary", elem_id="compare-start")
        stop = gr.Button("Cancel", variant="stop", elem_id="compare-stop", visible=False)
    shots = gr.CheckboxGroup(
        list(range(MOST_SHOTS + 1)),
        value=USUAL_SHOTS,
        label="Examples in the prompt",
        elem_id="compare-shots",
    )
    ways = gr.CheckboxGroup(WAYS, value=USUAL_WAYS, label="Ways to find them", elem_id="compare-ways")
    seeds = gr.Slider(1, MOST_SEEDS, 1, step=1, label="Seeds of random examples", elem_id="compare-seeds")
    knn = gr.Checkbox(True, label="Spelling from the whole pool", elem_id="compare-knn")
    acoustic = gr.Checkbox(
        False,
        label="The pool's acoustic model, alone and combined",
        info="It is fitted to the pool in a few minutes, when it is first used.",
        elem_id="compare-acoustic",
    )
    controlled = gr.Checkbox(
        False,
        label="Whisper alone, controlled",
        info="It is limited to the length that the pool's speakers say in that time, as with examples.",
        elem_id="compare-controlled",
    )
    untrained = gr.Checkbox(
        False,
        label="SMILE without the adapter",
        info="Whisper as it is behind the 3 nearest examples by KL, to see what training it for them brings; "
        "with the spelling from the pool it reads the whole pool once for itself.",
        elem_id="compare-untrained",
    )
    asked = Asked(clip.pool, clip.audio, shots, ways, seeds, knn, acoustic, controlled, untrained)
    return asked, clip.example, clip.reference, start, stop


def outputs(
    asked: Asked, start: gr.Button, stop: gr.Button
) -> tuple[View, dict[str, gr.Button], gr.DownloadButton]:
    """Lay out where the comparison appears, and its downloads."""
    first = callbacks.planned(*(component.value for component in asked))
    stage = gr.HTML(first, elem_id="compare-stage", js_on_load=ANNOUNCED, **PLAIN)
    table = gr.HTML("", elem_id="compare-table", js_on_load=OPEN, **PLAIN)
    detail = gr.HTML("", elem_id="compare-detail", **PLAIN)
    with gr.Row(visible=False, elem_classes="files") as files:
        kinds = {
            kind: gr.Button(f"Download as {kind.upper()}", size="sm", elem_id=f"compare-{kind}")
            for kind in ("csv", "json")
        }
    file = gr.DownloadButton(visible="hidden", elem_id="compare-file")
    return View(stage, table, detail, gr.State(), gr.State(), files, start, stop), kinds, file


def connect_run(engine: Engine, asked: Asked, reference: gr.Textbox, view: View) -> None:
    """Compare, cancel, and say beforehand what it comes to."""
    page = list(view)
    begun = view.start.click(callbacks.started, outputs=page, **QUICK)
    begun.then(js=BEGUN)
    run = begun.then(
        partial(callbacks.run, engine),
        [reference, *asked],
        page,
        show_progress="hidden",
        **TURNS,
        api_visibility="private",
    )
    view.stop.click(cancelling, outputs=view.stage, cancels=run, **QUICK)
    run.failure(partial(callbacks.refused, BUSY), outputs=page, **QUICK)
    run.then(callbacks.settle, view.compared, page, **QUICK).then(js=ENDED)
    order = asked.shots, asked.ways, asked.seeds, asked.acoustic, asked.knn, asked.controlled, asked.untrained
    chosen = [component.input for component in order]
    plan = partial(callbacks.planned, engine=engine)
    gr.on([*chosen, asked.pool.change], plan, list(asked), view.stage, **QUICK)


def connect_view(
    engine: Engine, view: View, reference: gr.Textbox, kinds: dict[str, gr.Button], file: gr.DownloadButton
) -> None:
    """Open a cell, score against another reference, download."""

    def pick(compared: Any, text: str, chosen: gr.EventData) -> View:
        return callbacks.opened(engine, compared, text, number(facts(chosen).get("index")) or 0)

    page = list(view)
    view.table.pick(pick, [view.compared, reference], page, **QUICK).then(js=REVEAL)
    state = [view.compared, view.opened, reference]
    reference.input(partial(callbacks.rescored, engine), state, page, trigger_mode="always_last", **QUICK)
    for kind, button in kinds.items():
        made = button.click(partial(callbacks.saved, kind=kind), [view.compared, reference], file, **QUICK)
        made.success(js=DOWNLOAD)


def connect_clip(
    engine: Engine,
    asked: Asked,
    example: gr.Radio,
    reference: gr.Textbox,
    view: View,
    transcribed: Onward,
) -> None:
    """Let a pool bring recordings to choose from, and the tab Transcribe send its clip."""
    asked.pool.input(partial(show_examples, engine), asked.pool, example, **QUICK)
    picked = [asked.audio, reference]
    example.input(partial(callbacks.pick, engine), [asked.pool, example], picked, **QUICK)
    gr.on([asked.audio.input, asked.audio.clear], lambda: (None, ""), outputs=[example, reference], **QUICK)
    transcribed.compare.click(
        partial(callbacks.arrive, engine),
        [transcribed.pool, transcribed.audio, transcribed.reference],
        [transcribed.tabs, asked.pool, example, asked.audio, reference],
        **QUICK,
    )


def publish(engine: Engine, asked: Asked, reference: gr.Textbox) -> None:
    """Offer comparing to programs: an endpoint `compare` that gives JSON."""
    others = {name: one for name, one in asked._asdict().items() if name not in ("audio", "pool")}
    gr.Button(visible=False).click(
        tool("compare", callbacks.compare_json, engine),
        inputs_kwargs={"audio": asked.audio, "pool": asked.pool, **others, "reference": reference},
        outputs=gr.JSON(visible=False),
        api_name="compare",
        **TURNS,
    )
