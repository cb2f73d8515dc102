"""Pools of benchmarks: those that are given, or those of a training split, made for the time being."""

from __future__ import annotations

from pathlib import Path

from smile.pools.indexing import index
from smile.pools.pool import Pool, open_pool
from smile.whisper.model import Models

TRAIN = "10min_train"  # of ML-SUPERB


def pool_of(data: Path, models: Models, language: str, work: Path, given: Path | None = None) -> Pool:
    """Return a language's pool: of the `given` folder, by its code, or made of a corpus in a work folder.

    Raises:
        PoolError: there is none, or none of this encoder.
    """
    if given is not None:
        return open_pool(given / language, models.smile.info.encoder)
    return index(data, work / language, models, split=TRAIN, code=language).pool
