"""The pools and their recordings, as choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import gradio as gr

from smile.datatypes import Utterance
from smile.demo.measured import Measurements, Sample
from smile.ui.engine import Engine
from smile.ui.parts.address import Untold
from smile.ui.sources import PoolChoice

LONGEST, MOST = 60, 5  # characters of what an address asks for, and pools, that are told
UNKNOWN = 'The address asks for the pool "{}", which is not on this server; choose one from the list.'
SEVERAL = 'Several pools are of "{}", which the address asks for: choose one from the list, or write {}.'
RATED = "Character error rate: Whisper alone \u2192 with examples."


def pool_name(pool: PoolChoice) -> str:
    """Return a pool in short: its language, code and corpus."""
    return " · ".join(filter(None, (_language(pool), pool.source)))


def _language(pool: PoolChoice) -> str:
    return f"{pool.language.name or pool.language.code} ({pool.language.code})"


def matched(engine: Engine, asked: str | None) -> str | None:
    """Return the pool that an address asks for: by its key, or by a code that it alone has; else None."""
    if engine.choice(asked):
        return asked
    alike = _of_code(engine, asked)
    return alike[0] if len(alike) == 1 else None


def _of_code(engine: Engine, asked: str | None) -> list[str]:
    """The keys of the pools of a language, by its code."""
    return [pool.key for pool in engine.pools() if asked and pool.language.code == asked]


def untold(engine: Engine, clip: str, query: Mapping[str, str]) -> list[Untold]:
    """Return a sentence where an address asks for a pool that is none on offer, or may be several.

    Of a recording that its pool does not have it is the name `clip`, under which it stands, and the value.
    """
    asked = query.get("pool")
    if not asked or matched(engine, asked):
        key, wanted = matched(engine, asked) or default_pool(engine), query.get(clip)
        there = not wanted or wanted in {utterance.id for utterance in engine.queries(key)}
        return [] if there else [(clip, wanted or "")]
    if several := _of_code(engine, asked):
        return [SEVERAL.format(asked, ", ".join(f"pool={key}" for key in several[:MOST]))]
    return [UNKNOWN.format(asked[:LONGEST])]


def pool_label(pool: PoolChoice) -> str:
    """Return a pool in one line: language, code, whose voices, number of examples, corpus, if trained on."""
    parts = [
        _language(pool),
        "synthetic voice" if pool.synthetic else "people's voices" if pool.voices else "",
        f"{pool.examples} examples",
        pool.source,
        "the adapter was trained on it" if pool.trained_on else "",
    ]
    return " · ".join(filter(None, parts))


def pool_choices(pools: Iterable[PoolChoice]) -> list[tuple[str, str]]:
    """Return (label, key) of every pool: people's voices first, then by name of language."""
    ordered = sorted(pools, key=lambda pool: (not pool.voices, pool_label(pool)))
    return [(pool_label(pool), pool.key) for pool in ordered]


def shown_first(engine: Engine) -> Sample | None:
    """Return the measured sample to begin with: the best of the pools of people's voices, else of the others.

    Languages that the adapter was trained on show nothing of what it does for others.
    """
    own = [pool for pool in engine.pools() if not pool.source and not pool.trained_on]
    for keys in ([p.key for p in own if p.voices], [p.key for p in own if not p.voices]):
        offered = {(key, utterance.id) for key in keys for utterance in engine.queries(key)}
        if best := engine.measured.best(offered):
            return best
    return None


def default_pool(engine: Engine) -> str | None:
    """Return the pool to begin with: that of the first sample, else the first one, people's voices before."""
    sample, pools = shown_first(engine), engine.pools()
    people = [pool.key for pool in pools if pool.voices and not pool.trained_on]
    if sample and (sample.pool in people or not people):
        return sample.pool
    return next((key for key in (*people, *(pool.key for pool in pools))), None)


def example_choices(engine: Engine, pool: str | None) -> dict[str, Any]:
    """Return the recordings that a pool offers for trying, as the properties of a radio group."""
    queries = engine.queries(pool)
    choice = engine.choice(pool)
    rated = any(engine.measured.get(pool or "", utterance.id) for utterance in queries)
    return {
        "choices": [(_sample_label(engine.measured, pool, utterance), utterance.id) for utterance in queries],
        "label": f"Try a recording{' (synthetic voice)' if choice and choice.synthetic else ''}",
        "info": " ".join(filter(None, [RATED if rated else "", choice.voices if choice else ""])),
        "visible": bool(queries),
    }


def _sample_label(measured: Measurements, pool: str | None, utterance: Utterance) -> str:
    """Return a recording's text, with its measured error rates; isolated, so that it may run leftwards."""
    sample = measured.get(pool or "", utterance.id)
    if sample is None:
        return utterance.text
    before, after = 100 * sample.vanilla_cer, 100 * sample.smile_cer
    return f"\u2068{utterance.text}\u2069 ({before:.0f}\u00a0\u2192\u00a0{after:.0f}\u00a0%)"


def show_examples(engine: Engine, pool: str | None) -> Any:
    """Return the recordings to try of another pool, none of them chosen."""
    return gr.update(**example_choices(engine, pool), value=None)
