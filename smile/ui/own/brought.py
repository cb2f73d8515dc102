"""The component that takes a visitor's files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio_client.utils import is_valid_file

from smile.datatypes import SmileError
from smile.ui.components import derived
from smile.ui.files import discard

MOST_FILES = 1000  # at a time
MANY = f"At most {MOST_FILES} files are taken at a time; put them into a zip."
WRONG = "Only files that end in {} are taken."


def brought(kinds: list[str], **options: Any) -> gr.File:
    """Return a component whose files come as their paths, each once.

    Gradio's own makes an empty file for each that is named.
    """
    component: gr.File = Files(file_count="multiple", file_types=kinds, **options)
    return component


def paths(kinds: list[str], payload: Any) -> list[str] | None:
    """Return the paths of uploads.

    Raises:
        SmileError: there are too many, or one is of a kind that is not taken; they are discarded.
    """
    if payload is None:
        return None
    files = getattr(payload, "root", payload)
    uploads = list(dict.fromkeys(file.path for file in (files if isinstance(files, list) else [files])))
    right = all(is_valid_file(path, kinds) for path in uploads)
    if len(uploads) > MOST_FILES or not right:
        discard(uploads)
        raise SmileError(MANY if right else WRONG.format(", ".join(kinds)))
    return uploads


def are_these(files: Sequence[str], asked: Any = ()) -> bool:
    """Return whether something was asked of these uploads; what was chosen for others does not hold."""
    return bool(files) and [*files] == [*(asked or ())]


Files = derived(gr.File, preprocess=lambda self, payload: paths(self.file_types, payload))
