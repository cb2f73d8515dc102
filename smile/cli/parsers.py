"""What every command's parser is made with: each option says in a sentence what it does, and its default."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from smile.cli.places import path_here

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

CORPUS = "an ML-SUPERB folder, a data set in parquet or on the Hub, or a table"
LANGUAGES = "Take only these languages: ISO 639-3 codes joined by commas (default: all)."


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], goes_on: bool = False
) -> argparse.ArgumentParser:
    """Add a command and return its parser; its help is the first paragraph of what `run` says of itself.

    `goes_on`: broken off and given again, it goes on where it stopped.
    """
    said = " ".join((inspect.getdoc(run) or "").partition("\n\n")[0].split())
    parser = commands.add_parser(name, help=said, description=said, add_help=False)
    parser.set_defaults(run=run, goes_on=goes_on)
    add_help(parser)
    return parser


def add_help(parser: argparse.ArgumentParser) -> None:
    """Add `--help`, in a sentence like those of the other options."""
    add_option(parser, "-h", "--help", action="help", help="Print this help and exit.")


def add_option(parser: argparse.ArgumentParser, *names: str, help: str, **given: Any) -> None:
    """Add an option or argument; its help, a sentence, ends with the default where it does not name it.

    A default that means "not given" (None, False, nothing) is not named.
    """
    default = given.get("default")
    silent = default is None or default is False or default in ("", (), [])
    if not silent and "(default: " not in help:
        help = f"{help.removesuffix('.')} (default: %(default)s)."
    if given.get("type") is Path:
        given["type"] = path_here  # a URL would be taken for a folder, be made, and told with what is in it
    parser.add_argument(*names, **given).help = help  # set late: Python 3.11 adds defaults of its own
