"""What the page shows of a transcription that another page began, and whether it goes on by itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.datatypes import PoolError
from smile.own import jobs
from smile.own.jobs import Job
from smile.ui.parts.components import stage
from smile.ui.parts.pools import matched
from smile.ui.parts.so_far import clock
from smile.ui.sessions import page_at_hand
from smile.ui.transcribe import view
from smile.ui.transcribe.controls import from_query, shown
from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.view import Outcome, Resumed, Unfinished

LINE = Markup('<p class="note">{}</p>')
BROKEN_OFF = "The transcription of {} stopped at {} of {}."
WHOLE = " A segment is kept once both its transcripts are finished; the one that follows is written again."
UNDER_WAY = "A transcription of {} is under way in another window, or stops just now; it is at {} of {}."
STOPPING = "The transcription of {} stops just now; it is at {} of {}."
GOES_ON = "The transcription of {} goes on at {} of {}"
NO_POOL = "The examples that this was begun with are no longer here; discard it and begin with others."


class Offer(NamedTuple):
    """The components of the line, and of what it brings; or new values for them."""

    box: Any
    text: Any = gr.skip()
    job: Any = gr.skip()  # id of the one that is offered
    going: Any = gr.skip()  # id of the one that the page goes on with by itself
    timer: Any = gr.skip()
    stage: Any = gr.skip()
    vanilla: Any = gr.skip()
    smile: Any = gr.skip()
    outcome: Any = gr.skip()


class Seen(NamedTuple):
    """What the page looks like as it is asked for the line."""

    job: str | None = None  # that it offers
    going: str | None = None  # that it has gone on with by itself
    touched: bool = False  # whether the visitor has chosen anything on it
    outcome: Outcome = None
    query: Mapping[str, str] | None = None  # of its address

    @property
    def untouched(self) -> bool:
        """Return whether the page may go on with something by itself, which it does once."""
        return not (self.touched or self.going or self.outcome)


HIDDEN = Offer(gr.update(visible=False), job=None, timer=gr.update(active=False))


def newest(keeper: Keeper, key: str | None) -> Job | None:
    """Return the job of a visitor that was last worked on."""
    with suppress(PoolError, OSError):
        if keeper.visitors.has(key):
            return next(iter(jobs.jobs(keeper.visitors.open(key))), None)
    return None


def looked(keeper: Keeper, key: str | None, *seen: Any) -> Offer:
    """Return the line as the page opens, or while another page is at work; `seen` are the fields of `Seen`.

    A page on which nothing was chosen goes on with what another one has left, once that has really stopped.
    """
    page = Seen(*seen)
    if isinstance(page.outcome, Unfinished):
        return HIDDEN  # this page itself is at work
    job = newest(keeper, key)
    if job is None:
        return _emptied(page)
    if job.stopped or not (page.untouched and _asked_for(keeper, job, page.query)):
        return line(keeper, job)
    claims = keeper.visitors.claims
    if not job.under_way and _has_pool(keeper, job) and claims.claim(job.folder, page_at_hand()):
        return _going_on(job)
    cards = view.kept(job, ended=not job.under_way).cards if job.reached else {}
    return line(keeper, job)._replace(**cards)


def _emptied(page: Seen) -> Offer:
    """No line; what the page showed of a job that has ended elsewhere goes."""
    return HIDDEN._replace(**view.empty().cards) if page.job and page.untouched else HIDDEN


def _asked_for(keeper: Keeper, job: Job, query: Mapping[str, str] | None) -> bool:
    """Whether the address asks for no other recording, pool or settings than a job's."""
    asked = query or {}
    named = (u for u in keeper.engine.queries(asked.get("pool")) if u.id == asked.get("example"))
    if any(chosen.audio.name != job.recording.name for chosen in named):
        return False
    settings = job.asked.settings
    same = all(value == shown(name, getattr(settings, name)) for name, value in from_query(asked).items())
    return same and matched(keeper.engine, asked.get("pool")) in (None, job.asked.pool)


def _has_pool(keeper: Keeper, job: Job) -> bool:
    return not job.asked.pool or keeper.engine.choice(job.asked.pool) is not None


def _going_on(job: Job) -> Offer:
    """The page as it goes on with a job: what is kept of it, and how far it is."""
    said = stage(_said(GOES_ON, job), "working")
    offer = HIDDEN._replace(job=job.id, going=job.id, stage=said, outcome=Resumed())
    return offer._replace(**view.kept(job).cards)


def line(keeper: Keeper, job: Job | None) -> Offer:
    """Return the line about a job; it is looked at again as long as somebody is at work on it."""
    if job is None:
        return HIDDEN
    busy = job.under_way
    if busy:
        text = _said(STOPPING if job.stopped else UNDER_WAY, job)
    else:
        text = _said(BROKEN_OFF, job) + (WHOLE if job.asked.pool else "")  # without one all of it is kept
        text += "" if _has_pool(keeper, job) else f" {NO_POOL}"
    offer = Offer(gr.update(visible=True), LINE.format(text), job.id)
    return offer._replace(timer=gr.update(active=busy))


def _said(sentence: str, job: Job) -> str:
    return sentence.format(job.recording.name, clock(job.reached), clock(job.asked.seconds))
