"""Where what is made of a pool is kept: embeddings for another encoder, datastores, acoustic models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from smile.datatypes import EncoderId, PoolError
from smile.pools.pool import HEADER, Pool
from smile.util.storage import WorkFolder, work_folder

DELETED = "The pool {} was deleted; nothing more is made of it."


def cached(cache: Path, key: str, encoder: EncoderId) -> Path:
    """Return the folder of a pool made for an encoder."""
    name = "-".join(part for part in (encoder.model, encoder.weights, encoder.adapter) if part)
    return cache / name / key


def kept_beside(pool: Pool, kept: Path) -> Pool:
    """Return a pool, all that is made of which goes beside its place in the cache."""
    folder = kept.with_name(f"{kept.name}.tokens")
    return replace(pool, stores=folder, states=folder)


def make_folder(pool: Pool, folder: Path) -> None:
    """Make the folder that something made of a pool goes to, if it is not there.

    Raises:
        PoolError: the pool was deleted meanwhile; no folder of it is brought back.
    """
    _refuse_deleted(pool)
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _refuse_deleted(pool)
    except PoolError:
        with suppress(OSError):
            for path in missing:
                path.rmdir()
        raise


@contextmanager
def making(pool: Pool, path: Path) -> Iterator[WorkFolder]:
    """Give the work folder of a file that is made of a pool to this process alone.

    Raises:
        PoolError: another process is making it, or the pool was deleted, also while the block lasts.
    """
    make_folder(pool, path.parent)
    try:
        with work_folder(path, (), parents=False) as work:
            yield work
    except OSError:
        _refuse_deleted(pool)
        raise


def _refuse_deleted(pool: Pool) -> None:
    if not (pool.folder / HEADER).is_file():
        raise PoolError(DELETED.format(pool.folder))
