"""Files that travel with a task or with the way it is done, to machines that do not see this one's disk.

On a worker's machine they lie in a folder of the worker's own, which it removes when it ends; that of a
worker which was killed is removed by the next one there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO

from smile.util.opening import open_regular, read_bytes

PREFIX, LOCK = "smile-carried-", "lock"


@dataclass(frozen=True)
class Parcel:
    """Files with their bytes.

    Attributes:
        name: of the folder that they lay in.
        files: the path of each in it, with "/" between its parts, and its bytes.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, folder: Path, paths: Iterable[Path]) -> Parcel:
        """Take files of a folder.

        Raises:
            OSError: one cannot be read.
        """
        read = [(path.relative_to(folder).as_posix(), read_bytes(path)) for path in sorted(set(paths))]
        return cls(folder.name, tuple(read))

    @cached_property
    def digest(self) -> str:
        """Return what tells contents apart."""
        whole = hashlib.sha256(self.name.encode())
        for name, data in self.files:
            whole.update(f"\0{name}\0{len(data)}\0".encode() + hashlib.sha256(data).digest())
        return whole.hexdigest()

    def put(self, folder: Path) -> None:
        """Write the files into a folder.

        Raises:
            ValueError: one would lie outside of it.
            OSError: one cannot be written.
        """
        for name, data in self.files:
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ValueError(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def unpacked(self) -> Path:
        """Return the folder of the files on this machine, written once in this process."""
        key = self.digest
        if key not in _unpacked:
            folder = _home() / key[:16] / self.name
            self.put(folder)
            _unpacked[key] = folder
        return _unpacked[key]


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder on this machine, which is removed with the block, or once its process has been killed."""
    with tempfile.TemporaryDirectory(dir=_home()) as folder:
        yield Path(folder)


@contextmanager
def as_file(name: str, data: bytes) -> Iterator[Path]:
    """Give the path of a file of this name on this machine while the block lasts."""
    with temporary_folder() as folder:
        path = folder / Path(name).name
        path.write_bytes(data)
        yield path


_unpacked: dict[str, Path] = {}
_own: list[tuple[Path, IO[bytes]]] = []  # this process's folder, and the lock that it holds


def _home() -> Path:
    if not _own:
        sweep()
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
        lock = (made / LOCK).open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = made.rename(made.with_name(made.name[1:]))  # others see it when it is locked
        _own.append((folder, lock))
        Finalize(None, forget, exitpriority=0)  # also of a child process, which atexit says nothing to
    return _own[0][0]


def forget() -> None:
    """Remove this process's folder, and what was unpacked there."""
    while _own:
        folder, lock = _own.pop()
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()
    _unpacked.clear()


def sweep(place: Path | None = None) -> None:
    """Remove the folders of this user's workers that have ended, where they are made or in another place."""
    for folder in (place or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with open_regular(folder / LOCK) as lock:  # none: its worker is about to make one
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
