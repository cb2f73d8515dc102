"""Callbacks for a visitor's recordings: they come in, are transcribed in turn, and are given away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import gradio as gr

from smile.datatypes import PoolError
from smile.exporting import export, without_words
from smile.own import batches, bringing, transcripts
from smile.own.held import STOPPING
from smile.own.transcripts import Item, Part
from smile.own.workspace import Workspace
from smile.pools.export import FORMATS as POOL_FORMATS
from smile.ui.cancelled import consuming
from smile.ui.files import admit, discard, discarding, lent, taken
from smile.ui.own import view
from smile.ui.own.page import (
    Page,
    fresh,
    guarded,
    guarded_steps,
    opened,
    seen,
    settings,
    working,
    workspace_of,
)
from smile.ui.own.service import VisitorService
from smile.ui.parts.so_far import SoFar
from smile.util.timing import telling

CLICK = "Click a transcript to hear, correct and learn from it."
SHOWN = 5  # names in a sentence
NOTHING = "Nothing is waiting to be transcribed; add recordings first."
AGAIN = "Nothing is waiting; press “Transcribe again” for what was made with other examples or settings."
UP_TO_DATE = "All transcripts were made with the examples and settings that you have now."
KNOWN = "this recording is there already."


@consuming
@guarded_steps
def bring(service: VisitorService, key: str | None, files: Sequence[str] | None) -> Iterator[Page]:
    """Bring recordings, or zips of them, into the list."""
    if not files:
        return
    with discarding(files):
        key, workspace = workspace_of(service, key)
        yield Page(key=key, recordings=None).says("Looking at the files", "working")
        with workspace.work() as work:
            sources = yield from working(service.unpacked(workspace, taken(files, work), work))
            brought = bringing.bring(workspace, [recording.path for recording in sources.recordings])
    count = len(brought.names)
    said = f"{count} recording{'s' * (count != 1)} added." if count else "Nothing was added."
    onward = "Press Transcribe." if transcripts.waiting(workspace) else ""
    told = " ".join(filter(None, (said, brought.said, sources.said, onward)))
    yield fresh(workspace).says(told, "done")


@consuming
@guarded
def bring_recorded(service: VisitorService, key: str | None, audio: str | None) -> Page:
    """Bring a recording made in the page into the list."""
    if not audio:
        raise PoolError("Record something first.")
    with discarding([audio]):
        key, workspace = workspace_of(service, key)
        with workspace.work() as work:
            brought = bringing.bring(workspace, taken([audio], work), "recording-{}")
    said = f"Nothing was added: {KNOWN}" if brought.known else "Added. Press Transcribe."
    return fresh(workspace)._replace(key=key, recorded=None).says(said, "done")


@guarded_steps
def run(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Transcribe what waits; go on where a reload or a cancel ended it."""
    workspace = opened(service, key)
    if not transcripts.waiting(workspace):
        raise PoolError(AGAIN if transcripts.outdated(workspace) else NOTHING)
    yield from noted(service, workspace, None)


@guarded_steps
def run_again(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Transcribe anew what was made with other examples or settings, but for what has been corrected."""
    workspace = opened(service, key)
    names = outdated(workspace)
    if not names:
        raise PoolError(UP_TO_DATE)
    yield from noted(service, workspace, names)


def outdated(workspace: Workspace) -> list[str]:
    """Return the names of what is to be made again."""
    return [recording.name for recording in transcripts.outdated(workspace)]


def noted(service: VisitorService, workspace: Workspace, names: list[str] | None) -> Iterator[Page]:
    """Transcribe as `written` does; where the page goes before the end, the next one goes on by itself."""
    steps = batches.noted(workspace, again=names is not None)
    with (yield from telling(steps, Page().says(STOPPING, "working"))):
        yield from written(service, workspace, names)


def written(service: VisitorService, workspace: Workspace, names: list[str] | None) -> Iterator[Page]:
    """Transcribe, and yield the page with each transcript as it grows."""
    problem = yield from working(service.ready(workspace))
    items, parts = _known(workspace)
    shown, told, ended, so_far = None, "", dict[str, str](), SoFar()
    for step in service.batch(workspace, settings(workspace), names):
        said = f"{step.done + 1} of {step.total}: {step.name}"
        if step.transcript or step.problem:
            items, parts = _known(workspace)
            ended[step.name] = step.problem
            so_far = SoFar()
            continue
        if step.result is None:
            yield Page().says(said, "working")
            continue
        text = (step.result.smile if step.result.pool else step.result.vanilla).text
        said = ", ".join(filter(None, (said, so_far.said(step.result))))
        if (step.name, text) != shown:
            shown, told = (step.name, text), said
            yield Page(results=view.transcripts(items, parts, at_work=shown)).says(said, "working")
        elif said != told:
            told = said
            yield Page().says(said, "working")
    said = f"{_ended(ended)} {problem}".strip()
    yield fresh(workspace).says(said, "done")


def _ended(problems: Mapping[str, str]) -> str:
    """What is said of recordings whose transcription has ended: how many have one, and which have none."""
    bad = [name for name, problem in problems.items() if problem]
    if not bad:
        return f"Done. {CLICK}"
    names = ", ".join(bad[:SHOWN]) + (f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else "")
    done = len(problems) - len(bad)
    told = f"{done} of {len(problems)} transcribed; not, or not whole: {names}. The list says why."
    return f"{told} {CLICK}" if done else told


def _known(workspace: Workspace) -> tuple[list[Item], list[Part]]:
    """What is in a visitor's list by now."""
    items = transcripts.items(workspace)
    return items, transcripts.parts_of(items, workspace)


@guarded
def remove(
    service: VisitorService, key: str | None, part: Sequence[Any] | None, seen_at: str | None = None
) -> Page:
    """Delete a recording from the list."""
    workspace = opened(service, key)
    if not part:
        return Page()
    seen(part, seen_at)
    transcripts.forget(workspace, str(part[0]))
    return (
        fresh(workspace)
        ._replace(part=None, part_box=gr.update(visible=False))
        .says(f"{part[0]} was deleted.", "done")
    )


def saved(service: VisitorService, kind: str, key: str | None, timed: object = False) -> Any:
    """Return the hidden button with the transcripts as its file, several in a zip.

    With `timed` the words of those that were written by a pool with an acoustic model have their times.
    """
    workspace = opened(service, key)
    written = transcripts.exported(workspace)
    with workspace.work(adding=False) as folder:
        made = export(written if timed is True else list(map(without_words, written)), kind, folder)
        if len(made) == 1:
            return _offered(service, workspace, made[0])
        zipped = folder / f"transcripts-{kind}.zip"
        with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
            for path in made:
                archive.write(path, path.name)
        return _offered(service, workspace, zipped)


def pool_saved(service: VisitorService, kind: str, key: str | None) -> Any:
    """Return the hidden button with the pool as a zip."""
    workspace = opened(service, key)
    pool = workspace.pool()
    if pool is None:
        raise PoolError("There are no examples to take away yet.")
    with workspace.work(adding=False) as folder:
        made = POOL_FORMATS[kind](pool, folder / f"smile-examples-{kind}.zip")
        return _offered(service, workspace, made)


def _offered(service: VisitorService, workspace: Workspace, made: Path) -> Any:
    """A file where gradio serves from; it is deleted with all else of the visitor."""
    admit(made, service.visitors.quota.uploads)
    served = lent(made)
    discard(workspace.lend(Path(served)))
    return gr.update(value=served)
