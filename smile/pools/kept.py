"""Where what is made of a pool is kept: embeddings for another encoder, token datastores."""

from __future__ import annotations

from pathlib import Path

from smile.datatypes import EncoderId


def cached(cache: Path, key: str, encoder: EncoderId) -> Path:
    """Return the folder of a pool made for an encoder."""
    name = "-".join(part for part in (encoder.model, encoder.weights, encoder.adapter) if part)
    return cache / name / key


def stores(kept: Path) -> Path:
    """Return where the token datastore of a pool goes, beside its place in the cache."""
    return kept.with_name(f"{kept.name}.tokens")
