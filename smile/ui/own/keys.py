"""Callbacks of a visitor's key, which opens all their languages: shown, to go on elsewhere, and entered.

And of the way from one language to another, under the same key or another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from smile.own.addresses import beside, key_of
from smile.own.languages import languages
from smile.ui.cancelled import named
from smile.ui.files import discard
from smile.ui.own.adding import NO_TIERS
from smile.ui.own.arriving import found
from smile.ui.own.page import Page, fresh, guarded, opened
from smile.ui.own.runs import Runs
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import stage

Brought = str | Sequence[str] | None  # an upload that is not used yet

YOURS, LEFT = "Your key", "Key of what was here before"
SHOWN = (
    "This is your key: copy it, and enter it on the other device. It opens all your languages. "
    "Whoever has it can read, change and delete all that you keep here."
)
UNKNOWN = (
    "There is nothing under this key: see that it is whole. What nobody uses for {hours:g} hours is deleted."
)
SAME = "This is the key of what is here already."
FOUND = "What belongs to this key is here now."
BEFORE = "What was here before goes on under the key in step 6: copy it now, also to be able to delete it."
GONE = "That language is no longer here; these are."
FIRST = "This one has no name yet: begin with it."
BEGIN = "Begin with the name of the other language."
BROKEN_OFF = "What was being added to the other language was not: go back, and add it there again."


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
    asked = typed.strip() if isinstance(typed, str) else ""
    there = service.visitors.languages(asked)
    if not there:
        return Page(wanted="").says(UNKNOWN.format(hours=service.visitors.hours), "error")
    if key_of(asked) == key_of(key) and service.visitors.has(key):
        return Page(wanted="").says(SAME)
    to = asked if asked in there else there[0]
    page = found(service, to)
    before = key if key_of(asked) != key_of(key) and service.visitors.languages(key) else None
    if "stage error" not in page.stage:
        said = stage(f"{FOUND} {BEFORE}" if before else FOUND, "done")
        page = page._replace(stage=said + page.stage)  # and how things stand there
    return gone_over(page, key, to, runs, brought)._replace(wanted="", secret=_box(before))


@guarded
def chosen(
    service: VisitorService, key: str | None, number: object, runs: Runs | None = None, *brought: Brought
) -> Page:
    """Open another language of the visitor's, by its number."""
    to = beside(key, number)
    if to is None or not service.visitors.has(to):
        return fresh(opened(service, key)).says(GONE, "error")
    if to == key:
        return Page()
    return gone_over(found(service, to), key, to, runs, brought)


@guarded
def another(service: VisitorService, key: str | None, runs: Runs | None = None, *brought: Brought) -> Page:
    """Begin another language under the same key; one that was begun and has nothing in it is opened."""
    begun = next((one for one in languages(opened(service, key)) if one.bare), None)
    to = beside(key, str(begun.number)) if begun else service.visitors.another(key)
    if to is None or to == key:
        return Page().says(FIRST)
    return gone_over(found(service, to).says(BEGIN, "done"), key, to, runs, brought)


def gone_over(page: Page, left: object, to: str, runs: Runs | None, brought: Sequence[Brought]) -> Page:
    """Return the page of an address that is gone over to from another one.

    What is at work for that one ends, and what was uploaded and not used yet is discarded.
    """
    discard(named(brought))
    page = emptied(page)._replace(key=to)
    if runs:
        page = page._replace(stage=page.stage + stage(BROKEN_OFF)) if runs.bringing else page
        runs.go_over(left, to)
        runs.arrive(to, page.stage)
    return page


def searched(page: Page) -> tuple[Any, ...]:
    """Return the search for a language and the page: what was typed for the one that was left goes."""
    if not isinstance(page.key, str):
        return gr.skip(), gr.skip(), *page
    return "", gr.update(choices=[], value=None, visible=False), *page


def emptied(page: Page) -> Page:
    """Return a page with nothing open or brought, for what belongs to another key or to none."""
    hidden = gr.update(visible=False)
    page = page._replace(uploads=None, clip=None, recordings=None, recorded=None, rejected="", tiers=NO_TIERS)
    page = page._replace(text_files=None, given_text="")
    page = page._replace(clip_text="", example_player="", part_player="", stop=hidden)
    return page._replace(example=None, example_box=hidden, part=None, part_box=hidden)


def _box(key: str | None, label: str = LEFT) -> object:
    """The field of a key, out of sight without one."""
    return gr.update(value=key_of(key), visible=bool(key), label=label)


def going_on(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out the visitor's key, by which work goes on elsewhere, and the field for one from elsewhere."""
    with gr.Row(elem_classes="files"):
        pressed["show_key"] = gr.Button("Show my key", size="sm", elem_id="own-show-key")
    outputs["secret"] = gr.Textbox(
        label=YOURS, visible=False, interactive=False, buttons=["copy"], elem_id="own-secret"
    )
    outputs["wanted"] = gr.Textbox(
        label="A key from another device", type="password", max_length=64, elem_id="own-wanted"
    )
    with gr.Row(elem_classes="files"):
        pressed["enter_key"] = gr.Button("Go on with this key", size="sm", elem_id="own-enter-key")
