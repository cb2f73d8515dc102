"""Files opened only where they are regular ones: a queue or a device would be waited for without end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from smile.datatypes import DamagedError, PoolError

NO_LOCK = "{} is not the lock that SMILE makes; remove it and try again."


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file to be read.

    Raises:
        DamagedError: there is a folder, a queue or a device in its place.
        OSError: it cannot be opened.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise DamagedError(path) from error
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise DamagedError(path)
    return os.fdopen(file, "rb")


def read_bytes(path: Path) -> bytes:
    """Return all that is in a regular file; raises as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def open_lock(path: Path) -> IO[str]:
    """Open a file that is there to be locked, and make it where it is missing.

    Raises:
        PoolError: there is something else in its place, or a link.
        FileNotFoundError: its folder is gone.
        OSError: it cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.EMLINK):
            raise PoolError(NO_LOCK.format(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise PoolError(NO_LOCK.format(path))
    return os.fdopen(file, "a+", encoding="ascii")
