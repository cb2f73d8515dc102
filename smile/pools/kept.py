"""Where what is made of a pool is kept: embeddings for another encoder, datastores, acoustic models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smile.datatypes import EncoderId
from smile.pools.pool import Pool


def cached(cache: Path, key: str, encoder: EncoderId) -> Path:
    """Return the folder of a pool made for an encoder."""
    name = "-".join(part for part in (encoder.model, encoder.weights, encoder.adapter) if part)
    return cache / name / key


def kept_beside(pool: Pool, kept: Path) -> Pool:
    """Return a pool, all that is made of which goes beside its place in the cache."""
    folder = kept.with_name(f"{kept.name}.tokens")
    return replace(pool, stores=folder, states=folder)
