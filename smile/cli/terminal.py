"""What commands share: values of options, and progress bars."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from smile.cli.parsers import add_option
from smile.datatypes import MOST_SHOTS, SmileError

if TYPE_CHECKING:
    from smile.corpora.mapping import ColumnMapping

MB = 1_000_000  # bytes
PACE = 15.0  # seconds between two lines of a log that say how far some work is


def names(text: str) -> tuple[str, ...]:
    """Return an option's names, joined by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def columns(said: str) -> ColumnMapping:
    """Return the columns of a table that an option chooses by "audio=NAME,text=NAME"."""
    from smile.corpora.mapping import ColumnMapping

    try:
        return ColumnMapping.parsed(said)
    except SmileError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def encoding(said: str) -> str:
    """Return Python's name of the encoding of texts that an option names."""
    from smile.corpora.encodings import encoding_named

    try:
        return encoding_named(said)
    except SmileError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_encoding(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the option that names the encoding of texts from before UTF-8; `what` says which these are."""
    add_option(
        parser,
        "--encoding",
        type=encoding,
        default="",
        metavar="NAME",
        help=f"Read {what} not in UTF-8 or UTF-16 in this encoding, such as cp1252, which is Windows-1252 "
        "(default: what is not in UTF-8 or UTF-16 is refused).",
    )


def shots(text: str) -> int:
    """Return an option's number of examples."""
    if not text.isdigit() or int(text) > MOST_SHOTS:
        raise argparse.ArgumentTypeError(f"choose 0 to {MOST_SHOTS} examples")
    return int(text)


def several_shots(text: str) -> tuple[int, ...]:
    """Return an option's numbers of examples, joined by commas, in order."""
    return tuple(sorted({shots(part) for part in text.split(",")}))


def strength(text: str) -> float:
    """Return an option's share, 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("choose a number from 0 to 1")
    return value


def strengths(text: str) -> tuple[float, ...]:
    """Return an option's shares, joined by commas, each 0 to 1."""
    return tuple(strength(part) for part in text.split(","))


def windows(text: str) -> tuple[float, ...]:
    """Return an option's window lengths in seconds, joined by commas, in order."""
    try:
        seconds = tuple(sorted(float(part) for part in text.split(",")))
    except ValueError:
        seconds = ()
    if not seconds or seconds[0] < 1 or seconds[-1] > 30:
        raise argparse.ArgumentTypeError("name seconds from 1 to 30, such as 10,15,20,30")
    return seconds


def megabytes(text: str) -> int:
    """Return an option's number of megabytes in bytes."""
    size = float(text)
    if not 0 <= size < 1e9:
        raise ValueError(text)
    return round(MB * size)


class Bar:
    """A progress bar on standard error, called with what is done and how much there is.

    Where standard error is no terminal it is a line now and then, such as in a log.
    """

    def __init__(self, label: str, unit: str = "clips", clock: Callable[[], float] = time.monotonic):
        from tqdm import tqdm

        self._bar = tqdm(desc=label, unit=f" {unit}", file=sys.stderr, disable=None)
        self._label, self._unit, self._clock = label, unit, clock
        self._said = clock()

    def __call__(self, done: int, total: int) -> None:
        if self._bar.disable:
            self._say(done, total)
            return
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def _say(self, done: int, total: int) -> None:
        """Print how far the work is, unless a line was printed just now; short work prints nothing."""
        if self._clock() - self._said < PACE:
            return
        self._said = self._clock()
        print(f"{self._label}: {done} of {total} {self._unit}", file=sys.stderr, flush=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()


UNITS = {"Evaluating": "rows", "Preparing": "steps"}  # a fit counts hundredths


class Bars:
    """A bar for each piece of work of an evaluation, one after the other."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._kind = ""
        self._open: Bar | None = None

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show how far a piece of work is; a label's first word tells kinds of work apart."""
        kind = label.split()[0] if label.startswith("Evaluating") else label
        if kind != self._kind:
            self._stack.close()
            self._open = self._stack.enter_context(Bar(kind, UNITS.get(label.split()[0], "clips")))
            self._kind = kind
        if self._open is not None:
            self._open(done, total)

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
