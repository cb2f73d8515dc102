"""Who is at work on what lies in a folder: one at a time holds it, and marks say who may go on with it.

What a page has left behind by a reload has no mark, and goes on by itself. What a person or an error has
ended is marked as stopped. Whoever is about to go on claims it first, so that no other page does.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from smile.datatypes import PoolError
from smile.util.opening import open_lock

LOCK, STOPPED, CLAIMED = "lock", "stopped", "claimed"
PATIENCE = 15.0  # seconds that an earlier run of the same, which a reload has ended, has to stop
POLL = 0.2  # seconds between two looks whether it has
STOPPING = "Waiting for the same transcription to stop in another window"
CLAIM_SECONDS = 20.0  # that a page has from its claim on to begin
MOST_CLAIMS = 400  # that are remembered


@contextmanager
def held(folder: Path) -> Iterator[IO[str] | None]:
    """Hold a folder for this block alone; gives None where somebody else does, or it is gone.

    The lock is the operating system's and ends with its process, however that ends.
    """
    try:
        lock = open_lock(folder / LOCK)
    except (OSError, PoolError):
        yield None
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock


def waited(folder: Path) -> Generator[None, None, ExitStack | None]:
    """Hold a folder until what this returns is closed, and take all marks away; yields while others hold it.

    Returns None where they do not let it go, or it is gone.
    """
    until = time.monotonic() + PATIENCE
    while folder.is_dir():
        stack = ExitStack()
        if stack.enter_context(held(folder)) is not None:
            begin(folder)
            return stack
        stack.close()
        if time.monotonic() > until:
            break
        yield
        time.sleep(POLL)
    return None


def busy(folder: Path) -> bool:
    """Return whether somebody is at work in a folder, or about to be."""
    with held(folder) as lock:
        return lock is None or _claimed(folder)


def claim(folder: Path) -> bool:
    """Claim what a page has left in a folder; return whether nobody else has, is at work or stopped it."""
    with held(folder) as lock:
        if lock is None or _claimed(folder) or stopped(folder):
            return False
        return _mark(folder / CLAIMED)


class Claims:
    """The claims of pages, given back where a page goes before it has begun."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Path, int]] = {}  # by page: a folder, and when it was claimed

    def claim(self, folder: Path, page: str) -> bool:
        """Claim what lies in a folder for a page, as `claim` does; it goes on with one thing."""
        if not claim(folder):
            return False
        with suppress(OSError):
            self._made.pop(page, None)
            self._made[page] = folder, (folder / CLAIMED).stat().st_mtime_ns
        for old in list(self._made)[:-MOST_CLAIMS]:
            self._made.pop(old, None)
        return True

    def release(self, page: str) -> None:
        """Give back what a page that has gone has claimed, where nobody has begun since."""
        folder, when = self._made.pop(page, (Path(), 0))
        mark = folder / CLAIMED
        with suppress(OSError):
            if mark.stat().st_mtime_ns == when:
                mark.unlink()


def begin(folder: Path) -> None:
    """Take all marks away; for whoever holds the folder."""
    for mark in (STOPPED, CLAIMED):
        with suppress(OSError):
            (folder / mark).unlink(missing_ok=True)


def stop(folder: Path) -> None:
    """Mark what is in a folder as stopped, so that it does not go on by itself; nothing where it is gone."""
    _mark(folder / STOPPED)


def stopped(folder: Path) -> bool:
    """Return whether a person or an error has ended what is in a folder."""
    return (folder / STOPPED).exists()


def _mark(path: Path) -> bool:
    """Put a mark there, as old as now; return whether that can be done."""
    try:
        open_lock(path).close()
        os.utime(path)
    except (OSError, PoolError):
        return False
    return True


def _claimed(folder: Path) -> bool:
    try:
        return 0 <= time.time() - (folder / CLAIMED).stat().st_mtime < CLAIM_SECONDS
    except OSError:
        return False
