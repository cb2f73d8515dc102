"""Long work that must be neither lost nor done twice: a folder beside the result, and a lock.

The result appears under its name only when it is whole; until then an older one stays as it is.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from smile.datatypes import DamagedError, PoolError
from smile.util import leftovers
from smile.util.leftovers import beside, held
from smile.util.opening import open_lock, read_bytes

LOCK = "lock"
LOGGER = logging.getLogger(__name__)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; what is written there takes the name when the block ends well.

    The bytes are on the disk before they have their name, and the name is before the block is left. When
    the block fails, an older file stays as it was and nothing is left behind; where the process is killed,
    `leftovers.sweep` removes the temporary file.
    """
    temporary = beside(path)
    try:
        with held(temporary):
            yield temporary
            sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that is whole as soon as it has its name."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file that is whole as soon as it has its name; line ends stay as they are."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any, *, sort_keys: bool = False) -> None:
    """Write a value as JSON in lines, its letters as they are, into a file that is whole when it appears."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=sort_keys) + "\n")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        DamagedError: it is not JSON in UTF-8, or no regular file.
        OSError: it cannot be read.
    """
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise DamagedError(path) from error


def set_aside(path: Path) -> None:
    """Take a damaged file that can be made again out of the way, in place of one set aside before.

    A log tells it; where the folder may not be written, the file stays.
    """
    aside = path.with_name(f"{path.name}.damaged")
    try:
        os.replace(path, aside)
        LOGGER.warning("%s was damaged and is made again; what it held lies in %s.", path, aside.name)
    except OSError as error:
        LOGGER.warning("%s is damaged and cannot be set aside (%s).", path, error.strerror)


def sync(path: Path) -> None:
    """Put what was written to a file, or the names in a folder, on the disk before going on."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise  # some file systems have no such thing for folders
    finally:
        os.close(number)


def rename_folder(new: Path, target: Path) -> None:
    """Give a finished folder its name, after all that is in it is on the disk.

    Raises:
        OSError: the name is taken, or the disk fails.
    """
    for folder, _, files in os.walk(new):
        for name in files:
            sync(Path(folder, name))
        sync(Path(folder))
    os.rename(new, target)
    sync(target.parent)


@dataclass(frozen=True)
class WorkFolder:
    """The folder `<out>.part`, in which `out` is made.

    Entries of an older `out` by the names `own` are replaced; all others, which somebody else put
    there, are kept.
    """

    out: Path
    own: Collection[str]

    @property
    def part(self) -> Path:
        """Return the path of the work folder itself."""
        return self.out.with_name(f"{self.out.name}.part")

    @property
    def new(self) -> Path:
        """Return the path of the result in the making."""
        return self.part / "new"

    @property
    def old(self) -> Path:
        """Return where an older result lies while the new one takes its name."""
        return self.part / "old"

    def publish(self) -> None:
        """Give the result its name and clear the work folder away."""
        if self.out.exists():
            os.rename(self.out, self.old)
        rename_folder(self.new, self.out)
        self.settle()
        self.clear()

    def clear(self) -> None:
        """Throw away what is in the work folder, but not its lock."""
        for entry in self.part.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()

    def settle(self) -> None:
        """Undo an interrupted `publish` where the name is free, and finish it where it is not."""
        if not self.old.exists():
            return
        if not self.out.exists():
            os.rename(self.old, self.out)
            return
        for entry in self.old.iterdir():
            if entry.name not in self.own and not (self.out / entry.name).exists():
                os.rename(entry, self.out / entry.name)
        shutil.rmtree(self.old)


@contextmanager
def work_folder(out: Path, own: Collection[str], parents: bool = True) -> Iterator[WorkFolder]:
    """Give the work folder of `out` to this process alone; without `parents` its own folder has to be there.

    The lock is the operating system's and ends with its process, however that ends.

    Raises:
        PoolError: another process is at work on the same result.
    """
    work = WorkFolder(out.resolve(), own)
    path = work.part / LOCK
    with _lock(path, out, parents):
        try:
            work.settle()
            leftovers.sweep(work.part)
            yield work
        finally:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                work.part.rmdir()


def _lock(path: Path, out: Path, parents: bool) -> IO[str]:
    """Take the lock; one that its former owner has removed in the meantime is taken anew."""
    while True:
        path.parent.mkdir(parents=parents, exist_ok=True)
        lock = open_lock(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with lock:
                lock.seek(0)
                owner = lock.read()
            raise PoolError(f"Another process ({owner}) is making {out}; wait until it is done.") from None
        if path.exists() and os.path.samestat(os.fstat(lock.fileno()), path.stat()):
            break
        lock.close()
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
