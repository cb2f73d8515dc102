"""Callbacks that delete the language that is open, or everything of a visitor."""

from __future__ import annotations

from typing import Any

import gradio as gr

from smile.own.addresses import key_of
from smile.ui.cancelled import consuming, named
from smile.ui.files import discard
from smile.ui.own.arriving import found
from smile.ui.own.keys import Brought, emptied, gone_over
from smile.ui.own.page import Page, fresh, guarded, opened
from smile.ui.own.runs import Runs
from smile.ui.own.service import VisitorService

OTHER = "But not what the key in step 6 opens: enter that key, then delete that as well."
DELETED = "Everything of yours was deleted."
ALL = "Everything of yours was deleted, all {} languages."
THIS = "The language was deleted; this is another one of yours."
REALLY, REALLY_ALL = "Yes, delete it for good", "Yes, delete all {} languages for good"


def asked(service: VisitorService, key: str | None) -> Any:
    """Return the button that deletes everything of a visitor, which says how much that is."""
    count = len(service.visitors.languages(key))
    return gr.update(visible=True, value=REALLY_ALL.format(count) if count > 1 else REALLY)


@consuming
@guarded
def delete(service: VisitorService, key: str | None, secret: object = None, *brought: Brought) -> Page:
    """Delete all languages of this visitor now, also what was uploaded and not used yet.

    What the key on show opens is another's, as far as that goes; it stays, and that is said.
    """
    discard(named(brought))
    count = service.visitors.delete_all(key)
    said = ALL.format(count) if count > 1 else DELETED
    gone = emptied(fresh(None))._replace(key="")
    if key_of(secret) != key_of(key) and service.visitors.languages(secret):
        return gone.says(f"{said} {OTHER}", "done")
    return gone._replace(secret=gr.update(value="", visible=False)).says(said, "done")


@consuming
@guarded
def delete_this(
    service: VisitorService,
    key: str | None,
    secret: object = None,
    runs: Runs | None = None,
    *brought: Brought,
) -> Page:
    """Delete the language that is open now, and open another one of the visitor's, where there is any."""
    opened(service, key)
    left = [one for one in service.visitors.languages(key) if one != key]
    if not left:
        return delete(service, key, secret, *brought)
    service.visitors.delete(key)
    page = found(service, left[0])
    if "stage error" not in page.stage:
        page = page.says(THIS, "done")
    return gone_over(page, key, left[0], runs, brought)
