"""A pool as it travels to workers: as it is on one machine, with its files to machines without this disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from smile.pools.fetched import PoolAt
from smile.pools.pool import QUERIES, Pool, open_pool
from smile.util.workers.carried import Parcel

NOT_TAKEN = (QUERIES,)  # nobody transcribes by them


@dataclass(frozen=True, eq=False)
class CarriedPool:
    """A pool's table, recordings, embeddings, and what has been made of it: datastores and heads."""

    files: Parcel
    made: Parcel | None  # where it is kept elsewhere
    added: tuple[str, ...]
    at: PoolAt | None = None  # where workers fetch the other files themselves

    @classmethod
    def of(cls, pool: Pool, at: PoolAt | None = None) -> CarriedPool:
        """Take a pool's files, of one that was fetched those that have been made or changed since.

        Raises:
            OSError: one cannot be read.
        """
        audio = [utterance.audio for utterance in pool.utterances]
        there = at.unchanged(pool.folder) if at else set()
        files = Parcel.of(pool.folder, {*_plain(pool.folder), *audio} - there)
        stores = pool.stores
        made = Parcel.of(stores, _plain(stores)) if stores and stores.is_dir() else None
        return cls(files, made, pool.added, at)

    def opened(self) -> Pool:
        """Return the pool on this machine, where its files are written once in a process.

        Raises:
            SmileError: one that lies at a URL cannot be fetched.
        """
        folder = self.files.unpacked()
        if self.at:
            self.at.complete(folder)
        pool = open_pool(folder)
        return replace(pool, stores=self.made.unpacked() if self.made else None, added=self.added)


def whole(folder: Path) -> Parcel:
    """Return a pool's folder with all that was made of it and of parts of it, but for layer states.

    Its recordings may lie in a folder that is a link, and have any names.

    Raises:
        PoolError: it is no pool, or damaged.
        OSError: a file cannot be read.
    """
    audio = [utterance.audio for utterance in open_pool(folder).utterances]
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_TAKEN)
    made = [path for path in files if not any(map(_left, path.relative_to(folder).parts))]
    return Parcel.of(folder, {*audio, *made})


def _left(part: str) -> bool:
    """Whether what lies under a name stays here: temporary files, work folders, layer states."""
    return part[0] == "." or part.endswith(".part") or part.startswith("layers-")


def _plain(folder: Path) -> list[Path]:
    """The files of a folder itself, but for hidden ones."""
    return [p for p in folder.iterdir() if p.is_file() and p.name[0] != "." and p.name not in NOT_TAKEN]
