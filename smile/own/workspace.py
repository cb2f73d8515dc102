"""A visitor's folder: the pool in all its versions, the recordings to transcribe and their transcripts."""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smile.datatypes import EncoderId, PoolError
from smile.own.lock import FolderLock
from smile.own.state import Correction, State, Version
from smile.pools.pool import Pool, open_pool
from smile.util.fields import from_json
from smile.util.storage import set_aside, write_text

LOG = logging.getLogger(__name__)
STATE, POOLS, RECORDINGS, TRANSCRIPTS = "state.json", "pools", "recordings", "transcripts.json"
JOBS = "jobs"  # long transcriptions of the tab *Transcribe*, see smile.own.jobs
LENT = "lent.txt"  # files elsewhere that belong to the visitor too
LOCK = ".lock"
WORK = ".work-"  # begins the name of a folder that lasts as long as a piece of work
LENT_KEPT = 3  # newest of such files
STORES_KEPT = 2  # newest versions that keep their datastores and heads
STATES = "states"  # layer states of recordings, for all versions
DAMAGED = "Your examples are damaged on the server; delete this language and import them again."
OTHER_MODEL = (
    "Your examples were made for another model than the one at work here now; take them with you, "
    "delete this language, and add them again."
)
GONE = "Your examples are no longer here: what has not been used for a while is deleted. Start again."


class Workspace:
    """The folder of one language of a visitor, for one thread of one process at a time.

    Args:
        folder: where it is.
        room: how many more bytes may be kept in it; raises PoolError where there are none.
        all_of_them: the folders that the same key opens, this one with them, whether they are there or not;
            their order is that of their numbers.
    """

    def __init__(
        self,
        folder: Path,
        room: Callable[[], int] = lambda: sys.maxsize,
        all_of_them: tuple[Path, ...] = (),
    ):
        self.folder, self.room = folder, room
        self.all_of_them = all_of_them or (folder,)
        self._lock = FolderLock(folder / LOCK)
        self._ended = False

    def end(self) -> None:
        """Take nothing more: the folder is deleted, and one that is made later may have its name."""
        self._ended = True

    def _refuse_ended(self) -> None:
        if self._ended:
            raise PoolError(GONE)

    @property
    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others from changing the folder meanwhile.

        Raises:
            PoolError: it has been deleted, or its lock is damaged.
        """
        try:
            self._lock.__enter__()
        except FileNotFoundError as error:
            raise PoolError(GONE) from error
        except PoolError as error:
            raise PoolError(DAMAGED) from error
        try:
            self._refuse_ended()
            yield
        finally:
            self._lock.__exit__()

    @contextmanager
    def work(self, adding: bool = True, makes: tuple[Path, ...] = ()) -> Iterator[Path]:
        """Give a folder in the folder for as long as a piece of work lasts, which may be `adding` something.

        What it `makes` in the folder beside that goes with it, where the folder is deleted meanwhile.

        Raises:
            PoolError: there is no room for more, or the folder has been deleted, also meanwhile.
        """
        self._refuse_ended()
        if adding:
            self.room()
        work = self.folder / f"{WORK}{secrets.token_hex(8)}"
        try:
            work.mkdir()
        except FileNotFoundError as error:
            raise PoolError(GONE) from error
        try:
            yield work
        except Exception as error:
            if self._ended or not (self.folder / STATE).is_file():
                raise PoolError(GONE) from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
            self._leave_nothing(makes)

    def _leave_nothing(self, makes: tuple[Path, ...]) -> None:
        """Take away what work may go on making in a folder that has been deleted, and empty folders."""
        if (self.folder / STATE).is_file():
            return
        for made in makes:
            shutil.rmtree(made, ignore_errors=True)
        if not any(path.is_file() for path in self.folder.rglob("*") if path.name != LOCK):
            shutil.rmtree(self.folder, ignore_errors=True)

    def state(self) -> State:
        """Return what has been done so far."""
        self._refuse_ended()
        path = self.folder / STATE
        if not path.is_file():
            raise PoolError(DAMAGED if os.path.lexists(path) else GONE)
        try:
            return from_json(State, path.read_bytes())
        except ValueError:
            return self._recovered(path)

    def _recovered(self, path: Path) -> State:
        """What the versions of the pool still tell, in place of a state that is damaged."""
        shutil.copyfile(path, path.with_name(f"{path.name}.damaged"))
        LOG.warning("%s was damaged and is made again from the pools.", path)
        pools = [pool for folder in sorted((self.folder / POOLS).glob("[0-9]*")) if (pool := _whole(folder))]
        versions = tuple(Version(pool.folder.name, "examples recovered") for pool in pools)
        made = int(versions[-1].folder) if versions else 0
        state = State(pools[-1].language if pools else None, versions, made=made)
        self.write(state)
        return state

    def write(self, state: State) -> None:
        """Remember a state."""
        write_json(self.folder / STATE, asdict(state))

    def touch(self) -> None:
        """Mark the folder, and all others of its key, as being used.

        Raises:
            PoolError: it has been deleted.
        """
        self._refuse_ended()
        try:
            os.utime(self.folder)
        except FileNotFoundError as error:
            raise PoolError(GONE) from error
        for other in self.all_of_them:
            with suppress(OSError):
                os.utime(other)

    def lend(self, path: Path) -> list[Path]:
        """Note a file elsewhere that is to be deleted with the folder; gives older ones, to delete now."""
        with self.lock:
            known = [*self.lent(), path]
            write_text(self.folder / LENT, "".join(f"{name}\n" for name in known[-LENT_KEPT:]))
            return known[:-LENT_KEPT]

    def lent(self) -> list[Path]:
        """Return the files elsewhere that belong to the visitor."""
        path = self.folder / LENT
        if not path.is_file():
            if os.path.lexists(path):
                set_aside(path)
            return []
        return [Path(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]

    def pool(self, encoder: EncoderId | None = None) -> Pool | None:
        """Return the pool as it is now, or its newest whole version; None while there are no examples.

        Raises:
            PoolError: the folder is gone, no version is whole, or the pool was made by another encoder.
        """
        versions = self.state().versions
        for version in reversed(versions):
            folder = self.folder / POOLS / version.folder
            try:
                return replace(open_pool(folder, encoder), states=self.folder / STATES)
            except PoolError as error:
                if _whole(folder):
                    raise PoolError(OTHER_MODEL) from error
                LOG.warning("%s is damaged; an older version serves in its place.", folder)
        if versions:
            raise PoolError(DAMAGED)
        return None

    @property
    def recordings(self) -> Path:
        """Return the folder of what is to be transcribed; it is made again where it is missing.

        Raises:
            PoolError: the visitor's folder is gone, or something else is in its place.
        """
        folder = self.folder / RECORDINGS
        try:
            folder.mkdir(exist_ok=True)
        except FileNotFoundError as error:
            raise PoolError(GONE) from error
        except FileExistsError as error:
            raise PoolError(DAMAGED) from error
        return folder

    @contextmanager
    def change(
        self, what: str, correction: Correction | None = None, adding: bool = True
    ) -> Iterator[Change]:
        """Make the next version of the pool in `change.out`; it counts once the block has ended well."""
        if adding:
            self.room()
        with self.lock:
            state = self.state()
            name = f"{state.made + 1:04d}"
            change = Change(self.folder / POOLS / name, what)
            change.out.parent.mkdir(exist_ok=True)
            shutil.rmtree(change.out, ignore_errors=True)  # of a process that was killed
            try:
                yield change
            except BaseException:
                shutil.rmtree(change.out, ignore_errors=True)
                raise
            version = Version(name, change.what, correction)
            self.write(replace(state, versions=(*state.versions, version), made=state.made + 1))
            self._prune()

    def undo(self) -> Version:
        """Go back to the version before the last change, and its language; gives what was taken back.

        Raises:
            PoolError: there is nothing to take back.
        """
        with self.lock:
            state = self.state()
            if not state.versions:
                raise PoolError("There is nothing to take back.")
            *before, last = state.versions
            pool = _whole(self.folder / POOLS / before[-1].folder) if before else None
            language = pool.language if pool else state.language
            self.write(replace(state, versions=tuple(before), language=language))
            shutil.rmtree(self.folder / POOLS / last.folder, ignore_errors=True)
            return last

    def _prune(self) -> None:
        """Token datastores are large and can be made again: only the newest versions keep theirs."""
        for version in self.state().versions[:-STORES_KEPT]:
            for kind in ("tokens-*.npz", "acoustic-*.npz", "confidence-*.npz"):
                for store in (self.folder / POOLS / version.folder).glob(kind):
                    store.unlink()


@dataclass
class Change:
    """A version in the making: the folder that it goes to, and what made it, which may yet be said better."""

    out: Path
    what: str


def write_json(path: Path, value: Any) -> None:
    """Write a file that is whole as soon as it has its name."""
    try:
        write_text(path, json.dumps(value, ensure_ascii=False) + "\n")
    except FileNotFoundError as error:
        raise PoolError(GONE) from error
    except OSError as error:
        raise PoolError(f"Your examples cannot be stored ({error.strerror}).") from error


def _whole(folder: Path) -> Pool | None:
    try:
        return open_pool(folder)
    except PoolError:
        return None
