"""Callbacks that name the language, take back, and delete everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from smile.own import changes
from smile.text.language_search import UNLISTED, only, search, unlisted
from smile.text.languages import language
from smile.ui.cancelled import consuming, named
from smile.ui.files import discard
from smile.ui.own.keys import Brought, emptied
from smile.ui.own.page import Page, closed, fresh, guarded, opened, workspace_of
from smile.ui.own.service import VisitorService

CHOOSE = "Choose your language below."
OTHER = "But not what the key in step 6 opens: enter that key, then delete that as well."
DELETED = "Everything of yours was deleted."


def matches(typed: str) -> Any:
    """Return the languages that fit what was typed, and the way to name one that is not listed."""
    choices = [(f"{known.name} ({known.code})", known.code) for known in search(typed)]
    name = " ".join(typed.split())
    if name:
        choices.append((f"Not in the list: call it “{name}”", UNLISTED))
    return gr.update(choices=choices, value=None, visible=bool(choices))


@guarded
def name(service: VisitorService, key: str | None, typed: str, code: str | None) -> Page:
    """Set the language; examples that are there already are in it from now on."""
    if not code:
        return Page()
    key, workspace = workspace_of(service, key)
    chosen = unlisted(typed) if code == UNLISTED else language(code)
    with workspace.lock:
        pool = workspace.pool()
        workspace.write(replace(workspace.state(), language=chosen))
        if pool and pool.language != chosen:
            with workspace.change(f"language set to {chosen.name}", adding=False) as change:
                changes.renamed(pool, chosen, change.out)
    onward = "." if pool else "; add examples next."
    return fresh(workspace)._replace(key=key).says(f"Your language is {chosen.name}{onward}", "done")


def entered(service: VisitorService, key: str | None, typed: str) -> tuple[Any, ...]:
    """Return the matches and the page after Enter: the language is taken where only one can be meant."""
    if code := only(typed):
        return (gr.update(choices=[], value=None, visible=False), *name(service, key, typed, code))
    return (matches(typed), *(Page().says(CHOOSE) if typed.strip() else Page()))


@consuming
@guarded
def delete(
    service: VisitorService,
    key: str | None,
    secret: object = None,
    *brought: Brought,
) -> Page:
    """Delete everything of this visitor now, also what was uploaded and not used yet.

    What the key on show opens is another's, as far as that goes; it stays, and that is said.
    """
    discard(named(brought))
    service.visitors.delete_all(key)
    gone = emptied(fresh(None))._replace(key="")
    if isinstance(secret, str) and secret != key and service.visitors.has(secret):
        return gone.says(f"{DELETED} {OTHER}", "done")
    return gone._replace(secret=gr.update(value="", visible=False)).says(DELETED, "done")


@guarded
def undo(service: VisitorService, key: str | None) -> Page:
    """Take back the last change of the pool."""
    workspace = opened(service, key)
    last = workspace.undo()
    return closed(workspace)._replace(rejected="").says(f"Taken back: {last.what}.", "done")
