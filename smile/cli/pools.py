"""Pools that commands name: a folder, or the code of one that comes with SMILE."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.places import path_here, path_or_url
from smile.datatypes import PoolError
from smile.paths import CACHE, INSTALLED, POOLS
from smile.util.urls import Url, is_url

if TYPE_CHECKING:
    from smile.pools.fetched import PoolAt
    from smile.pools.pool import Pool
    from smile.whisper.model import Models

A_POOL = "a folder, or the code of a pool that comes with SMILE, such as gla"


def pool_folder(text: str) -> Path:
    """Return the folder of a pool that an option names: a path, or else one that comes with SMILE."""
    folder = path_here(text)
    if not folder.exists() and folder.name == text and (POOLS / text / "pool.json").is_file():
        return POOLS / text
    return folder


def pool_or_url(text: str) -> Path | Url:
    """Return the place of a pool that an option names: a folder as `pool_folder` does, or a URL."""
    return path_or_url(text) if is_url(text) else pool_folder(text)


def fetched(place: Path | Url) -> tuple[Path, PoolAt | None]:
    """Return the folder of a pool, which is fetched to the cache where it is at a URL, and what lies there.

    Raises:
        SmileError: it cannot be fetched, or there is no pool.
    """
    from smile.pools.fetched import PoolAt

    if isinstance(place, Path):
        return place, None
    at = PoolAt.at(place)
    try:
        return at.kept_in(_cache() / "fetched"), at
    except OSError as error:
        raise PoolError(
            f"{_cache()} cannot be written ({error.strerror}); name another: SMILE_CACHE."
        ) from error


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
    return kept_beside(pool, cached(_cache(), folder.name, encoder))


def _cache() -> Path:
    return Path(os.environ.get("SMILE_CACHE") or CACHE / "pools")


def is_installed(folder: Path) -> bool:
    """Return whether a pool is a part of an installed package, which is not written to."""
    return INSTALLED and folder.resolve().parent == POOLS
