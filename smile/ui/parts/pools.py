"""The pools and their recordings, as choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gradio as gr

from smile.datatypes import Utterance
from smile.demo.measured import Sample, samples
from smile.ui.engine import Engine
from smile.ui.sources import PoolChoice

RATED = "Character error rate: Whisper alone \u2192 with examples."


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


def shown_first(engine: Engine) -> Sample | None:
    """Return the measured sample to begin with: of the pools on offer the one with the fewest errors."""
    own = (pool.key for pool in engine.pools() if not pool.source)
    return samples().best({(key, utterance.id) for key in own for utterance in engine.queries(key)})


def default_pool(engine: Engine) -> str | None:
    """Return the pool to begin with: that of the first sample, else the first that comes with the app."""
    sample = shown_first(engine)
    return sample.pool if sample else next((pool.key for pool in engine.pools()), None)


def example_choices(engine: Engine, pool: str | None) -> dict[str, Any]:
    """Return the recordings that a pool offers for trying, as the properties of a radio group."""
    queries = engine.queries(pool)
    choice = engine.choice(pool)
    rated = any(samples().get(pool or "", utterance.id) for utterance in queries)
    return {
        "choices": [(_sample_label(pool, utterance), utterance.id) for utterance in queries],
        "label": f"Try a recording{' (synthetic voice)' if choice and choice.synthetic else ''}",
        "info": RATED if rated else "",
        "visible": bool(queries),
    }


def _sample_label(pool: str | None, utterance: Utterance) -> str:
    """Return a recording's text, with its measured error rates; isolated, so that it may run leftwards."""
    sample = samples().get(pool or "", utterance.id)
    if sample is None:
        return utterance.text
    before, after = 100 * sample.vanilla_cer, 100 * sample.smile_cer
    return f"\u2068{utterance.text}\u2069 ({before:.0f}\u00a0\u2192\u00a0{after:.0f}\u00a0%)"


def show_examples(engine: Engine, pool: str | None) -> Any:
    """Return the recordings to try of another pool, none of them chosen."""
    return gr.update(**example_choices(engine, pool), value=None)
