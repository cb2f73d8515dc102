"""A visitor's recordings: they come in, are transcribed one after the other, and are given away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import gradio as gr

from smile.datatypes import PoolError
from smile.exporting import TOGETHER, export
from smile.own import transcripts
from smile.own.transcripts import Item, Part
from smile.own.workspace import Workspace
from smile.pools.export import FORMATS as POOL_FORMATS
from smile.ui.cancelled import consuming
from smile.ui.files import discard, discarding, lent, taken
from smile.ui.own import view
from smile.ui.own.desk import Desk
from smile.ui.own.page import Page, fresh, opened, settings, told, told_each, working, workspace

NOTHING = "Nothing is waiting to be transcribed; add recordings first."


@consuming
@told_each
def bring(desk: Desk, key: str | None, files: Sequence[str] | None) -> Iterator[Page]:
    """Recordings, or zips of them, come into the list."""
    if not files:
        return
    with discarding(files):
        key, found = workspace(desk, key)
        yield Page(key=key, recordings=None).says("Looking at the files", "working")
        with found.work() as work:
            paths = yield from working(desk.unpacked(found, taken(files, work), work))
            brought = transcripts.bring(found, paths)
    said = f"{len(brought)} recording{'s' * (len(brought) != 1)} added. Press Transcribe."
    yield fresh(found).says(said, "done")


@consuming
@told
def bring_recorded(desk: Desk, key: str | None, audio: str | None) -> Page:
    """A recording made in the page comes into the list."""
    if not audio:
        raise PoolError("Record something first.")
    with discarding([audio]):
        key, found = workspace(desk, key)
        with found.work() as work:
            transcripts.bring(found, taken([audio], work), "recording-{}")
    return fresh(found)._replace(key=key, recorded=None).says("Added. Press Transcribe.", "done")


@told_each
def run(desk: Desk, key: str | None) -> Iterator[Page]:
    """Transcribe what waits; goes on where a reload or a cancel ended it."""
    found = opened(desk, key)
    if not transcripts.waiting(found):
        raise PoolError(NOTHING)
    yield from written(desk, found, None)


@told_each
def run_again(desk: Desk, key: str | None) -> Iterator[Page]:
    """Transcribe anew what older examples were used for, but for what has been corrected."""
    found = opened(desk, key)
    names = [recording.name for recording in transcripts.outdated(found)]
    if not names:
        raise PoolError("All transcripts were made with the examples that you have now.")
    yield from written(desk, found, names)


def written(desk: Desk, found: Workspace, names: list[str] | None) -> Iterator[Page]:
    """Transcribe; shows each transcript as it grows."""
    problem = yield from working(desk.ready(found))
    items, parts = _known(found)
    shown = None
    for step in desk.batch(found, settings(found), names):
        said = f"{step.done + 1} of {step.total}: {step.name}"
        if step.transcript or step.problem:
            items, parts = _known(found)
            continue
        if step.result is None:
            yield Page().says(said, "working")
            continue
        text = (step.result.smile if step.result.pool else step.result.vanilla).text
        if shown != (step.name, text):
            shown = step.name, text
            table = view.transcripts(items, parts, at_work=shown)
            yield Page(results=table).says(said, "working")
    said = f"Done. Click a transcript to hear, correct and learn from it. {problem}"
    yield fresh(found).says(said.strip(), "done")


def _known(found: Workspace) -> tuple[list[Item], list[Part]]:
    """What is in a visitor's list by now."""
    items = transcripts.items(found)
    return items, transcripts.parts_of(items, found.state())


@told
def remove(desk: Desk, key: str | None, part: Sequence[Any] | None) -> Page:
    """A recording leaves the list."""
    found = opened(desk, key)
    if not part:
        return Page()
    transcripts.forget(found, str(part[0]))
    return (
        fresh(found)
        ._replace(part=None, part_box=gr.update(visible=False))
        .says(f"{part[0]} was deleted.", "done")
    )


def saved(desk: Desk, kind: str, key: str | None) -> Any:
    """The transcripts as a file, several as a zip; gives the hidden button its file."""
    found = opened(desk, key)
    with found.work(adding=False) as folder:
        made = export(transcripts.exported(found), kind, folder)
        if kind in TOGETHER or len(made) == 1:
            return _offered(desk, found, made[0])
        zipped = folder / f"transcripts-{kind}.zip"
        with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
            for path in made:
                archive.write(path, path.name)
        return _offered(desk, found, zipped)


def pool_saved(desk: Desk, kind: str, key: str | None) -> Any:
    """The pool as a zip; gives the hidden button its file."""
    found = opened(desk, key)
    pool = found.pool()
    if pool is None:
        raise PoolError("There are no examples to take away yet.")
    with found.work(adding=False) as folder:
        made = POOL_FORMATS[kind](pool, folder / f"smile-examples-{kind}.zip")
        return _offered(desk, found, made)


def _offered(desk: Desk, found: Workspace, made: Path) -> Any:
    """A file where gradio serves from; it is deleted with all else of the visitor."""
    desk.admit(made)
    served = lent(made)
    discard(found.lend(Path(served)))
    return gr.update(value=served)
