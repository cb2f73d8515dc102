"""The components of the tab that a visitor presses or brings something by."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from smile.ui.own.columns import ColumnChoice
from smile.ui.own.question import Question


class Buttons(NamedTuple):
    """The buttons and inputs that a visitor presses or brings something by."""

    typed: gr.Textbox
    matches: gr.Radio
    columns: ColumnChoice
    encoding: Question
    track: Question
    add_files: gr.Button
    add_clip: gr.Button
    save: gr.Button
    remove: gr.Button
    learn: gr.Button
    forget: gr.Button
    add_recorded: gr.Button
    transcribe: gr.Button
    unit: gr.Radio  # of a text that exists already
    align: gr.Button
    add_lines: gr.Button
    delete: gr.Button
    really: gr.Button
    show_key: gr.Button
    enter_key: gr.Button
    another: gr.Button
    samples: dict[str, gr.Button]
    transcripts: dict[str, gr.Button]
    pools: dict[str, gr.Button]
    file: gr.DownloadButton
    live: gr.HTML  # where the live text of a new recording appears
