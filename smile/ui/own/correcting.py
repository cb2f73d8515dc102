"""Callbacks that correct and learn: a transcript becomes an example, and the next are better for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from smile.audio.stretches import Stretches
from smile.datatypes import PoolError
from smile.own import cutting, edited, growing, transcripts
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.ui.own import editing, view
from smile.ui.own.page import Page, fresh, guarded, guarded_steps, opened, place, seen, table, working
from smile.ui.own.service import VisitorService
from smile.ui.own.transcribing import written
from smile.util.timing import telling

SOUNDS = Stretches()  # what the last parts were cut from
ADDING = "Adding it to the examples"
ADDED, OPENING = "Added.", " Opening the next one."


@guarded
def open_part(service: VisitorService, key: str | None, name: str, number: int) -> Page:
    """Open a transcript, to be heard and corrected."""
    workspace = opened(service, key)
    return shown(workspace, transcripts.part(workspace, name, number))


def shown(workspace: Workspace, part: Part) -> Page:
    """Return the editor with a part, and the list with it marked."""
    items = transcripts.items(workspace)
    parts, here = transcripts.parts_of(items, workspace), [*part.key, part.start, part.end]
    return Page(
        results=table(workspace, items, parts, part.key),
        part=here,
        part_player=editing.editor(workspace, part, parts, SOUNDS),
        part_text=editing.written(part),
        part_box=gr.update(visible=True),
        part_saved=editing.opened_with(part),
        part_place=place(here),
    )


@guarded_steps
def learn(
    service: VisitorService,
    key: str | None,
    chosen: Sequence[Any] | None,
    text: str,
    seen_at: str | None = None,
) -> Iterator[Page]:
    """Make the corrected transcript an example, and open the next one, transcribed with it."""
    workspace = opened(service, key)
    if not chosen:
        raise PoolError("Choose a transcript first.")
    seen(chosen, seen_at)
    part = transcripts.placed(workspace, str(chosen[0]), int(chosen[1]), chosen[2:])
    if part.corrected is not None:
        raise PoolError("This one is among the examples; change it there, or take the correction back first.")
    said = growing.said(text)
    yield Page().says(ADDING, "working")
    with workspace.work() as work:
        clip = yield from working(telling(cutting.cutting(workspace, part, work / "clip.wav"), ADDING))
        added = yield from working(
            service.work(ADDING, lambda m, p: growing.corrected(workspace, part, clip, said, m))
        )
    edited.draft(workspace, (part.recording, part.start, part.end), None)
    yield Page(part_saved=editing.DRAFT.format(ADDED + OPENING * bool(_uncorrected(workspace))))
    yield from working(service.ready(workspace))
    yield fresh(workspace)._replace(rejected=view.rejected((), notes=added.notes))
    yield from _next(service, workspace, part)


def _uncorrected(workspace: Workspace) -> list[Part]:
    """The transcripts that nobody has corrected."""
    return [part for part in transcripts.parts(workspace) if part.corrected is None]


def _next(service: VisitorService, workspace: Workspace, after: Part) -> Iterator[Page]:
    """The next transcript that nobody has corrected, made with the examples that there are now."""
    parts = _uncorrected(workspace)
    later = [p for p in parts if p.key > after.key] or parts
    if not later:
        closed = gr.update(visible=False)
        yield Page(part=None, part_box=closed).says("Added. All transcripts are corrected.", "done")
        return
    name, number = later[0].key
    if later[0].stale:
        yield from written(service, workspace, [name])
    yield shown(workspace, transcripts.part(workspace, name, number)).says(
        "Added. This is the next one, made with your new example.", "done"
    )
