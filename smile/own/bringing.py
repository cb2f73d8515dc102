"""Recordings come into a visitor's list: each once, under a name of its own."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from unicodedata import category

from smile.datatypes import PoolError
from smile.own.workspace import Workspace
from smile.util.names import TURNING, UNPRINTABLE

MOST_RECORDINGS = 300  # of one visitor
SHOWN = 5  # names in a sentence


@dataclass
class Brought:
    """What has come of recordings that were brought."""

    names: list[str] = field(default_factory=list)  # of those that were added
    known: list[tuple[str, str]] = field(default_factory=list)  # brought as, and the name of its like
    renamed: list[tuple[str, str]] = field(default_factory=list)  # brought as, and its name here

    @property
    def said(self) -> str:
        """Return what of them a person would not expect, in sentences; empty where there is nothing."""
        known = [name if name == there else f"{name} (as {there})" for name, there in self.known]
        renamed = [f"{name} is called {here} here" for name, here in self.renamed]
        there = f"{known[0]} is there already." if len(known) == 1 else ""
        if len(known) > 1:
            there = f"{_shortened(known)} are there already."
        other = f"{_shortened(renamed)}: the other name is taken." if renamed else ""
        return " ".join(filter(None, (there, other)))


def _shortened(parts: Sequence[str]) -> str:
    return ", ".join(parts[:SHOWN]) + (f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else "")


def bring(workspace: Workspace, paths: Sequence[Path], named: str = "") -> Brought:
    """Move recordings into the list, each under its own name or numbered as `named` says.

    One with the same content as another of the list stays where it is.

    Raises:
        PoolError: there would be too many, or there is no room.
    """
    with workspace.lock:
        names, there = taken(workspace), _by_size(workspace.recordings.iterdir())
        workspace.room()
        if sum(map(len, there.values())) + len(paths) > MOST_RECORDINGS:
            raise PoolError(f"At most {MOST_RECORDINGS} recordings are kept; transcribe in several goes.")
        brought = Brought()
        for path in paths:
            alike = there.setdefault(path.lstat().st_size, [])
            if same := next((other for other in alike if filecmp.cmp(path, other, shallow=False)), None):
                brought.known.append((path.name, same.name))
                continue
            name = _free(path, names, named)
            names.add(name)
            brought.names.append(name)
            if not named and Path(name).stem != _plain(path):
                brought.renamed.append((path.name, name))
            alike.append(workspace.recordings / name)
            os.replace(path, alike[-1])
        return brought


def taken(workspace: Workspace) -> set[str]:
    """Return the names of recordings, also of deleted ones of which there are corrections."""
    corrected = {c.recording for c in workspace.state().corrections}
    return corrected | {path.name for path in workspace.recordings.iterdir()}


def _by_size(paths: Iterable[Path]) -> dict[int, list[Path]]:
    """Files by their length in bytes: only those of one length can be alike."""
    sizes: dict[int, list[Path]] = {}
    for path in sorted(paths):
        sizes.setdefault(path.lstat().st_size, []).append(path)
    return sizes


def _free(path: Path, names: set[str], named: str) -> str:
    """A name that is not taken, plain enough for a file and for a table."""
    suffix = re.sub(r"[^.a-z0-9]", "", path.suffix.lower())[:10] or ".wav"
    stems = {Path(name).stem for name in names}
    stem = next(free for free in _numbered(_plain(path), named) if free not in stems)
    return stem + suffix


def _numbered(plain: str, named: str) -> Iterator[str]:
    if named:
        return (named.format(n) for n in count(1))
    return (f"{plain}-{n}" if n else plain for n in count())


def _plain(path: Path) -> str:
    """The name of a file without what a table or a disk cannot have."""
    plain = "".join(" " if c in "/\\" or c in TURNING or category(c) in UNPRINTABLE else c for c in path.stem)
    return plain.strip(" .")[:100] or "recording"
