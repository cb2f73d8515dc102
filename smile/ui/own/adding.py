"""Callbacks that add, read, correct and remove examples."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from smile.datatypes import PoolError, Utterance
from smile.importing import NO_HINTS, Hints
from smile.importing.isolated import Choices, look_apart
from smile.own import changes, growing
from smile.own.workspace import Workspace
from smile.ui.cancelled import consuming
from smile.ui.files import discarding, taken, using
from smile.ui.guard import sentence
from smile.ui.own import columns, encodings, tracks, view
from smile.ui.own.page import (
    Page,
    closed,
    fresh,
    guarded,
    guarded_steps,
    opened,
    place,
    seen,
    working,
    workspace_of,
)
from smile.ui.own.service import VisitorService
from smile.util.timing import finished

NO_TIERS = gr.update(value=[], visible=False)  # the page still sends what was ticked, so it stays a choice
NO_CHOICES = Choices((), None)
PAIRS = (columns.INPUTS, columns.INPUTS + 2)  # where the inputs on an encoding and on a track begin
NO_FILES = "Choose files first: recordings with a table, a zip, or annotations with their recording."


def look(files: Sequence[str] | None, *chosen: Any) -> Iterator[tuple[Any, ...]]:
    """Yield what is to be chosen of files: tiers, as choices and by name, columns, an encoding, and a track.

    `chosen` is what was chosen of the latter two before.
    """
    files, encoding, track = files or (), chosen[:2], chosen[2:4]
    choices = _choices(files, encoding) if files else NO_CHOICES
    filled = [tier for tier in choices.tiers if tier.filled]
    asked = (
        *columns.shown(choices.table),
        *encodings.shown(files, choices.undecoded, *encoding),
        *tracks.shown(files, choices.tracks, *track),
    )
    if len(filled) < (1 if choices.beside else 2):
        yield NO_TIERS, [], *asked
        return
    # beside a table nothing is ticked: a person says that the annotations are meant
    ticked = [] if choices.beside else [max(filled, key=lambda tier: tier.seconds).name]
    named = [(f"{t.name} ({t.filled} annotations, {t.seconds / 60:.1f} min)", t.name) for t in filled]
    yield gr.update(choices=named, value=ticked, visible=True), [tier.name for tier in filled], *asked


def _choices(files: Sequence[str], encoding: Sequence[Any]) -> Choices:
    """What is wrong with the files is said when they are added."""
    try:
        named = encodings.named(files, *encoding)
        with TemporaryDirectory() as work:
            return finished(look_apart(taken(files, Path(work)), encoding=named))
    except Exception as error:
        sentence(error, "look")
        return NO_CHOICES


@consuming
@guarded_steps
def add_files(
    service: VisitorService,
    key: str | None,
    files: Sequence[str] | None,
    wanted: Sequence[str],
    offered: Sequence[str] = (),
    *chosen: Any,
) -> Iterator[Page]:
    """Make the clips of uploaded files examples, cut at those of the offered tiers that are wanted.

    `chosen` is what `columns.mapping` takes, and then what `encodings.wanted` and `tracks.wanted` take beside
    the files. Where files are refused, they stay, to be mended or added to.
    """
    if not files:
        raise PoolError(NO_FILES)
    ticked = [tier for tier in wanted or () if tier in (offered or ())]
    hints = _hints(files, chosen)
    with using(files):
        key, workspace = workspace_of(service, key)
        yield Page(key=key).says("Looking at the files", "working")
        with workspace.work() as work:
            added = yield from read(service, workspace, taken(files, work), work, ticked, hints)
    yield told(workspace, added)._replace(uploads=None, tiers=NO_TIERS)
    yield from listened(service, workspace, added)


def read(
    service: VisitorService,
    workspace: Workspace,
    files: Sequence[Path],
    work: Path,
    tiers: Sequence[str],
    hints: Hints = NO_HINTS,
) -> Generator[Page, None, growing.Added]:
    """Make the clips of files examples, read in a folder of work; yields the page, and returns what came."""
    imported = yield from working(service.read_clips(workspace, files, work, tiers, hints))
    steps = service.work(
        "Listening to the clips", lambda m, p: growing.add_imported(workspace, imported, m, p)
    )
    return (yield from working(steps))


def told(workspace: Workspace, added: growing.Added) -> Page:
    """Return the page with what an import brought, and what could not be used."""
    rejected = view.rejected(added.rejected, added.empty, added.notes, added.count)
    return fresh(workspace)._replace(rejected=rejected)


def listened(service: VisitorService, workspace: Workspace, added: growing.Added) -> Iterator[Page]:
    """Make what the pool's setting needs of new examples, and say what came of the import."""
    problem = yield from working(service.ready(workspace))
    yield Page().says(f"{_counted(added.count)} {problem}".strip(), "done")


def _hints(files: Sequence[str], chosen: Sequence[Any]) -> Hints:
    """What a visitor has said of files that these do not say, from what the page sends."""
    mapping, (encoding, track) = chosen[: columns.INPUTS], (chosen[n : n + 2] for n in PAIRS)
    return Hints(
        columns=columns.mapping(*mapping),
        encoding=encodings.wanted(files, *encoding),
        track=tracks.wanted(files, *track),
    )


def _counted(count: int) -> str:
    """What is said of an import that has ended."""
    if not count:
        return "Nothing was added; the reasons are below."
    return f"{count} example{'s' * (count != 1)} added and read."


@consuming
@guarded_steps
def add_typed(service: VisitorService, key: str | None, audio: str | None, text: str) -> Iterator[Page]:
    """Make a recording and what was typed an example; while the text is missing, the recording stays."""
    if not audio:
        raise PoolError("Record a clip or upload one first.")
    said = growing.said(text)
    with discarding([audio]):
        key, workspace = workspace_of(service, key)
        yield Page(key=key, clip=None).says("Listening to the clip", "working")
        with workspace.work() as work:
            (clip,) = taken([audio], work)
            added = yield from working(
                service.work("Listening to the clip", lambda m, p: growing.typed(workspace, clip, said, m))
            )
    told = view.rejected((), notes=added.notes)
    yield fresh(workspace)._replace(rejected=told, clip_text="").says("Added. Record the next one.", "done")


@guarded
def open_example(service: VisitorService, key: str | None, name: str) -> Page:
    """Open an example, to be heard, corrected or removed."""
    workspace = opened(service, key)
    example = _example(workspace, name)
    pool = workspace.pool()
    return Page(
        examples=view.examples(pool.utterances if pool else (), example.id),
        example=example.id,
        example_place=place([example.id]),
        example_player=view.player(f"{example.id}, {example.seconds:.1f} s", example.audio),
        example_text=example.text,
        example_box=gr.update(visible=True),
    )


@guarded
def save_example(
    service: VisitorService, key: str | None, name: str | None, text: str, seen_at: str | None = None
) -> Page:
    """Give an example another text."""
    workspace = opened(service, key)
    seen([name], seen_at)
    with workspace.lock:
        example, pool = _example(workspace, name), workspace.pool()
        assert pool is not None
        said = growing.said(text)
        if example.text == said:
            return closed(workspace).says("Nothing was changed.")
        with workspace.change(f"text of {example.id} changed", adding=False) as change:
            changes.reworded(pool, example.id, said, change.out)
    return closed(workspace).says("The new text is in.", "done")


@guarded
def remove_example(
    service: VisitorService, key: str | None, name: str | None, seen_at: str | None = None
) -> Page:
    """Remove an example from the pool."""
    workspace = opened(service, key)
    seen([name], seen_at)
    with workspace.lock:
        example, pool = _example(workspace, name), workspace.pool()
        assert pool is not None
        with workspace.change(f"{example.id} removed", adding=False) as change:
            changes.without(pool, [example.id], change.out)
    return closed(workspace).says("Removed. It can be taken back.", "done")


def _example(workspace: Workspace, name: str | None) -> Utterance:
    pool = workspace.pool()
    example = next((u for u in pool.utterances if u.id == name), None) if pool else None
    if example is None:
        raise PoolError("That example is no longer there; choose another one.")
    return example
