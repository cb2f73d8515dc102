"""Callbacks of a visitor's key: shown, to go on elsewhere, and entered, to go on here."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from smile.datatypes import PoolError
from smile.ui.cancelled import named
from smile.ui.files import discard
from smile.ui.own.page import Page, fresh, guarded, opened
from smile.ui.own.runs import Runs
from smile.ui.own.service import VisitorService

Brought = str | Sequence[str] | None  # an upload that is not used yet

YOURS, LEFT = "Your key", "Key of what was here before"
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
    return Page(secret=_box(key, YOURS)).says(SHOWN)


@guarded
def entered(
    service: VisitorService, key: str | None, typed: object, runs: Runs | None = None, *brought: Brought
) -> Page:
    """Go on with what belongs to another key; that of what was here is shown, as nobody else has it.

    What is damaged is gone over to as well, so that it can be deleted.
    """
    wanted = typed.strip() if isinstance(typed, str) else ""
    if not service.visitors.has(wanted):
        raise PoolError(UNKNOWN.format(hours=service.visitors.hours))
    if wanted == key:
        return Page(wanted="").says(SAME)
    found, said, kind = _found(service, wanted)
    _go_over(key, wanted, runs, brought)
    before = key if service.visitors.has(key) else None
    page = emptied(found)._replace(key=wanted, wanted="", secret=_box(before))
    return page.says(f"{said} {BEFORE}" if before else said, kind)


@guarded
def another(service: VisitorService, key: str | None, runs: Runs | None = None, *brought: Brought) -> Page:
    """Begin another language; the key of what was here is shown."""
    opened(service, key)
    _go_over(key, "", runs, brought)
    return emptied(fresh(None))._replace(key="", secret=_box(key)).says(ANOTHER, "done")


def _found(service: VisitorService, key: str) -> tuple[Page, str, str]:
    """What belongs to a key, what to say of it, and how."""
    workspace = service.visitors.open(key)
    try:
        return fresh(workspace), FOUND, "done"
    except PoolError as error:
        if not service.visitors.has(key):
            raise
        return fresh(None), str(error), "error"


def emptied(page: Page) -> Page:
    """Return a page with nothing open or brought, for what belongs to another key or to none."""
    hidden = gr.update(visible=False)
    page = page._replace(uploads=None, clip=None, recordings=None, recorded=None, rejected="")
    page = page._replace(clip_text="", example_player="", part_player="", stop=hidden)
    return page._replace(example=None, example_box=hidden, part=None, part_box=hidden)


def _go_over(left: str | None, to: str, runs: Runs | None, brought: Sequence[Brought]) -> None:
    """End what is at work for the key that is left, and discard what was uploaded and not used yet."""
    if runs:
        runs.go_over(left, to)
    discard(named(brought))


def _box(key: str | None, label: str = LEFT) -> object:
    """The field of a key, out of sight without one."""
    return gr.update(value=key or "", visible=bool(key), label=label)
