"""What options name: a path of this machine, or a URL where a command takes one."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.datatypes import SmileError
from smile.util.urls import Url, is_url, url_of


def path_or_url(text: str) -> Path | Url:
    """Return the place that an argument names.

    Raises:
        ArgumentTypeError: it is a URL that cannot be used.
    """
    if not is_url(text):
        return Path(text)
    try:
        return url_of(text)
    except SmileError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def path_here(text: str) -> Path:
    """Return the path that an option names.

    Raises:
        ArgumentTypeError: it is a URL.
    """
    if is_url(text):
        raise argparse.ArgumentTypeError("it has to be a path on this machine, and no URL.")
    return Path(text)
