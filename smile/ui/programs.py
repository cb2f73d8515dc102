"""Endpoints for programs, also as MCP tools, beside `transcribe` and `compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from smile.datatypes import SmileError
from smile.results import labels
from smile.results.tables import Metric
from smile.retrieval.divergences import LABELS as MEASURES
from smile.text.normalisers import NORMALISERS
from smile.ui.cancelled import consuming
from smile.ui.components import Audio
from smile.ui.engine import Engine
from smile.ui.files import discarding
from smile.ui.guard import sentence
from smile.ui.parts.components import TURNS
from smile.ui.parts.recordings import recording_of
from smile.ui.store import Store
from smile.ui.tools import tool
from smile.util.timing import finished

if TYPE_CHECKING:
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.whisper.model import Model

MOST_NEIGHBOURS, NEIGHBOURS = 50, 5
NO_POOL = 'There is no pool "{}"; ask languages for those that there are.'


def prepared(engine: Engine, key: str | None, *wanted: Settings) -> tuple[Model, Pool]:
    """Return the model with examples, and a pool on offer for which what settings need is made.

    Raises:
        SmileError: there is no such pool, or it cannot be made ready.
    """
    if engine.choice(key) is None:
        raise SmileError(NO_POOL.format(key))
    for _ in engine.prepare(key, *wanted):
        pass
    model = engine.warm().result().smile
    pool = engine.pool(key, model.info.encoder)
    if pool is None:
        raise SmileError(NO_POOL.format(key))
    return model, pool


def publish(engine: Engine, store: Store) -> None:
    """Add the endpoints `languages`, `neighbours` and `results` to the page that is being built."""

    def languages() -> list[dict[str, Any]]:
        """List the languages whose examples can be used: key, ISO 639-3 code, name, family, script,
        whether Whisper was trained on it, how many examples, and whether their voice is synthetic."""
        return languages_of(engine)

    def results(metric: str = "cer", normaliser: str = "plain") -> list[dict[str, Any]]:
        """Give the cached evaluations: a row for each language and condition, with the error rate in
        percent, its 95 % interval, and the change against Whisper alone.

        Args:
            metric: "cer" or "wer".
            normaliser: "plain" or "ml_superb".
        """
        return results_of(store, metric, normaliser)

    api(languages, api_name="languages", queue=False)
    api(results, api_name="results", queue=False)
    keys = [pool.key for pool in engine.pools()]
    gr.Button(visible=False).click(
        tool("neighbours", neighbours, engine),
        [
            Audio(type="filepath", visible=False, label="recording"),
            gr.Dropdown(keys, value=keys[0] if keys else None, visible=False, label="pool"),
            gr.Number(
                NEIGHBOURS, precision=0, minimum=1, maximum=MOST_NEIGHBOURS, visible=False, label="count"
            ),
            gr.Dropdown(list(MEASURES), value="kl", visible=False, label="divergence"),
        ],
        gr.JSON(visible=False),
        api_name="neighbours",
        **TURNS,
    )


def languages_of(engine: Engine) -> list[dict[str, Any]]:
    """Return the pools on offer as plain values."""
    return [
        {
            "pool": pool.key,
            "code": pool.language.code,
            "name": pool.language.name,
            "family": pool.language.family,
            "script": pool.language.script,
            "known_to_whisper": bool(pool.language.whisper),
            "examples": pool.examples,
            "synthetic": pool.synthetic,
        }
        for pool in engine.pools()
    ]


@consuming
def neighbours(
    engine: Engine,
    recording: str | None,
    pool: str | None,
    count: int | None = NEIGHBOURS,
    divergence: str = "kl",
) -> list[dict[str, Any]]:
    """Find the labelled examples of a language that are nearest to a recording, nearest first.

    Args:
        recording: an audio file with speech.
        pool: the language's key, as `languages` gives it.
        count: how many, 1 to 50.
        divergence: kl, kl-reverse, js, cosine, euclidean or learned.
    """
    with discarding([recording]):
        samples = finished(recording_of(recording)).samples
    if engine.choice(pool) is None:
        raise SmileError(NO_POOL.format(pool))
    for _ in engine.prepare(pool):
        pass
    wanted = NEIGHBOURS if count is None else min(int(count), MOST_NEIGHBOURS)
    nearest = engine.nearest(samples, str(pool), wanted, divergence)
    return [
        {
            "id": n.utterance.id,
            "text": n.utterance.text,
            "seconds": round(n.utterance.seconds, 2),
            "rank": n.rank,
            "distance": n.distance,
        }
        for n in nearest
    ]


def results_of(store: Store, metric: str, normaliser: str) -> list[dict[str, Any]]:
    """Return the tables of packed rows as plain values; an empty list where there are none."""
    if metric not in ("cer", "wer") or normaliser not in NORMALISERS:
        names = ", ".join(NORMALISERS)
        raise gr.Error(f"Choose cer or wer, and one of the normalisers {names}.", print_exception=False)
    try:
        measured = store.measured()
    except SmileError as error:
        raise gr.Error(sentence(error), print_exception=False) from error
    if measured.raw.empty:
        return []
    rates = measured.rates(Metric(metric, normaliser), labels.control(measured.facts))
    columns = ["language", "condition", "clips", "rate", "low", "high", "reduction", "significant"]
    rounded = rates[columns].round({"rate": 2, "low": 2, "high": 2, "reduction": 2}).astype(object)
    plain: list[dict[str, Any]] = rounded.where(rounded.notna(), None).to_dict("records")
    return plain
