"""A recording whose text exists already: its lines are found in it, and can become examples."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from smile.audio.formats import AUDIO_SUFFIXES
from smile.audio.isolated import reading_apart
from smile.audio.signatures import may_be_sound
from smile.corpora.plain import text_of
from smile.datatypes import CorpusError, PoolError, Samples
from smile.exporting.transcripts import TEXT
from smile.own import aligned, bringing, fitting
from smile.own.workspace import Workspace
from smile.transcription.aligning import Aligned, Line, utterances
from smile.transcription.lengths import LISTED, only_beginning
from smile.ui.cancelled import consuming
from smile.ui.files import taken, using
from smile.ui.own import adding
from smile.ui.own.brought import brought
from smile.ui.own.page import Page, fresh, guarded_steps, opened, working, workspace_of
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import PLAIN
from smile.util.advice import of_a_text
from smile.util.timing import telling

SUFFIX = ".txt"
WHAT = (
    "A recording of up to {minutes:g} minutes and the text of what is said in it, which has no times yet. "
    "Its lines are found by an acoustic model of your examples, which is fitted where there is none; "
    "what is not spoken, and speech that is not in the text, is marked."
)
NEITHER = "Choose one recording, and write its text or choose it as a .txt file."
TWO_TEXTS = "The text is there twice: empty the field, or leave the .txt file out."
CLICK = "Click a line to hear it; press “Make examples of its lines” when they are right."


def layout(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out how a recording and its text are brought, and how its lines become examples."""
    gr.HTML(f'<p class="note">{WHAT.format(minutes=LISTED)}</p>', **PLAIN)
    outputs["text_files"] = brought(
        [*AUDIO_SUFFIXES, SUFFIX],
        label="The recording, and its text if that is a .txt file",
        height=150,
        elem_id="own-text-files",
    )
    outputs["given_text"] = gr.Textbox(
        label="Its text", lines=4, max_lines=12, elem_id="own-given-text", elem_classes="own-text"
    )
    pressed["unit"] = gr.Radio(
        [("lines", "lines"), ("sentences", "sentences")],
        value="lines",
        label="Cut it at the text’s",
        elem_id="own-unit",
        elem_classes="bar",
    )
    with gr.Row():
        pressed["align"] = gr.Button("Find the text in the recording", elem_id="own-align")
        pressed["add_lines"] = gr.Button("Make examples of its lines", elem_id="own-add-lines")


@consuming
@guarded_steps
def find_text(
    service: VisitorService, key: str | None, files: Sequence[str] | None, text: str | None, unit: object
) -> Iterator[Page]:
    """Find the lines of a text in a recording; it goes on where it was broken off."""
    with using(files or ()):
        key, workspace = workspace_of(service, key)
        yield Page(key=key).says("Looking at the files", "working")
        with workspace.work() as work:
            recording, given = _told(taken(files or (), work), text or "")
            lines = utterances(given, "sentences" if unit == "sentences" else "lines")
            came = bringing.bring(workspace, [recording])
        name = came.names[0] if came.names else came.known[0][1]
        aligned.check(workspace, name)
        path = workspace.recordings / name
        sound = yield from working(telling(reading_apart(path, 60 * LISTED), "Looking at the files"))
        found = yield from working(_found(service, workspace, name, lines, sound.samples))
    cut = only_beginning(sound.cut, LISTED) if sound.cut else ""
    said = f"{_counted(found)} {cut}".strip()
    yield fresh(workspace)._replace(text_files=None, given_text="").says(said, "done")


def _told(files: Sequence[Path], text: str) -> tuple[Path, str]:
    """The recording and the text among what was brought.

    Raises:
        SmileError: there are others than one of each, or the text cannot be read.
    """
    texts = [file for file in files if file.suffix.lower() == SUFFIX]
    recordings = [file for file in files if file not in texts and may_be_sound(file)]
    if texts and text.strip():
        raise PoolError(TWO_TEXTS)
    if len(recordings) != 1 or len(texts) > 1 or not (texts or text.strip()):
        raise PoolError(NEITHER)
    return recordings[0], _read(texts[0]) if texts else text


def _read(file: Path) -> str:
    try:
        return text_of(file)
    except CorpusError as error:
        raise CorpusError(of_a_text(str(error))) from error


def _found(
    service: VisitorService, workspace: Workspace, name: str, lines: Sequence[Line], samples: Samples
) -> Generator[str, None, Aligned]:
    """Find lines in samples (n,) of a recording of the list, and keep them as its transcript.

    Raises:
        SmileError: there are no examples, an acoustic model of them has no room, or nothing is spoken.
    """
    on, fit = workspace.folder.name, partial(fitting.fitted, workspace, asked=True)
    if workspace.pool() is None:
        raise PoolError(aligned.NO_EXAMPLES)
    yield from service.work("Fitting the acoustic model", fit, share=True, on=on)
    look = partial(aligned.look, workspace, name, lines, samples)
    return (yield from service.work("Looking for the text", look, share=True, on=on))


def _counted(found: Aligned) -> str:
    count, of = len(found.lines) - len(found.unspoken), len(found.lines)
    return f"{count} of {of} lines were found. {CLICK}"


@guarded_steps
def add_lines(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Make examples of all lines that were found and are none yet."""
    workspace = opened(service, key)
    with workspace.work() as work:
        files = aligned.as_files(workspace, work)
        added = yield from adding.read(service, workspace, files, work, [TEXT])
    yield adding.told(workspace, added)
    yield from adding.listened(service, workspace, added)
