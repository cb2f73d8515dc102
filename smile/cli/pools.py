"""Pools that commands name: a folder, or the code of one that comes with SMILE."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.places import path_here
from smile.paths import CACHE, INSTALLED, POOLS

if TYPE_CHECKING:
    from smile.pools.pool import Pool
    from smile.whisper.model import Models

A_POOL = "a folder, or the code of a pool that comes with SMILE, such as gla"


def pool_folder(text: str) -> Path:
    """Return the folder of a pool that an option names: a path, or else one that comes with SMILE."""
    folder = path_here(text)
    if not folder.exists() and folder.name == text and (POOLS / text / "pool.json").is_file():
        return POOLS / text
    return folder


def open_for(models: Models, folder: Path) -> Pool:
    """Open a pool of the models' encoder.

    A package that was installed is not written to, so its pools' datastores go to the cache.

    Raises:
        PoolError: no pool, a damaged one, or one of another encoder.
    """
    from smile.pools.kept import cached, kept_beside
    from smile.pools.pool import open_pool

    encoder = models.smile.info.encoder
    pool = open_pool(folder, encoder)
    if not is_installed(folder):
        return pool
    cache = Path(os.environ.get("SMILE_CACHE") or CACHE / "pools")
    return kept_beside(pool, cached(cache, folder.name, encoder))


def is_installed(folder: Path) -> bool:
    """Return whether a pool is a part of an installed package, which is not written to."""
    return INSTALLED and folder.resolve().parent == POOLS
