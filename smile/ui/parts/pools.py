"""The pools and their recordings, as choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gradio as gr

from smile.ui.engine import Engine
from smile.ui.sources import PoolChoice


def pool_label(pool: PoolChoice) -> str:
    """Return a pool in one line: language, code, whether synthetic, number of examples, corpus."""
    parts = [
        f"{pool.language.name or pool.language.code} ({pool.language.code})",
        "synthetic voice" if pool.synthetic else "",
        f"{pool.examples} examples",
        pool.source,
    ]
    return " · ".join(filter(None, parts))


def pool_choices(pools: Iterable[PoolChoice]) -> list[tuple[str, str]]:
    """Return (label, key) of every pool, by name of language."""
    return sorted((pool_label(pool), pool.key) for pool in pools)


def default_pool(engine: Engine) -> str | None:
    """Return the pool to begin with: the first that comes with the app, since it needs no indexing."""
    return next((pool.key for pool in engine.pools()), None)


def example_choices(engine: Engine, pool: str | None) -> dict[str, Any]:
    """Return the recordings that a pool offers for trying, as the properties of a radio group."""
    queries = engine.queries(pool)
    choice = engine.choice(pool)
    return {
        "choices": [(utterance.text, utterance.id) for utterance in queries],
        "label": f"Try a recording{' (synthetic voice)' if choice and choice.synthetic else ''}",
        "visible": bool(queries),
    }


def show_examples(engine: Engine, pool: str | None) -> Any:
    """Return the recordings to try of another pool, none of them chosen."""
    return gr.update(**example_choices(engine, pool), value=None)
