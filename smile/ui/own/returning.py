"""The tab as its visitor comes back to it: a list that the page before has left goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from smile.own import batches
from smile.ui.own import arriving, runs, transcribing
from smile.ui.own.arriving import at_work, found
from smile.ui.own.page import Page, guarded, guarded_steps, marked, opened
from smile.ui.own.runs import Runs
from smile.ui.own.service import VisitorService
from smile.ui.sessions import page_at_hand

UNDER_WAY = "A transcription of {} is under way in another window, or stops just now; it is at {}."
GOES_ON = "The transcription of {} goes on at {}."


@guarded
def returned(service: VisitorService, key: str | None, session: Runs) -> Page:
    """Return the tab as it is opened; what its session has at work says itself how far it is."""
    page = arriving.arrived(service, key)
    here = page.key if isinstance(page.key, str) else key
    if session.under_way:
        return page._replace(stage=gr.skip())
    return _with_list(service, page, here, session)


@guarded
def looked(
    service: VisitorService,
    key: str | None,
    part: Sequence[Any] | None,
    example: str | None,
    session: Runs,
) -> Page:
    """Return what has changed while another page is at work on the list; once that is gone, go on with it."""
    if session.under_way or session.has_left(key) or not service.visitors.has(key):
        return Page(looking=gr.update(active=False))
    new = found(service, str(key))
    lists = Page(results=new.results, again=new.again, files=new.files, timed=new.timed, stage=new.stage)
    return _with_list(service, marked(service, lists, key, part, example), key, session)


def _with_list(service: VisitorService, page: Page, key: str | None, session: Runs) -> Page:
    """A page with how things stand with a list that was left, which goes on once a session."""
    page = page._replace(looking=gr.update(active=False))
    if "stage error" in str(page.stage) or not service.visitors.has(key):
        return page
    workspace = service.visitors.open(key)
    asked = batches.left(workspace)
    what = at_work(workspace, asked.again) if asked else None
    if what is None:
        return page
    if not session.resumed and service.visitors.claims.claim(batches.folder(workspace), page_at_hand()):
        session.resumed = True
        return page.says(what.told(GOES_ON), "working")._replace(going=key)
    if batches.busy(workspace):
        said = page.says(what.told(UNDER_WAY))
        return said._replace(looking=gr.update(active=True))
    return page


@guarded_steps
def resume(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Go on with the list that a page has left; where there is nothing left of it, say how things stand."""
    workspace = opened(service, key)
    asked = batches.left(workspace)
    names = transcribing.outdated(workspace) if asked and asked.again else None
    if asked is None or at_work(workspace, asked.again) is None:
        batches.forget(workspace)
        yield found(service, str(key))
        return
    yield from transcribing.noted(service, workspace, names)


def cancel(service: VisitorService, key: str | None, session: Runs) -> str:
    """Return the stage from the click on Cancel until the work has stopped; its list does not go on later."""
    if session.has_at_work(runs.LISTS) and service.visitors.has(key):
        batches.forget(service.visitors.open(key))
    return runs.cancel(session)
