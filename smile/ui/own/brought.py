"""The component that takes a visitor's files."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio_client.utils import is_valid_file

from smile.datatypes import SmileError

MOST_FILES = 1000  # at a time
MANY = f"At most {MOST_FILES} files are taken at a time; put them into a zip."
WRONG = "Only files that end in {} are taken."


class Brought(gr.File):
    """Files as their paths, each once; gradio's own makes an empty file for each that is named."""

    is_template = True  # is shown as what it is derived from

    def preprocess(self, payload: Any) -> Any:
        """Return the paths of uploads.

        Raises:
            SmileError: there are too many, or one is of a kind that is not taken.
        """
        if payload is None:
            return None
        files = getattr(payload, "root", payload)
        paths = list(dict.fromkeys(file.path for file in (files if isinstance(files, list) else [files])))
        if len(paths) > MOST_FILES:
            raise SmileError(MANY)
        if not all(is_valid_file(path, self.file_types or []) for path in paths):
            raise SmileError(WRONG.format(", ".join(self.file_types or ())))
        return paths
