"""What commands that read a recording share: how much of it they take, and which of its audio tracks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smile.cli.parsers import add_option
from smile.datatypes import Samples
from smile.transcription import lengths


def add_track(parser: argparse.ArgumentParser) -> None:
    """Add the option by which one of several audio tracks is taken."""
    add_option(
        parser,
        "--track",
        type=int,
        help="Take this audio track of a recording that has several, counted from 1 (default: the one that "
        "the file names as its default, or the first).",
    )


def read_chosen(path: Path, chosen: argparse.Namespace) -> Samples:
    """Read a recording (n,) as the options say; tell on stderr which of several tracks that is.

    Raises:
        AudioError: it cannot be read, is longer than --max-minutes, or has no such track.
    """
    from smile.audio.tracks import PICK, tracks_of

    samples = lengths.read_whole(path, chosen.max_minutes, chosen.track)
    if said := tracks_of(path, chosen.track).said(PICK):
        print(said, file=sys.stderr)
    return samples
