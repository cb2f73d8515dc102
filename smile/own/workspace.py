"""A visitor's folder: the pool in all its versions, the recordings to transcribe and their transcripts.

Who knows the key has the folder; its name does not give the key away. What is not used for a set time is
deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock, RLock
from typing import Any
from uuid import uuid4

from smile.characters import Mode
from smile.datatypes import EncoderId, Language, PoolError
from smile.pool import Pool, open_pool
from smile.workfolder import write_text

STATE, POOLS, RECORDINGS, TRANSCRIPTS = "state.json", "pools", "recordings", "transcripts.json"
LENT = "lent.txt"  # files elsewhere that belong to the visitor too
KEY = re.compile(r"[A-Za-z0-9_-]{32}")
KEEP_HOURS = 24.0  # that a folder is kept which nobody uses
STORES_KEPT = 2  # newest versions that keep their token datastores
GONE = "Your examples are no longer here: what has not been used for a while is deleted. Start again."


@dataclass(frozen=True)
class Correction:
    """A transcript that a person has corrected, and what it was before."""

    recording: str
    part: int  # of the recording's lines
    text: str  # as the person wrote it
    smile: str
    vanilla: str
    examples: int  # that the pool had when it was transcribed


@dataclass(frozen=True)
class Version:
    """A state of the pool: its folder, what made it, and the correction that did, if one did."""

    folder: str
    what: str  # for a person, such as "12 examples added"
    correction: Correction | None = None


@dataclass(frozen=True)
class State:
    """What a visitor has done."""

    language: Language | None = None
    versions: tuple[Version, ...] = ()
    characters: Mode = "off"  # see smile.transcription.Settings
    made: int = 0  # versions ever, so that no folder gets a name again

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """All that still hold, in the order in which they were made."""
        return tuple(v.correction for v in self.versions if v.correction)


@dataclass(eq=False)
class Workspace:
    """One visitor's folder, for one thread at a time."""

    folder: Path
    lock: RLock = field(default_factory=RLock)

    def state(self) -> State:
        """What has been done so far."""
        path = self.folder / STATE
        if not path.is_file():
            raise PoolError(GONE)
        return _state(json.loads(path.read_text(encoding="utf-8")))

    def write(self, state: State) -> None:
        """Remember a state."""
        write_json(self.folder / STATE, asdict(state))

    def touch(self) -> None:
        """It is being used.

        Raises:
            PoolError: it has been deleted.
        """
        try:
            os.utime(self.folder)
        except FileNotFoundError as error:
            raise PoolError(GONE) from error

    def lent(self, path: Path) -> None:
        """A file elsewhere that is to be deleted with the folder."""
        with self.lock, (self.folder / LENT).open("a", encoding="utf-8") as file:
            file.write(f"{path}\n")

    def pool(self, encoder: EncoderId | None = None) -> Pool | None:
        """The pool as it is now; None while there are no examples.

        Raises:
            PoolError: the folder is gone, or the pool was made by another encoder.
        """
        versions = self.state().versions
        return open_pool(self.folder / POOLS / versions[-1].folder, encoder) if versions else None

    @property
    def recordings(self) -> Path:
        """The folder of what is to be transcribed."""
        return self.folder / RECORDINGS

    @contextmanager
    def change(self, what: str, correction: Correction | None = None) -> Iterator[Change]:
        """Make the next version of the pool in `change.out`; it counts once the block has ended well."""
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
            pool = open_pool(self.folder / POOLS / before[-1].folder) if before else None
            language = pool.language if pool else state.language
            self.write(replace(state, versions=tuple(before), language=language))
            shutil.rmtree(self.folder / POOLS / last.folder, ignore_errors=True)
            return last

    def _prune(self) -> None:
        """Token datastores are large and can be made again: only the newest versions keep theirs."""
        for version in self.state().versions[:-STORES_KEPT]:
            for store in (self.folder / POOLS / version.folder).glob("tokens-*.npz"):
                store.unlink()


@dataclass
class Change:
    """A version in the making: the folder that it goes to, and what made it, which may yet be said better."""

    out: Path
    what: str


class Workspaces:
    """The folders of all visitors.

    Args:
        root: the folder that they lie in; served to nobody.
        hours: how long one is kept that nobody uses.
    """

    def __init__(self, root: Path, hours: float):
        self.root, self.hours = root, hours
        self._open: dict[str, Workspace] = {}
        self._lock = Lock()

    def new(self) -> str:
        """Make an empty one; gives its key."""
        key = secrets.token_urlsafe(24)
        folder = self._folder(key)
        folder.mkdir(parents=True, mode=0o700)
        workspace = self._at(folder)
        workspace.recordings.mkdir()
        workspace.write(State())
        return key

    def open(self, key: str | None) -> Workspace:
        """The folder of a key, which is thereby used.

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
        """Whether there is one of this key."""
        return bool(KEY.fullmatch(key or "")) and (self._folder(str(key)) / STATE).is_file()

    def delete(self, key: str | None) -> None:
        """Delete everything of one visitor."""
        if self.has(key):
            self._remove(self._folder(str(key)))

    def sweep(self, now: float | None = None) -> int:
        """Delete what has not been used for the set time; gives how many."""
        last = (time.time() if now is None else now) - 3600 * self.hours
        return sum(self._swept(folder, last) for folder in self.root.glob("*"))

    def _swept(self, folder: Path, last: float) -> bool:
        with suppress(OSError):  # its owner deletes it just now
            if folder.is_dir() and folder.stat().st_mtime < last:
                self._remove(folder)
                return True
        return False

    def _remove(self, folder: Path) -> None:
        with self._at(folder).lock:
            gone = folder.with_name(f".{uuid4().hex}")
            os.rename(folder, gone)
            lent = gone / LENT
            for path in lent.read_text(encoding="utf-8").splitlines() if lent.is_file() else ():
                Path(path).unlink(missing_ok=True)
            shutil.rmtree(gone, ignore_errors=True)
        with self._lock:
            self._open.pop(folder.name, None)

    def _folder(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise PoolError(GONE)
        return self.root / hashlib.sha256(key.encode()).hexdigest()[:32]

    def _at(self, folder: Path) -> Workspace:
        with self._lock:
            return self._open.setdefault(folder.name, Workspace(folder))


def write_json(path: Path, value: Any) -> None:
    """Write a file that is whole as soon as it has its name."""
    try:
        write_text(path, json.dumps(value, ensure_ascii=False) + "\n")
    except FileNotFoundError as error:
        raise PoolError(GONE) from error
    except OSError as error:
        raise PoolError(f"Your examples cannot be stored ({error.strerror}).") from error


def _state(fields: dict[str, Any]) -> State:
    language = fields["language"]
    versions = tuple(
        Version(v["folder"], v["what"], Correction(**v["correction"]) if v["correction"] else None)
        for v in fields["versions"]
    )
    known = Language(**language) if language else None
    return State(known, versions, fields["characters"], fields["made"])
