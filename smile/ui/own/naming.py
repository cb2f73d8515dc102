"""Callbacks that name the language, and take back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from smile.own import changes
from smile.text.language_search import UNLISTED, only, search, unlisted
from smile.text.languages import language
from smile.ui.own.page import Page, closed, fresh, guarded, opened, workspace_of
from smile.ui.own.service import VisitorService

CHOOSE = "Choose your language below."


def matches(typed: str | None) -> Any:
    """Return the languages that fit what was typed, and the way to name one that is not listed."""
    typed = typed or ""
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


def entered(service: VisitorService, key: str | None, typed: str | None) -> tuple[Any, ...]:
    """Return the matches and the page after Enter: the language is taken where only one can be meant."""
    typed = typed or ""
    if code := only(typed):
        return (gr.update(choices=[], value=None, visible=False), *name(service, key, typed, code))
    return (matches(typed), *(Page().says(CHOOSE) if typed.strip() else Page()))


@guarded
def undo(service: VisitorService, key: str | None) -> Page:
    """Take back the last change of the pool."""
    workspace = opened(service, key)
    last = workspace.undo()
    return closed(workspace)._replace(rejected="").says(f"Taken back: {last.what}.", "done")
