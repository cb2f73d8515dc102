"""The sentence that a visitor or a program gets for an error, without the server's paths."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb, format_tb

import gradio as gr
from gradio.exceptions import InvalidPathError

from smile.datatypes import SmileError
from smile.paths import PACKAGE
from smile.util.advice import on_page

LOG = logging.getLogger(__name__)
UNEXPECTED = "Something went wrong on the server; please try again, and report it if it happens again."
ODD = "The request has a value that the page would not send; reload the page and try again."
SERVING = str(Path(__file__).with_name("serving.py"))  # where all events pass
FULL = "The server's disk is full; what was there stays. Try again later, or delete what you no longer need."
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
NOT_YOURS = "A file was named that was not uploaded here; choose it again."
NO_MEMORY = "This needs more memory than the server has left; try again with less."
FOLDERS = re.compile(r"(?<![\w.:/-])(?:/[^/\s\"'»«<>|:;,]+(?: [^/\s\"'»«<>|:;,]+)*)*/(?=[^/\s])")
"""The folders of an absolute path, which may have single spaces in their names."""


class GuardedError(gr.Error):
    """An error whose text is its sentence; gradio's own puts it in quotation marks for programs."""

    def __str__(self) -> str:
        return str(self.message)


def sentence(error: BaseException, what: str = "") -> str:
    """Return what to tell of an error.

    Where it is nothing that a visitor can put right, its kind and place are logged, without its own words,
    which may be the visitor's.
    """
    if isinstance(error, SmileError):
        return on_page(without_folders(str(error)))
    if isinstance(error.__cause__, SmileError):  # gradio wraps those of a component
        return on_page(without_folders(str(error.__cause__)))
    if isinstance(error, InvalidPathError):
        return NOT_YOURS
    if not _ours(error):
        return ODD
    places = "".join(format_tb(error.__traceback__))
    LOG.error("%s failed with %s\n%s", what or "A request", type(error).__name__, places)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return FULL
    return NO_MEMORY if isinstance(error, MemoryError) else UNEXPECTED


def _ours(error: BaseException) -> bool:
    """Whether an error arose in this package, and not in gradio while it unpacked the values of a request."""
    files = {frame.filename for frame in extract_tb(error.__traceback__)}
    return not files or any(Path(file).resolve().is_relative_to(PACKAGE) for file in files - {SERVING})


def without_folders(text: str) -> str:
    """Return a text in which absolute paths have become their last parts."""
    return FOLDERS.sub("", text)


def guarded_error(error: BaseException, what: str = "", said: Callable[[str], str] = str) -> gr.Error:
    """Return gradio's error that says the sentence of another one, for programs and for the page alike.

    `said` gives a sentence in the visitor's language.
    """
    if isinstance(error, gr.Error):
        told = said(str(error.message))
        return GuardedError(told, error.duration, error.visible, error.title, print_exception=False)
    return GuardedError(said(sentence(error, what)), print_exception=False)
