"""`smile pretrain`: what acoustic heads begin with."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.cli.models import add_model
from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.cli.terminal import Bar
from smile.util.timing import finished, relayed

if TYPE_CHECKING:
    from smile.training.pretraining import Step, Taught


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "pretrain", run, goes_on=True)
    add_option(parser, "--data", type=Path, required=True, help=f"Train on this corpus: {CORPUS}.")
    add_option(
        parser,
        "--work",
        type=Path,
        required=True,
        help="Keep the encoder's layer states in this folder, 49 MB a minute of speech.",
    )
    add_option(
        parser,
        "--languages",
        help="Train on these languages: ISO 639-3 codes joined by commas (default: those of `smile train`).",
    )
    add_option(
        parser,
        "--out",
        type=Path,
        default=Path("assets/pretrained.npz"),
        help="Write the weights to this file.",
    )
    add_model(parser)


def run(chosen: argparse.Namespace) -> None:
    """Pre-train what acoustic heads begin with: letters, on the meta-training languages."""
    from smile.acoustic.pretrained import write_pretrained
    from smile.corpora import open_corpus
    from smile.training.config import TrainConfig, with_values
    from smile.training.data import digest
    from smile.training.pretraining import pretrain, taught
    from smile.whisper.model import load_models

    named = {"languages": chosen.languages} if chosen.languages else {}
    corpus, config = open_corpus(chosen.data), with_values(TrainConfig(), named)
    models = load_models(chosen.model, adapter=None)
    languages, _ = _shown(Bar("Encoding", "readings"), taught(corpus, config, models.vanilla, chosen.work))
    made, loss = _shown(Bar("Training", "epochs"), pretrain(languages))
    write_pretrained(chosen.out, made, _facts(languages, loss, digest(corpus, config)))
    print(f"{chosen.out}: {loss:.3f} nats a character at the end.")


def _shown(shown: Bar, steps: Generator[Step, None, Any]) -> tuple[Any, float]:
    """Show a bar while something is made; returns it, and the last loss that was told."""
    losses = [float("nan")]

    def told(step: Step) -> None:
        bar(step.done, step.of)
        if step.loss is not None:
            losses.append(step.loss)

    with shown as bar:
        return finished(relayed(steps, told)), losses[-1]


def _facts(languages: list[Taught], loss: float, data: str) -> dict[str, Any]:
    """Return how it was trained."""
    from smile.training.pretraining import RECIPE
    from smile.util.commit import commit
    from smile.util.machine import machine

    return {
        "languages": {one.code: len(one.clips) for one in languages},
        "data": data,
        "recipe": asdict(RECIPE),
        "loss": round(loss, 4),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }
