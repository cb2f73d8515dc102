"""The line about a transcription that was broken off, and its buttons: go on, or discard."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency
from markupsafe import Markup

from smile.datatypes import PoolError
from smile.own import jobs
from smile.own.jobs import Job
from smile.settings import OPTIONS
from smile.ui.files import admit, discard, lent
from smile.ui.parts.clip import Clip
from smile.ui.parts.components import PLAIN, QUICK
from smile.ui.parts.pools import example_choices
from smile.ui.parts.so_far import clock
from smile.ui.transcribe.controls import Components, shown
from smile.ui.transcribe.keeping import Keeper

LINE = Markup('<p class="note">{}</p>')
BROKEN_OFF = "The transcription of {} stopped at {} of {}."
WHOLE = " A segment is kept once both its transcripts are finished; the one that follows is written again."
UNDER_WAY = "A transcription of {} is under way in another window, or stops just now; it is at {} of {}."
NOTHING = "There is no transcription to go on with; choose a recording and press Transcribe."
NO_POOL = "The examples that this was begun with are no longer here; discard it and begin with others."
STORAGE = "smile-transcriptions"
START = "() => document.querySelector('#start').click()"


class Offer(NamedTuple):
    """The components of the line; or new values for them."""

    box: Any
    text: Any = gr.skip()
    job: Any = gr.skip()  # id of the one that is offered
    go_on: Any = gr.skip()
    discard: Any = gr.skip()


class Connected(NamedTuple):
    """What of the tab the line is connected to."""

    clip: Clip
    choices: Components
    filled: gr.State
    start: gr.Button
    run: Dependency


HIDDEN = Offer(gr.update(visible=False))


def offer() -> Offer:
    """Lay out the line."""
    with gr.Column(visible=False, elem_id="broken-off") as box:
        text = gr.HTML("", elem_id="broken-off-line", **PLAIN)
        with gr.Row(elem_classes="files"):
            go_on = gr.Button("Go on", variant="primary", size="sm", elem_id="go-on")
            discarded = gr.Button("Discard", size="sm", elem_id="discard", elem_classes="asks")
    return Offer(box, text, gr.State(), go_on, discarded)


def broken_off_key() -> gr.BrowserState:
    """Return where the key of a visitor's jobs is kept, outside the tabs.

    It is another one than that of My language: a page that was opened before that one was made would make
    another in its place, and so lose a visitor's examples.
    """
    return gr.BrowserState("", storage_key=STORAGE, secret=STORAGE)


def connect(
    keeper: Keeper,
    page: gr.Blocks,
    key: gr.BrowserState,
    line: Offer,
    tab: Connected,
    delete: gr.Button,
) -> None:
    """Show the line as the page opens and after each run; going on presses Transcribe with what was asked.

    `delete` takes away all that is kept of a visitor.
    """
    outputs, clip = list(line), tab.clip
    show = {"fn": partial(shown_of, keeper), "inputs": key, "outputs": outputs, **QUICK}
    page.load(**show)
    tab.run.then(**show)
    tab.start.click(lambda: HIDDEN, outputs=outputs, **QUICK)
    asked = [clip.audio, clip.pool, clip.example, clip.reference, tab.filled, *tab.choices.values()]
    restored = line.go_on.click(partial(restore, keeper), [key, line.job], asked, **QUICK)
    restored.success(js=START)
    line.discard.click(partial(discarded, keeper), [key, line.job], outputs, **QUICK)
    delete.click(partial(deleted, keeper), key, outputs, **QUICK)


def shown_of(keeper: Keeper, key: str | None) -> Offer:
    """Return the line about the job of a visitor that was last worked on; hidden where there is none."""
    job = None
    with suppress(PoolError, OSError):
        job = next(iter(_jobs(keeper, key)), None)
    if job is None:
        return HIDDEN._replace(job=None)
    both = WHOLE if job.asked.pool else ""  # what Whisper alone has finished is on the page before
    said = UNDER_WAY if job.under_way else BROKEN_OFF + both
    text = said.format(job.recording.name, clock(job.reached), clock(job.asked.seconds))
    return Offer(gr.update(visible=True), LINE.format(text), job.id)


def _jobs(keeper: Keeper, key: str | None) -> list[Job]:
    return jobs.jobs(keeper.visitors.open(key)) if keeper.visitors.has(key) else []


def restore(keeper: Keeper, key: str | None, job: str | None) -> tuple[Any, ...]:
    """Return recording, pool, example, reference, filled-in text and settings as a job has them.

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
    examples = gr.update(**example_choices(keeper.engine, pool or None), value=None)
    return audio, pool or None, examples, "", "", *values


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
