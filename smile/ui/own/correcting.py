"""Correct and learn: a transcript is put right, becomes an example, and the next ones are better for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from smile.datatypes import PoolError
from smile.own import growing, transcripts
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.ui.own import view
from smile.ui.own.desk import Desk
from smile.ui.own.page import Page, fresh, opened, told, told_each, working
from smile.ui.own.transcribing import written
from smile.util.timing import telling

ADDING = "Adding it to the examples"


@told
def open_part(desk: Desk, key: str | None, name: str, number: int) -> Page:
    """One transcript is opened, to be heard and corrected."""
    found = opened(desk, key)
    return shown(found, transcripts.part(found, name, number))


def shown(found: Workspace, part: Part) -> Page:
    """The editor with a part, and the list with it marked."""
    caption = f"{part.recording}, {part.start:.1f} to {part.end:.1f} s"
    items = transcripts.items(found)
    return Page(
        results=view.transcripts(items, transcripts.parts_of(items, found.state()), part.key),
        part=list(part.key),
        part_player=view.player(caption, found.recordings / part.recording, part.start, part.end),
        part_text=part.text,
        part_box=gr.update(visible=True),
    )


@told_each
def learn(desk: Desk, key: str | None, chosen: Sequence[Any] | None, text: str) -> Iterator[Page]:
    """The corrected transcript becomes an example; the next transcript is made with it and opened."""
    found = opened(desk, key)
    if not chosen:
        raise PoolError("Choose a transcript first.")
    part = transcripts.part(found, str(chosen[0]), int(chosen[1]))
    if part.corrected is not None:
        raise PoolError("This one is among the examples; change it there, or take the correction back first.")
    said = growing.said(text)
    yield Page().says(ADDING, "working")
    with found.work() as work:
        clip = yield from working(telling(transcripts.cutting(found, part, work / "clip.wav"), ADDING))
        yield from working(desk.work(ADDING, lambda m, p: growing.corrected(found, part, clip, said, m)))
    yield from working(desk.ready(found))
    yield fresh(found)
    yield from _next(desk, found, part)


def _next(desk: Desk, found: Workspace, after: Part) -> Iterator[Page]:
    """The next transcript that nobody has corrected, made with the examples that there are now."""
    parts = [p for p in transcripts.parts(found) if p.corrected is None]
    later = [p for p in parts if p.key > after.key] or parts
    if not later:
        closed = gr.update(visible=False)
        yield Page(part=None, part_box=closed).says("Added. All transcripts are corrected.", "done")
        return
    name, number = later[0].key
    if later[0].stale:
        yield from written(desk, found, [name])
    yield shown(found, transcripts.part(found, name, number)).says(
        "Added. This is the next one, made with your new example.", "done"
    )
