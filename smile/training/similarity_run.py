"""What `smile similarity` does: train on all languages but two, try on those, then train on all."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from smile.retrieval.divergences import DIVERGENCES
from smile.retrieval.learned import Projection
from smile.training.config import TrainConfig
from smile.training.similarity import Language, SimilarityConfig, by_language, learn, nearest_likeness, save

HELD_OUT = 2  # languages that the trial is made on
Bar = Callable[[int, int], None]


def run(chosen: argparse.Namespace, bar: Bar) -> str:
    """Train and save the projection; returns how alike nearest clips' texts are, by measure."""
    from smile.corpora import open_corpus
    from smile.training.data import load
    from smile.whisper.model import load_models

    config, models = TrainConfig(), load_models(chosen.model, adapter=None)
    chosen.work.mkdir(parents=True, exist_ok=True)
    data = load(open_corpus(chosen.data), config, models, chosen.work, print)
    languages, settings = by_language(data.clips), SimilarityConfig()
    trial = trained(languages[:-HELD_OUT], settings, bar)
    figures = tried(languages[-HELD_OUT:], trial)
    facts: dict[str, Any] = {
        "model": chosen.model,
        "encoder": models.vanilla.info.encoder.weights,
        "languages": [language.code for language in languages],
        "clips": len(data.clips),
        "data": data.sha256,
        "settings": asdict(settings),
        "held_out": [language.code for language in languages[-HELD_OUT:]],
        "likeness": figures,
    }
    save(trained(languages, settings, bar), chosen.out, **facts)
    return "\n".join(f"{name:12s}{value:.3f}" for name, value in figures.items())


def trained(languages: Sequence[Language], settings: SimilarityConfig, bar: Bar) -> Projection:
    """Learn a projection, and show the progress."""
    return learn(languages, settings, lambda step, loss: bar(step, settings.steps))


def tried(languages: Sequence[Language], projection: Projection) -> dict[str, float]:
    """Return how alike the text of the nearest clip is to a clip's own, by each measure."""
    measures = {name: one.matrix for name, one in DIVERGENCES.items()} | {"learned": projection.distances}
    return {name: round(nearest_likeness(languages, measure), 4) for name, measure in measures.items()}
