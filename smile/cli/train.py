"""`smile train`: meta-training of an adapter."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.models import add_model
from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.cli.terminal import Bar
from smile.cli.workers import add_workers, placement_of
from smile.datatypes import SmileError
from smile.training.config import PRESETS, TrainConfig, with_values

if TYPE_CHECKING:
    from smile.training.run import Resources
    from smile.util.workers import Placement


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
    _add_workers(parser)
    add_model(parser, "whisper-base")


def _add_workers(parser: argparse.ArgumentParser) -> None:
    """Add the options of where runs are trained, and of how many there are."""
    add_option(
        parser,
        "--device",
        default="",
        choices=["cpu", "cuda"],
        help="Train there (default: on a GPU where there is one); with cuda each worker on a cluster has its "
        "own.",
    )
    add_option(
        parser,
        "--vary",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="Train once with each of these values of a field, such as --vary seed 0 1 2; given for several "
        "fields, with every combination. Each run has its folder in --out, with a table of all.",
    )
    add_workers(parser, "a run of --vary")


def run(chosen: argparse.Namespace) -> None:
    """Meta-train an adapter; the same command goes on where it stopped.

    Raises:
        SmileError: a setting, corpus or model that cannot be used.
    """
    from smile.corpora import open_corpus
    from smile.training.run import Resources, train

    values = dict(pair.partition("=")[::2] for pair in chosen.set)
    for name in ("languages", "split"):
        if getattr(chosen, name):
            values[name] = getattr(chosen, name)
    config = with_values(PRESETS[chosen.preset], values)
    placement = placement_of(chosen)
    resources = Resources(chosen.max_hours, chosen.threads, chosen.device)
    if chosen.vary:
        _sweep(chosen, config, placement, resources)
        return
    if not placement.here:
        raise SmileError("One run has one worker; name what to --vary, or leave --jobs and --cluster out.")
    corpus = open_corpus(chosen.data)
    print(train(corpus, chosen.out, config, model=chosen.model, start=chosen.start, resources=resources))


def _sweep(
    chosen: argparse.Namespace, config: TrainConfig, placement: Placement, resources: Resources
) -> None:
    """Train with every combination of the values given, and print a row for each.

    Raises:
        SmileError: as `run`, or not every run could be trained.
    """
    from smile.corpora import open_corpus
    from smile.training.sweep import Sweep
    from smile.training.trials import trials
    from smile.util.timing import finished, relayed

    varied = {name: values for name, *values in chosen.vary}
    if len(varied) < len(chosen.vary) or not all(varied.values()):
        raise SmileError("Give each field that varies once, with its values, such as --vary seed 0 1 2.")
    runs = trials(config, varied)
    sweep = Sweep(open_corpus(chosen.data), chosen.out, runs, chosen.model, chosen.start)
    with Bar("Training", "runs") as bar:
        failed = finished(relayed(sweep.run(placement, resources), lambda said: bar(*said)))
    print(sweep.table().drop(columns="run").round(1).to_string(index=False, na_rep=""))
    if failed:
        name, reason = next(iter(failed.items()))
        raise SmileError(f"{len(failed)} of {len(runs)} runs could not be trained. {name}: {reason}")
