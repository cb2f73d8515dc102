"""A lock on a folder that holds between threads and between processes."""

from __future__ import annotations

import fcntl
from pathlib import Path
from threading import RLock
from typing import IO

from smile.util.opening import open_lock


class FolderLock:
    """A lock that its thread may take again; the operating system frees it when the process ends.

    Args:
        path: the file that is locked, in a folder that is there; it is made where it is missing.
    """

    def __init__(self, path: Path):
        self._path, self._turn, self._depth = path, RLock(), 0
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        """Wait for the lock.

        Raises:
            FileNotFoundError: the folder is gone.
            PoolError: there is something else in the place of its file.
        """
        self._turn.acquire()
        try:
            if not self._depth:
                self._file = _locked(self._path)
            self._depth += 1
        except BaseException:
            self._turn.release()
            raise

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._depth -= 1
        if not self._depth and self._file:
            self._file.close()
            self._file = None
        self._turn.release()


def _locked(path: Path) -> IO[str]:
    file = open_lock(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except BaseException:
        file.close()
        raise
    return file
