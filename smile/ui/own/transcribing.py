"""A visitor's recordings: they come in, are transcribed one after the other, and are given away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import gradio as gr

from smile.batch import recordings
from smile.corpora import AUDIO_SUFFIXES
from smile.datatypes import PoolError
from smile.exporting import TOGETHER, export
from smile.exporting.pools import FORMATS as POOL_FORMATS
from smile.importing.archive import unpack
from smile.own import transcripts
from smile.own.transcripts import Item, Part
from smile.own.workspace import Workspace
from smile.ui.own import view
from smile.ui.own.desk import Desk
from smile.ui.own.page import Page, fresh, opened, settings, told, told_each, working, workspace
from smile.ui.transcribe.callbacks import playable

MOST_RECORDINGS = 300  # of one visitor
NOTHING = "Nothing is waiting to be transcribed; add recordings first."


@told
def bring(desk: Desk, key: str | None, files: Sequence[str] | None) -> Page:
    """Recordings, or zips of them, come into the list."""
    if not files:
        return Page()
    key, found = workspace(desk, key)
    with found.lock, TemporaryDirectory(dir=found.folder, prefix=".bring-") as work:
        count = sum(_take(found, Path(file), Path(work)) for file in files)
    said = f"{count} recording{'s' * (count != 1)} added. Press Transcribe."
    return fresh(found)._replace(key=key, recordings=None).says(said, "done")


@told
def bring_recorded(desk: Desk, key: str | None, audio: str | None) -> Page:
    """A recording made in the page comes into the list."""
    if not audio:
        raise PoolError("Record something first.")
    key, found = workspace(desk, key)
    with found.lock:
        taken = {Path(name).stem for name in transcripts.taken(found)}
        number = next(n for n in range(1, len(taken) + 2) if f"recording-{n}" not in taken)
        source = Path(audio)
        _move(source, found.recordings / f"recording-{number}{source.suffix.lower() or '.wav'}")
    return fresh(found)._replace(key=key, recorded=None).says("Added. Press Transcribe.", "done")


def _take(found: Workspace, file: Path, work: Path) -> int:
    if file.suffix.lower() == ".zip":
        paths = [r.path for r in recordings([unpack(file, work / file.stem)])]
        file.unlink(missing_ok=True)
    elif file.suffix.lower() in AUDIO_SUFFIXES:
        paths = [file]
    else:
        raise PoolError(f"{file.name} is no recording; add sound files or a zip of them.")
    there = sum(1 for _ in found.recordings.iterdir())
    if there + len(paths) > MOST_RECORDINGS:
        raise PoolError(f"At most {MOST_RECORDINGS} recordings are kept here; transcribe in several goes.")
    for path in paths:
        _move(path, found.recordings / _fresh(transcripts.taken(found), path))
    return len(paths)


def _fresh(taken: Collection[str], path: Path) -> str:
    names = (f"{path.stem}{f'-{n}' if n else ''}{path.suffix}" for n in range(10**6))
    return next(name for name in names if name not in taken)


def _move(source: Path, target: Path) -> None:
    """Out of where uploads lie, so that nothing is left there."""
    try:
        os.rename(source, target)
    except OSError:
        shutil.copyfile(source, target)
        source.unlink(missing_ok=True)


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
    yield from working(desk.ready(found))
    items, parts = _known(found)
    shown = None
    for step in desk.batch(found, settings(found), names):
        if step.result is None:
            items, parts = _known(found)
            continue
        text = (step.result.smile if step.result.pool else step.result.vanilla).text
        if shown != (step.name, text):
            shown = step.name, text
            table = view.transcripts(items, parts, at_work=shown)
            yield Page(results=table).says(f"{step.done + 1} of {step.total}: {step.name}", "working")
    yield fresh(found).says("Done. Click a transcript to hear, correct and learn from it.", "done")


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


def saved(desk: Desk, key: str | None, kind: str) -> Any:
    """The transcripts as a file, several as a zip; gives the hidden button its file."""
    found = opened(desk, key)
    with TemporaryDirectory() as folder:
        made = export(transcripts.exported(found), kind, Path(folder))
        if kind in TOGETHER or len(made) == 1:
            return _offered(found, made[0])
        zipped = Path(folder) / f"transcripts-{kind}.zip"
        with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
            for path in made:
                archive.write(path, path.name)
        return _offered(found, zipped)


def pool_saved(desk: Desk, key: str | None, kind: str) -> Any:
    """The pool as a zip; gives the hidden button its file."""
    found = opened(desk, key)
    pool = found.pool()
    if pool is None:
        raise PoolError("There are no examples to take away yet.")
    code = pool.language.code
    with TemporaryDirectory() as folder:
        made = POOL_FORMATS[kind](pool, Path(folder) / f"{code}-{kind}.zip")
        return _offered(found, made)


def _offered(found: Workspace, made: Path) -> Any:
    """A file where gradio serves from; it is deleted with all else of the visitor."""
    served = playable(made)
    found.lent(Path(served))
    return gr.update(value=served)
