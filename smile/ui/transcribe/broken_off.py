"""The line about a transcription that was broken off, and its buttons: go on, or discard."""

from __future__ import annotations

import filecmp
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency

from smile.datatypes import PoolError, Utterance
from smile.own import jobs
from smile.own.jobs import Job
from smile.settings import OPTIONS
from smile.ui.files import admit, discard, lent
from smile.ui.parts.clip import Clip
from smile.ui.parts.components import LOOKS, PLAIN, QUICK
from smile.ui.parts.pools import example_choices
from smile.ui.transcribe.controls import Components, shown
from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.returning import HIDDEN, NO_POOL, Offer, looked, newest
from smile.ui.transcribe.returning import line as line_of
from smile.ui.transcribe.view import View

NOTHING = "There is no transcription to go on with; choose a recording and press Transcribe."
STORAGE = "smile-transcriptions"
START = "() => document.querySelector('#start').click()"


class Connected(NamedTuple):
    """What of the tab the line is connected to."""

    clip: Clip
    choices: Components
    filled: gr.State
    view: View
    run: Dependency
    query: gr.State  # of the address that the page was opened with
    read: Dependency  # what has set all that the address asks for


class Line(NamedTuple):
    """The components of the line that are laid out, and what the page keeps of it."""

    box: gr.Column
    text: gr.HTML
    job: gr.State
    going: gr.Textbox  # in the page, which tells of its change also where nothing is queued
    timer: gr.Timer
    go_on: gr.Button
    discard: gr.Button
    touched: gr.State  # whether the visitor has chosen anything on the page


def offer() -> Line:
    """Lay out the line."""
    with gr.Column(visible=False, elem_id="broken-off") as box:
        text = gr.HTML("", elem_id="broken-off-line", **PLAIN)
        with gr.Row(elem_classes="files"):
            go_on = gr.Button("Go on", variant="primary", size="sm", elem_id="go-on")
            discarded = gr.Button("Discard", size="sm", elem_id="discard", elem_classes="asks")
    going = gr.Textbox("", visible="hidden", elem_id="going")
    timer = gr.Timer(LOOKS, active=False)
    return Line(box, text, gr.State(), going, timer, go_on, discarded, gr.State(False))


def broken_off_key() -> gr.BrowserState:
    """Return where the key of a visitor's jobs is kept, outside the tabs.

    It is another one than that of My language: a page that was opened before that one was made would make
    another in its place, and so lose a visitor's examples.
    """
    return gr.BrowserState("", storage_key=STORAGE, secret=STORAGE)


def connect(keeper: Keeper, key: gr.BrowserState, line: Line, tab: Connected, delete: gr.Button) -> None:
    """Show the line as the page opens and after each run; going on presses Transcribe with what was asked.

    `delete` takes away all that is kept of a visitor.
    """
    clip, view = tab.clip, tab.view
    shown = Offer(*line[:5], view.stage, view.vanilla, view.smile, view.outcome)
    outputs, seen = list(shown), [line.job, line.going, line.touched, view.outcome, tab.query]
    look = {"fn": partial(looked, keeper), "inputs": [key, *seen], "outputs": outputs, **QUICK}
    tab.read.then(**look)
    line.timer.tick(**look)
    tab.run.then(partial(shown_of, keeper), key, outputs, **QUICK)
    view.start.click(lambda: (HIDDEN.box, HIDDEN.timer), outputs=[line.box, line.timer], **QUICK)
    chosen = [c.input for c in (clip.pool, clip.example, clip.audio, *tab.choices.values())]
    by_hand = [view.start.click, *chosen, clip.audio.clear, clip.audio.start_recording]
    gr.on(by_hand, lambda: True, outputs=line.touched, **QUICK)
    asked = [clip.audio, clip.pool, clip.example, clip.reference, tab.filled, *tab.choices.values()]
    for begins, job in ((line.go_on.click, line.job), (line.going.change, line.going)):
        begins(partial(restore, keeper), [key, job], asked, **QUICK).success(js=START)
    line.discard.click(partial(discarded, keeper), [key, line.job], outputs, **QUICK)
    delete.click(partial(deleted, keeper), key, outputs, **QUICK)


def shown_of(keeper: Keeper, key: str | None) -> Offer:
    """Return the line about the job of a visitor that was last worked on; hidden where there is none."""
    return line_of(keeper, newest(keeper, key))


def restore(keeper: Keeper, key: str | None, job: str | None) -> tuple[Any, ...]:
    """Return recording, pool, example, reference, filled-in text and settings as a job has them.

    A recording that the pool offers for trying is chosen there again, with its text.

    Raises:
        PoolError: there is no such job of this visitor, or its pool is gone.
    """
    if not keeper.visitors.has(key):
        raise PoolError(NOTHING)
    workspace = keeper.visitors.open(key)
    found = jobs.find(workspace, job)
    pool, settings = found.asked.pool, found.asked.settings
    if pool and keeper.engine.choice(pool) is None:
        raise PoolError(NO_POOL)
    admit(found.recording, keeper.visitors.quota.uploads)
    audio = lent(found.recording)
    discard(workspace.lend(Path(audio)))
    values = (shown(name, getattr(settings, name)) for name in OPTIONS)
    example = _example(keeper, found)
    chosen, text = (example.id, example.text) if example else (None, "")
    examples = gr.update(**example_choices(keeper.engine, pool or None), value=chosen)
    return audio, pool or None, examples, text, text, *values


def _example(keeper: Keeper, job: Job) -> Utterance | None:
    """The recording for trying that a job is of; None where it is the visitor's own."""
    known = job.recording
    alike = (u for u in keeper.engine.queries(job.asked.pool) if u.audio.name == known.name)
    return next((u for u in alike if filecmp.cmp(u.audio, known, shallow=False)), None)


def discarded(keeper: Keeper, key: str | None, job: str | None) -> Offer:
    """Remove a job; return the line about the next one.

    Raises:
        PoolError: there is no such job of this visitor, or it is under way.
    """
    if not keeper.visitors.has(key):
        raise PoolError(NOTHING)
    jobs.discard(jobs.find(keeper.visitors.open(key), job))
    return shown_of(keeper, key)


def deleted(keeper: Keeper, key: str | None) -> Offer:
    """Delete all jobs of a visitor, those under way, too."""
    keeper.visitors.delete(key)
    return shown_of(keeper, key)
