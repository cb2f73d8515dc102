"""A pool at a URL: listed by the command, and fetched by it and by each worker that does not see its disk."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from smile.datatypes import PoolError
from smile.util.objects import RemoteObject, fetch_all, listed
from smile.util.storage import sync, work_folder
from smile.util.urls import Url

HEADER = "pool.json"
MOST = 100_000_000_000  # bytes of a file
FETCHED = 1_000_000_000  # ns of the epoch: when files as they were fetched say that they were changed


@dataclass(frozen=True)
class PoolAt:
    """The files of a pool at a URL, as they were listed.

    Attributes:
        name: of its folder.
        files: the path of each in it, and where it is.
    """

    name: str
    files: tuple[tuple[str, RemoteObject], ...]

    @classmethod
    def at(cls, url: Url) -> PoolAt:
        """List a pool's files; hidden ones are passed over.

        Raises:
            SmileError: it cannot be read.
            PoolError: there is no pool, or a name leads out of it.
        """
        name, below = url.path.rpartition("/")[2], len(url.path) + 1
        named = sorted((one.url.path[below:], one) for one in listed(url))
        files = tuple(pair for pair in named if not _hidden(pair[0]))
        if wrong := [path for path in (name, *(path for path, _ in files)) if not _inside(path)]:
            raise PoolError(f"{url} has a file whose name leads out of the pool: {wrong[0]!a}; remove it.")
        if HEADER not in dict(files):
            raise PoolError(f"There is no pool at {url}; name the folder that has a {HEADER}.")
        return cls(name, files)

    @property
    def key(self) -> str:
        """Return 64 hex digits that tell it from other pools and from its own other versions."""
        told = "\n".join(f"{path}\0{one.key}" for path, one in self.files)
        return hashlib.sha256(f"{self.name}\n{told}".encode(errors="surrogatepass")).hexdigest()

    def complete(self, folder: Path) -> None:
        """Fetch what a folder lacks of it.

        Raises:
            SmileError: a file cannot be fetched, or has changed since it was listed.
            OSError: the folder cannot be written.
        """
        missing = [(one, folder / path) for path, one in self.files if not (folder / path).exists()]
        for path in {folder, *(path.parent for _, path in missing)}:
            path.mkdir(parents=True, exist_ok=True)
        with closing(fetch_all(missing, MOST)) as fetched:
            for path in fetched:
                sync(path)
                os.utime(path, ns=(FETCHED, FETCHED))

    def kept_in(self, cache: Path) -> Path:
        """Return its folder in a cache, where it is fetched once; what was interrupted goes on.

        Raises:
            SmileError: as `complete`, or another process is fetching it.
            OSError: the cache cannot be written.
        """
        folder = cache / self.key[:16] / self.name
        if folder.exists():
            return folder
        with work_folder(folder, ()) as work:
            if not folder.exists():
                for path in {work.new / path for path, _ in self.files} - self.unchanged(work.new):
                    path.unlink(missing_ok=True)  # what a process that was killed left
                self.complete(work.new)
                work.publish()
        return folder

    def unchanged(self, folder: Path) -> set[Path]:
        """Return those of its files in a folder that are as they were fetched."""
        paths = (folder / path for path, _ in self.files)
        return {path for path in paths if path.exists() and path.stat().st_mtime_ns == FETCHED}


def _hidden(path: str) -> bool:
    """Whether a path is hidden, or one of a folder only."""
    return path.endswith("/") or any(p.startswith(".") and p not in (".", "..") for p in path.split("/"))


def _inside(path: str) -> bool:
    return not any(part in ("", ".", "..") or "\0" in part for part in path.split("/"))
