"""The folders of all visitors, one for each language of theirs.

Who knows the key has the folders; their names do not give it away. What is not used for a set time is
deleted, and nothing is that was not made here. Whoever uses one language of a key uses all.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO

from smile.datatypes import PoolError
from smile.own import jobs
from smile.own.addresses import MOST_LANGUAGES, Address, Given, address
from smile.own.changes import UNFINISHED
from smile.own.folders import PASSING, alone, damaged, empty, made_here, tidied
from smile.own.held import Claims
from smile.own.quota import MANY, FullError, Quota, used
from smile.own.state import State
from smile.own.workspace import GONE, LOCK, POOLS, RECORDINGS, STATE, WORK, Workspace
from smile.util.opening import open_lock

CLAIM = ".smile-visitors"  # the file that servers at work hold
KEEP_HOURS = 24.0  # that a folder is kept which nobody uses
IDLE_SECONDS = 900.0  # without use after which an empty folder makes way for another visitor's
FULL = f"You have {MOST_LANGUAGES} languages here, as many as one key opens; delete one first."
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
        self.forget, self.claims = forget, Claims()
        self._open: dict[str, Workspace] = {}
        self._sizes: dict[str, int] = {}
        self._given = Given()
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
            if alone(self._claimed):
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
            if entry.name != CLAIM and not (made_here(entry) or PASSING.fullmatch(entry.name)):
                raise PoolError(
                    f'{self.root} holds "{entry.name}", which is no visitor\'s folder made by SMILE; '
                    "name an empty folder with --visitors."
                )

    def _tidy(self) -> None:
        for entry in self.root.iterdir():
            if PASSING.fullmatch(entry.name):
                shutil.rmtree(entry, ignore_errors=True)
            elif made_here(entry):
                for work in (*entry.glob(f"{WORK}*"), *(entry / POOLS).glob(UNFINISHED)):
                    shutil.rmtree(work, ignore_errors=True)
                if not (entry / STATE).is_file():
                    shutil.rmtree(entry, ignore_errors=True)

    def new(self) -> str:
        """Make an empty folder for a visitor's first language and return its address, which is their key.

        Raises:
            PoolError: there are as many as there may be, or no room is left.
        """
        self._admit()
        first = Address(secrets.token_urlsafe(24), 1)
        self._make(first)
        return str(first)

    def another(self, asked: object) -> str:
        """Make an empty folder for one more language under the key of an address; return its own address.

        The number of one that was deleted is not used again as long as there are others.

        Raises:
            PoolError: nothing is there under this key, it opens as many as it may, or no room is left.
        """
        known = [one for one in map(address, self.languages(asked)) if one]
        if not known:
            raise PoolError(GONE)
        self._admit()
        new = str(self._beside(known))
        if self.languages(new) == [new]:  # another window has deleted everything meanwhile
            self.delete(new)
            raise PoolError(GONE)
        return new

    def _beside(self, known: Sequence[Address]) -> Address:
        with self._lock:
            free = self._given.in_turn(known)
        for one in free:
            with suppress(OSError):  # another window has made it just now
                self._make(one)
                with self._lock:
                    self._given.note(one)
                return one
        raise FullError(FULL)

    def _make(self, new: Address) -> None:
        folder, passing = self.root / new.folder, self.root / f".new-{secrets.token_hex(16)}"
        passing.mkdir(parents=True, mode=0o700)
        (passing / RECORDINGS).mkdir()
        Workspace(passing).write(State())
        try:
            os.rename(passing, folder)
        except OSError:
            shutil.rmtree(passing, ignore_errors=True)
            raise

    def _admit(self) -> None:
        """Make sure that one more visitor may come."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.quota.room(0, self._everybodys(), self.root)
        folders = list(self._folders())
        if len(folders) >= self.quota.visitors:
            last = time.time() - IDLE_SECONDS
            if not any(self._swept(folder, last) for folder in folders if empty(folder)):
                raise FullError(MANY)

    def open(self, asked: object) -> Workspace:
        """Return the folder of an address, which is thereby used, and with it all others of its key.

        Raises:
            PoolError: it has been deleted, or there never was one.
        """
        here = address(asked)
        if here is None or not self._is_there(here):
            raise PoolError(GONE)
        workspace = self._at(here)
        workspace.touch()
        return workspace

    def has(self, asked: object) -> bool:
        """Return whether there is a folder of this address."""
        here = address(asked)
        return here is not None and self._is_there(here)

    def languages(self, asked: object) -> list[str]:
        """Return the addresses of all languages of a key, in their order; `asked` is one that it opens."""
        here = address(asked)
        return [str(one) for one in here.all if self._is_there(one)] if here else []

    def delete(self, asked: object) -> None:
        """Delete one language of a visitor; one that is damaged, too."""
        here = address(asked)
        if here and self._folder(here).is_dir():
            self._remove(self._folder(here))

    def delete_all(self, asked: object) -> int:
        """Delete everything of one visitor, all languages of the key; return how many these were."""
        here, count = address(asked), 0
        for _ in range(MOST_LANGUAGES):  # what another window begins meanwhile goes, too
            there = [one for one in here.all if self._folder(one).is_dir()] if here else []
            count += sum(map(self._is_there, there))
            for one in there:
                self.delete(str(one))
        return count

    def _folder(self, one: Address) -> Path:
        return self.root / one.folder

    def _is_there(self, one: Address) -> bool:
        return os.path.lexists(self._folder(one) / STATE)

    def sweep(self, now: float | None = None) -> int:
        """Delete folders and jobs not used for the set time, and temporary files; return how many folders."""
        last = (time.time() if now is None else now) - 3600 * self.hours
        folders = list(self._folders())
        for folder in folders:
            tidied(folder)
            jobs.sweep(folder, last)
        sizes = {folder: used(folder) for folder in folders}
        with self._lock:
            self._sizes = _there(sizes)
        return sum(self._swept(folder, last) for folder in folders)

    def _folders(self) -> Iterator[Path]:
        """The visitors' folders, and nothing else that lies beside them."""
        return (entry for entry in self.root.glob("*") if made_here(entry))

    def _swept(self, folder: Path, last: float) -> bool:
        with suppress(OSError, PoolError):  # its owner deletes it just now
            if folder.stat().st_mtime < last:
                self._remove(folder)
                return True
        return False

    def _remove(self, folder: Path) -> None:
        with self._lock:
            workspace = self._open.get(folder.name) or Workspace(folder)
        gone = self.root / f".gone-{secrets.token_hex(16)}"
        try:
            with ExitStack() as held:
                if not damaged(folder / LOCK):
                    held.enter_context(workspace.lock)
                self.forget(workspace.lent())
                self._take_away(folder, gone, workspace)
        except (FileNotFoundError, PoolError):
            if folder.is_dir():
                raise
            return  # another window, or another process, has deleted it
        shutil.rmtree(gone, ignore_errors=True)

    def _take_away(self, folder: Path, gone: Path, workspace: Workspace) -> None:
        """Move a folder away; whoever has it open is told, before another one can be made in its place."""
        with self._lock:
            os.rename(folder, gone)
            self._sizes.pop(folder.name, None)
            for one in (workspace, self._open.pop(folder.name, workspace)):
                one.end()

    def _room(self, mine: Sequence[Path]) -> int:
        """How many more bytes a visitor may keep in the folders of all their languages."""
        sizes = {folder: used(folder) for folder in mine if folder.is_dir()}
        with self._lock:
            self._sizes.update(_there(sizes))
        return self.quota.room(sum(sizes.values()), self._everybodys(), self.root)

    def _everybodys(self) -> int:
        with self._lock:
            return sum(self._sizes.values())

    def _at(self, here: Address) -> Workspace:
        """The folder of an address; of its key nothing stays in memory but the names of its folders."""
        mine = tuple(self.root / one.folder for one in here.all)
        folder = self.root / here.folder
        with self._lock:
            return self._open.setdefault(folder.name, Workspace(folder, partial(self._room, mine), mine))


def _there(sizes: Mapping[Path, int]) -> dict[str, int]:
    """Sizes by the names of their folders, but of what was deleted while it was measured."""
    return {folder.name: size for folder, size in sizes.items() if folder.is_dir()}
