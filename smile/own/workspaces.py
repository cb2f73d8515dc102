"""The folders of all visitors.

Who knows the key has the folder; its name does not give the key away. What is not used for a set time is
deleted, and nothing is that was not made here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO

from smile.datatypes import PoolError
from smile.own import jobs
from smile.own.changes import UNFINISHED
from smile.own.quota import MANY, FullError, Quota, used
from smile.own.workspace import GONE, JOBS, LOCK, POOLS, RECORDINGS, STATE, WORK, State, Workspace
from smile.util import leftovers
from smile.util.opening import open_lock

KEY = re.compile(r"[A-Za-z0-9_-]{32}")
OWN = re.compile(r"[0-9a-f]{32}")  # the name of a visitor's folder
PASSING = re.compile(r"\.(?:new|gone)-[0-9a-f]{32}")  # of one that is being made or deleted
CLAIM = ".smile-visitors"  # the file that servers at work hold
KEEP_HOURS = 24.0  # that a folder is kept which nobody uses
IDLE_SECONDS = 900.0  # without use after which an empty folder makes way for another visitor's
Forget = Callable[[Iterable[Path]], None]


class Workspaces:
    """The folders of all visitors.

    Args:
        root: the folder that they lie in; served to nobody.
        hours: how long one is kept that nobody uses.
        quota: how much may be kept.
        forget: deletes files elsewhere that belong to a visitor who is being deleted.
    """

    def __init__(
        self,
        root: Path,
        hours: float,
        quota: Quota = Quota(),  # noqa: B008, frozen
        forget: Forget = lambda paths: None,
    ):
        self.root, self.hours, self.quota = root, hours, quota
        self.forget = forget
        self._open: dict[str, Workspace] = {}
        self._sizes: dict[str, int] = {}
        self._lock = Lock()
        self._claimed: IO[str] | None = None

    def claim(self) -> None:
        """Take the root for this server; remove what a killed one left half done, unless others are at work.

        Raises:
            PoolError: the root holds something that was not made here, or cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._refuse_foreign()
            self._claimed = open_lock(self.root / CLAIM)
            if _alone(self._claimed):
                self._tidy()
            fcntl.flock(self._claimed, fcntl.LOCK_SH)
        except OSError as error:
            raise PoolError(
                f"{self.root} cannot be used for visitors' examples ({error.strerror}); "
                "name another folder with --visitors."
            ) from error

    def close(self) -> None:
        """Give the root back."""
        if self._claimed:
            self._claimed.close()

    def _refuse_foreign(self) -> None:
        for entry in self.root.iterdir():
            if entry.name != CLAIM and not (_made_here(entry) or PASSING.fullmatch(entry.name)):
                raise PoolError(
                    f'{self.root} holds "{entry.name}", which is no visitor\'s folder made by SMILE; '
                    "name an empty folder with --visitors."
                )

    def _tidy(self) -> None:
        for entry in self.root.iterdir():
            if PASSING.fullmatch(entry.name):
                shutil.rmtree(entry, ignore_errors=True)
            elif _made_here(entry):
                for work in (*entry.glob(f"{WORK}*"), *(entry / POOLS).glob(UNFINISHED)):
                    shutil.rmtree(work, ignore_errors=True)
                if not (entry / STATE).is_file():
                    shutil.rmtree(entry, ignore_errors=True)

    def new(self) -> str:
        """Make an empty folder and return its key.

        Raises:
            PoolError: there are as many as there may be, or no room is left.
        """
        self._admit()
        key = secrets.token_urlsafe(24)
        folder, passing = self._folder(key), self.root / f".new-{secrets.token_hex(16)}"
        passing.mkdir(parents=True, mode=0o700)
        (passing / RECORDINGS).mkdir()
        Workspace(passing).write(State())
        os.rename(passing, folder)
        return key

    def _admit(self) -> None:
        """Make sure that one more visitor may come."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.quota.room(0, self._everybodys(), self.root)
        folders = list(self._folders())
        if len(folders) >= self.quota.visitors:
            last = time.time() - IDLE_SECONDS
            if not any(self._swept(folder, last) for folder in folders if _empty(folder)):
                raise FullError(MANY)

    def open(self, key: str | None) -> Workspace:
        """Return the folder of a key, which is thereby used.

        Raises:
            PoolError: it has been deleted, or there never was one.
        """
        folder = self._folder(key or "")
        if not (folder / STATE).is_file():
            raise PoolError(GONE)
        workspace = self._at(folder)
        workspace.touch()
        return workspace

    def has(self, key: str | None) -> bool:
        """Return whether there is a folder of this key."""
        return _is_key(key) and (self._folder(str(key)) / STATE).is_file()

    def delete(self, key: str | None) -> None:
        """Delete everything of one visitor."""
        if self.has(key):
            self._remove(self._folder(str(key)))

    def sweep(self, now: float | None = None) -> int:
        """Delete folders and jobs not used for the set time, and temporary files; return how many folders."""
        last = (time.time() if now is None else now) - 3600 * self.hours
        folders = list(self._folders())
        for folder in folders:
            _tidied(folder)
            jobs.sweep(folder, last)
        sizes = {folder.name: used(folder) for folder in folders}
        with self._lock:
            self._sizes = sizes
        return sum(self._swept(folder, last) for folder in folders)

    def _folders(self) -> Iterator[Path]:
        """The visitors' folders, and nothing else that lies beside them."""
        return (entry for entry in self.root.glob("*") if _made_here(entry))

    def _swept(self, folder: Path, last: float) -> bool:
        with suppress(OSError, PoolError):  # its owner deletes it just now
            if folder.stat().st_mtime < last:
                self._remove(folder)
                return True
        return False

    def _remove(self, folder: Path) -> None:
        workspace, gone = self._at(folder), self.root / f".gone-{secrets.token_hex(16)}"
        with ExitStack() as held, suppress(FileNotFoundError):  # another process has deleted it
            if not _damaged(folder / LOCK):
                held.enter_context(workspace.lock)
            self.forget(workspace.lent())
            os.rename(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
        with self._lock:
            self._open.pop(folder.name, None)
            self._sizes.pop(folder.name, None)

    def _room(self, folder: Path) -> int:
        mine = used(folder)
        with self._lock:
            self._sizes[folder.name] = mine
        return self.quota.room(mine, self._everybodys(), self.root)

    def _everybodys(self) -> int:
        with self._lock:
            return sum(self._sizes.values())

    def _folder(self, key: str) -> Path:
        if not _is_key(key):
            raise PoolError(GONE)
        return self.root / hashlib.sha256(key.encode()).hexdigest()[:32]

    def _at(self, folder: Path) -> Workspace:
        with self._lock:
            return self._open.setdefault(folder.name, Workspace(folder, partial(self._room, folder)))


def _is_key(key: object) -> bool:
    """Whether what a page sends as its key may be one."""
    return isinstance(key, str) and bool(KEY.fullmatch(key))


def _made_here(entry: Path) -> bool:
    """Whether an entry of the root is a visitor's folder: by its name, and by the state in it.

    One that is empty, or has nothing but folders of ours, was left by work that outlived its visitor.
    """
    if not OWN.fullmatch(entry.name) or entry.is_symlink() or not entry.is_dir():
        return False
    try:
        names = os.listdir(entry)
    except OSError:
        return False  # its owner deletes it just now
    ours = all(name in (LOCK, POOLS, RECORDINGS, JOBS) or name.startswith(WORK) for name in names)
    return ours or (entry / STATE).is_file()


def _tidied(folder: Path) -> None:
    """Remove temporary files that were left over, which is no use of the folder."""
    with suppress(OSError):  # its owner deletes it just now
        used_at = folder.stat().st_mtime_ns
        if leftovers.sweep(folder):
            os.utime(folder, ns=(used_at, used_at))


def _damaged(lock: Path) -> bool:
    """Whether there is something in the place of a lock that nobody can lock."""
    return os.path.lexists(lock) and (lock.is_symlink() or not lock.is_file())


def _empty(folder: Path) -> bool:
    """Whether a visitor has brought nothing yet."""
    return not any(entry for name in (POOLS, RECORDINGS, JOBS) for entry in (folder / name).glob("*"))


def _alone(claim: IO[str]) -> bool:
    """Whether no other server is at work in the root."""
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
