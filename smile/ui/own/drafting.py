"""Callbacks of the editor: drafts are kept as they are written, segments split, merged, and brought back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from time import time_ns
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.datatypes import PoolError
from smile.own import edited, recutting, transcripts
from smile.own.edited import Place
from smile.own.recutting import Cursors
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.ui import values
from smile.ui.guard import sentence
from smile.ui.own import editing
from smile.ui.own.correcting import shown
from smile.ui.own.page import Page, guarded, opened
from smile.ui.own.runs import clicked
from smile.ui.own.service import VisitorService
from smile.ui.values import facts, number

STATE = Markup('<p class="draft-state{kind}" data-at="{at}" role="status">{text}</p>')
SAVED = "Draft saved. It becomes an example when you press “Add to examples”."
SAME = "This is the transcript as it was written; there is no draft."
FIXED = "This one is among the examples; change it there, or take the correction back first."
OTHERS = (
    "Another window has written a draft here meanwhile, and this one was not saved: copy yours,"
    " then open the segment again."
)
NO_TEXT = "The page did not say which text is meant; reload it and try again."
DONE = {"split": "The segment was split.", "merge": "The segment was merged with the next one."}
BACK = "The last {} was taken back."
LATEST = 1e6  # seconds; no recording is as long
Facts = Mapping[str, Any]


class Asked(NamedTuple):
    """What an event of the editor is about."""

    workspace: Workspace
    part: Part
    text: str  # that is in the field
    seen: list[str] | None  # that may stand there as far as the page knows; None: it does not say


def told(function: Callable[..., Any], service: VisitorService) -> Callable[..., Any]:
    """Return a callback of a visitor's key and what an event of the editor tells."""

    def call(key: str, event: gr.EventData) -> Any:
        return function(service, key, facts(event))

    return call


def saved(service: VisitorService, key: str | None, event: Facts) -> str:
    """Keep what is written over a transcript; return what to say of that as HTML."""
    try:
        said = _kept(*_asked(service, key, event))
        return STATE.format(kind="", at=time_ns(), text=said)
    except Exception as error:
        return STATE.format(kind=" problem", at=time_ns(), text=sentence(error, "A draft"))


def _kept(workspace: Workspace, part: Part, text: str, seen: Collection[str] | None) -> str:
    """Keep a draft; one that has come from elsewhere, so that it is none of `seen`, stays."""
    with workspace.lock:
        now = transcripts.still(workspace, part)
        if now.corrected is not None:
            return "" if text == now.corrected else FIXED
        if seen is not None and editing.written(now) not in (*seen, text):
            raise PoolError(OTHERS)
        same = text == editing.written(replace(now, draft=None))
        place = now.recording, now.start, now.end
        edited.draft(workspace, place, None if same else text, partial(_places, workspace))
    return SAME if same else SAVED


def _places(workspace: Workspace) -> set[Place]:
    return {(part.recording, part.start, part.end) for part in transcripts.parts(workspace)}


@guarded
def split(service: VisitorService, key: str | None, event: Facts) -> Page:
    """Split the open segment at the cursors that the page tells of, and show its first half."""
    workspace, part, text, seen = _asked(service, key, event)
    _kept(workspace, part, text, seen)
    recutting.split(workspace, part, Cursors(text, max(0, number(event.get("caret")) or 0), _moment(event)))
    return _again(workspace, part, DONE["split"])


@guarded
def merge(service: VisitorService, key: str | None, event: Facts) -> Page:
    """Merge the open segment with the next one, and show both as one."""
    workspace, part, text, seen = _asked(service, key, event)
    _kept(workspace, part, text, seen)
    recutting.merge(workspace, part, text)
    return _again(workspace, part, DONE["merge"])


@guarded
def undo(service: VisitorService, key: str | None, event: Facts) -> Page:
    """Take back the last split or merge of the open recording, and show what is there again."""
    workspace, part, text, seen = _asked(service, key, event)
    _kept(workspace, part, text, seen)
    what, first = recutting.undo(workspace, part.recording)
    return _again(workspace, transcripts.part(workspace, part.recording, first), BACK.format(what))


def _moment(event: Facts) -> float | None:
    """Where the waveform has its cursor, in s; None where it has none."""
    at = event.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return None
    return float(at) if abs(at) < LATEST else None


def _again(workspace: Workspace, part: Part, said: str) -> Page:
    return shown(workspace, transcripts.part(workspace, *part.key)).says(said, "done")


def _asked(service: VisitorService, key: str | None, event: Facts) -> Asked:
    """The visitor's folder, the part that an event names, as long as it is where it says, and its texts.

    Raises:
        SmileError: there is no such part, or a value is none that a page sends.
    """
    values.check(dict(event))
    workspace = opened(service, key)
    asked = number(event.get("part"))
    named = str(event.get("name", "")), -1 if asked is None else asked
    part = transcripts.placed(workspace, *named, (event.get("start"), event.get("end")))
    text = event.get("text")
    if not isinstance(text, str):
        raise PoolError(NO_TEXT)
    seen = event.get("seen")
    return Asked(workspace, part, text, [*map(str, seen)] if isinstance(seen, list) else None)


def connect(service: VisitorService, view: Page, under_way: gr.State, quick: Mapping[str, Any]) -> None:
    """Connect the editor's own events; those that open a segment open none of a language that was left."""
    editor, outputs = view.part_player, list(view)
    editor.draft(told(saved, service), view.key, view.part_saved, trigger_mode="multiple", **quick)
    for event, done in ((editor.split, split), (editor.merge, merge), (editor.undo, undo)):
        event(clicked(partial(done, service)), [view.key, under_way], outputs, **quick)
