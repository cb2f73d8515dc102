"""What lies in the root of all visitors: which of it was made here, and what may go."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO

from smile.own.workspace import JOBS, LOCK, POOLS, RECORDINGS, STATE, WORK
from smile.util import leftovers

OWN = re.compile(r"[0-9a-f]{32}")  # the name of a visitor's folder
PASSING = re.compile(r"\.(?:new|gone)-[0-9a-f]{32}")  # of one that is being made or deleted


def made_here(entry: Path) -> bool:
    """Return whether an entry of the root is a visitor's folder: by its name, and by the state in it.

    One that is empty, or has nothing but folders of ours, was left by work that outlived its visitor.
    """
    if not OWN.fullmatch(entry.name) or entry.is_symlink() or not entry.is_dir():
        return False
    try:
        names = os.listdir(entry)
    except OSError:
        return False  # its owner deletes it just now
    ours = all(name in (LOCK, POOLS, RECORDINGS, JOBS) or name.startswith(WORK) for name in names)
    return ours or os.path.lexists(entry / STATE)  # which may be damaged


def tidied(folder: Path) -> None:
    """Remove temporary files that were left over, which is no use of the folder."""
    with suppress(OSError):  # its owner deletes it just now
        used_at = folder.stat().st_mtime_ns
        if leftovers.sweep(folder):
            os.utime(folder, ns=(used_at, used_at))


def damaged(lock: Path) -> bool:
    """Return whether there is something in the place of a lock that nobody can lock."""
    return os.path.lexists(lock) and (lock.is_symlink() or not lock.is_file())


def empty(folder: Path) -> bool:
    """Return whether a visitor has brought nothing yet."""
    return not any(entry for name in (POOLS, RECORDINGS, JOBS) for entry in (folder / name).glob("*"))


def alone(claim: IO[str]) -> bool:
    """Return whether no other server is at work in the root, and lock it against others if so."""
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
