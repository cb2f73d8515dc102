"""`smile train`: meta-training of an adapter."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from smile.cli.models import add_model
from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.training.config import PRESETS, with_values


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "train", run, goes_on=True)
    add_option(parser, "--data", type=Path, required=True, help=f"Train on this corpus: {CORPUS}.")
    add_option(
        parser,
        "--out",
        type=Path,
        required=True,
        help="Keep the run in this folder; the adapter is written into it.",
    )
    add_option(
        parser,
        "--preset",
        default="smile",
        choices=sorted(PRESETS),
        help="Begin with the configuration of this name.",
    )
    add_option(
        parser,
        "--languages",
        help="Train on these languages: ISO 639-3 codes joined by commas (default: the preset's).",
    )
    add_option(parser, "--split", help="Train on this split (default: the preset's, 10min_train).")
    add_option(
        parser,
        "--set",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="Change these fields of TrainConfig, such as steps=500 (default: as in the preset).",
    )
    add_option(
        parser,
        "--start",
        type=Path,
        help="Begin with this adapter, of the same rank and layers (default: a fresh one).",
    )
    add_option(
        parser,
        "--max-hours",
        type=float,
        default=math.inf,
        help="Stop after this number of hours (default: when all steps are done).",
    )
    add_option(
        parser, "--threads", type=int, default=0, help="Use this number of the CPU's threads (default: all)."
    )
    add_model(parser, "whisper-base")


def run(chosen: argparse.Namespace) -> None:
    """Meta-train an adapter; the same command goes on where it stopped.

    Raises:
        SmileError: a setting, corpus or model that cannot be used.
    """
    from smile.training.run import Resources, train

    values = dict(pair.partition("=")[::2] for pair in chosen.set)
    for name in ("languages", "split"):
        if getattr(chosen, name):
            values[name] = getattr(chosen, name)
    config = with_values(PRESETS[chosen.preset], values)
    adapter = train(
        chosen.data,
        chosen.out,
        config,
        model=chosen.model,
        start=chosen.start,
        resources=Resources(chosen.max_hours, chosen.threads),
    )
    print(adapter)
