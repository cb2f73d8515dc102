"""Callbacks of a visitor's key: shown, to go on elsewhere, and entered, to go on here."""

from __future__ import annotations

import gradio as gr

from smile.datatypes import PoolError
from smile.ui.own.page import Page, fresh, guarded, opened
from smile.ui.own.service import VisitorService

SHOWN = (
    "This is your key: copy it, and enter it on the other device. "
    "Whoever has it can read, change and delete all that you keep here."
)
UNKNOWN = (
    "There is nothing under this key: see that it is whole. What nobody uses for {hours:g} hours is deleted."
)
SAME = "This is the key of what is here already."
FOUND = "What belongs to this key is here now."
BEFORE = "What was here before goes on under the key in step 6: copy it now, also to be able to delete it."
ANOTHER = f"Begin with the name of the other language. {BEFORE}"


@guarded
def shown(service: VisitorService, key: str | None) -> Page:
    """Show a visitor their key."""
    opened(service, key)
    return Page(secret=_box(key)).says(SHOWN)


@guarded
def entered(service: VisitorService, key: str | None, typed: object) -> Page:
    """Go on with what belongs to another key; that of what was here is shown, as nobody else has it."""
    wanted = typed.strip() if isinstance(typed, str) else ""
    if not service.visitors.has(wanted):
        raise PoolError(UNKNOWN.format(hours=service.visitors.hours))
    if wanted == key:
        return Page(wanted="").says(SAME)
    page = emptied(fresh(service.visitors.open(wanted)))._replace(key=wanted, wanted="")
    if not service.visitors.has(key):
        return page._replace(secret=_box(None)).says(FOUND, "done")
    return page._replace(secret=_box(key)).says(f"{FOUND} {BEFORE}", "done")


@guarded
def another(service: VisitorService, key: str | None) -> Page:
    """Begin another language; the key of what was here is shown."""
    opened(service, key)
    return emptied(fresh(None))._replace(key="", secret=_box(key)).says(ANOTHER, "done")


def emptied(page: Page) -> Page:
    """Return a page with nothing open or brought, for what belongs to another key or to none."""
    hidden = gr.update(visible=False)
    page = page._replace(uploads=None, clip=None, recordings=None, recorded=None, rejected="")
    return page._replace(example=None, example_box=hidden, part=None, part_box=hidden)


def _box(key: str | None) -> object:
    """The field of the key, out of sight without one."""
    return gr.update(value=key or "", visible=bool(key))
