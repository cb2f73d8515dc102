"""Examples come in, are read, corrected and removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from smile import importing
from smile.datatypes import PoolError, Utterance
from smile.own import changes, growing
from smile.own.workspace import Workspace
from smile.text import one_line
from smile.ui.own import view
from smile.ui.own.desk import Desk
from smile.ui.own.page import Page, closed, fresh, opened, sentence, told, told_each, working, workspace

NO_FILES = "Choose files first: recordings with a table, a zip, or annotations with their recording."


def tiers(files: Sequence[str] | None) -> Any:
    """The tiers of the annotation files among these, where there are several to choose from."""
    filled = [tier for tier in _offered(files or ()) if tier.filled]
    if len(filled) < 2:
        return gr.update(choices=[], value=[], visible=False)
    most = max(filled, key=lambda tier: tier.seconds)
    choices = [(f"{t.name} ({t.filled} annotations, {t.seconds / 60:.1f} min)", t.name) for t in filled]
    return gr.update(choices=choices, value=[most.name], visible=True)


def _offered(files: Sequence[str]) -> Sequence[importing.TierCount]:
    """What is wrong with the files is said when they are added."""
    if not files:
        return ()
    try:
        with TemporaryDirectory() as work:
            return importing.offered(importing.gather([Path(f) for f in files], Path(work)), Path(work))
    except Exception as error:
        sentence("tiers", error)
        return ()


@told_each
def add_files(
    desk: Desk, key: str | None, files: Sequence[str] | None, wanted: Sequence[str]
) -> Iterator[Page]:
    """The clips of uploaded files become examples."""
    if not files:
        raise PoolError(NO_FILES)
    key, found = workspace(desk, key)
    yield Page(key=key).says("Looking at the files", "working")
    paths = [Path(file) for file in files]
    added = yield from working(
        desk.work("Listening to the clips", lambda m, p: growing.from_files(found, paths, m, wanted, p))
    )
    _forget(paths)
    no_tiers = gr.update(choices=[], value=[], visible=False)
    refused = view.rejected(added.rejected, added.empty)
    yield fresh(found)._replace(rejected=refused, uploads=None, tiers=no_tiers)
    yield from working(desk.ready(found))
    yield Page().says(f"{added.count} examples added and read.", "done")


@told_each
def add_typed(desk: Desk, key: str | None, audio: str | None, text: str) -> Iterator[Page]:
    """A recording and what was typed become an example."""
    if not audio:
        raise PoolError("Record a clip or upload one first.")
    key, found = workspace(desk, key)
    yield Page(key=key).says("Listening to the clip", "working")
    yield from working(
        desk.work("Listening to the clip", lambda m, p: growing.typed(found, Path(audio), text, m))
    )
    _forget([Path(audio)])
    page = fresh(found)._replace(rejected="", clip=None, clip_text="")
    yield page.says("Added. Record the next one.", "done")


def _forget(files: Sequence[Path]) -> None:
    """Uploads are not kept beside what was made of them."""
    for file in files:
        file.unlink(missing_ok=True)


@told
def open_example(desk: Desk, key: str | None, name: str) -> Page:
    """One example is opened, to be heard, corrected or removed."""
    found = opened(desk, key)
    example = _example(found, name)
    pool = found.pool()
    return Page(
        examples=view.examples(pool.utterances if pool else (), example.id),
        example=example.id,
        example_player=view.player(f"{example.id}, {example.seconds:.1f} s", example.audio),
        example_text=example.text,
        example_box=gr.update(visible=True),
    )


@told
def save_example(desk: Desk, key: str | None, name: str | None, text: str) -> Page:
    """An example gets another text."""
    found = opened(desk, key)
    with found.lock:
        example, pool = _example(found, name), found.pool()
        assert pool is not None
        if example.text == one_line(text):
            return closed(found).says("Nothing was changed.")
        with found.change(f"text of {example.id} changed") as change:
            changes.reworded(pool, example.id, text, change.out)
    return closed(found).says("The new text is in.", "done")


@told
def remove_example(desk: Desk, key: str | None, name: str | None) -> Page:
    """An example leaves the pool."""
    found = opened(desk, key)
    with found.lock:
        example, pool = _example(found, name), found.pool()
        assert pool is not None
        with found.change(f"{example.id} removed") as change:
            changes.without(pool, [example.id], change.out)
    return closed(found).says("Removed. It can be taken back.", "done")


def _example(found: Workspace, name: str | None) -> Utterance:
    pool = found.pool()
    example = next((u for u in pool.utterances if u.id == name), None) if pool else None
    if example is None:
        raise PoolError("That example is no longer there; choose another one.")
    return example
