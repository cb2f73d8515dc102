"""What commands share: values of options, and a progress bar."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smile.datatypes import MOST_SHOTS
from smile.paths import POOLS


def shots(text: str) -> int:
    """An option's number of examples."""
    if not text.isdigit() or int(text) > MOST_SHOTS:
        raise argparse.ArgumentTypeError(f"choose 0 to {MOST_SHOTS} examples")
    return int(text)


def several_shots(text: str) -> tuple[int, ...]:
    """An option's numbers of examples."""
    return tuple(sorted({shots(part) for part in text.split(",")}))


def strength(text: str) -> float:
    """An option's share, 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("choose a number from 0 to 1")
    return value


def strengths(text: str) -> tuple[float, ...]:
    """An option's shares, each 0 to 1."""
    return tuple(strength(part) for part in text.split(","))


def windows(text: str) -> tuple[float, ...]:
    """An option's window lengths, in seconds."""
    try:
        found = tuple(sorted(float(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or found[0] < 1 or found[-1] > 30:
        raise argparse.ArgumentTypeError("name seconds from 1 to 30, such as 10,15,20,30")
    return found


def pool_folder(text: str) -> Path:
    """Return the folder of a pool that an option names: a path, or else one that comes with SMILE."""
    folder = Path(text)
    if not folder.exists() and folder.name == text and (POOLS / text / "pool.json").is_file():
        return POOLS / text
    return folder


class Bar:
    """A progress bar on standard error, called with what is done and how much there is."""

    def __init__(self, label: str, unit: str = "clips"):
        from tqdm import tqdm

        self._bar = tqdm(desc=label, unit=f" {unit}", file=sys.stderr, disable=None)

    def __call__(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
