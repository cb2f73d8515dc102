"""Temporary files: how they are called and held while they are written, and what becomes of those left over.

Whoever writes one holds a lock on it, which ends with its process. One that is old and that nobody holds
was left by a process that was killed.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

OURS = re.compile(r"\.[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\.tmp")  # a UUID of version 4
OLD = 3600.0  # seconds after which one that nobody holds was left over


def beside(path: Path) -> Path:
    """Return a temporary name in the folder of a path; it ends in ".tmp", so that no file's kind fits it."""
    return path.with_name(f".{uuid4().hex}.tmp")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Make a temporary file and hold it while it is written.

    Raises:
        OSError: it cannot be made.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with suppress(OSError):  # a disk without locks; the file's age still tells
            fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def sweep(folder: Path, now: float | None = None) -> int:
    """Remove what is left over in a folder of SMILE's own and in its folders; return how many files."""
    before = (time.time() if now is None else now) - OLD
    named = (Path(place, name) for place, _, files in os.walk(folder) for name in files)
    return sum(_removed(path, before) for path in named if OURS.fullmatch(path.name))


def _removed(path: Path, before: float) -> bool:
    """Remove a temporary file that was last written before a time, unless somebody holds it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        info = os.fstat(file)
        if not stat.S_ISREG(info.st_mode) or info.st_uid != os.getuid() or info.st_mtime >= before:
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(file)
    return True
