"""`smile similarity`: the learned distance between clips."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.models import add_model
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.terminal import Bar


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "similarity", run, goes_on=True)
    add_option(parser, "--data", type=Path, required=True, help="Train on this ML-SUPERB folder.")
    add_option(
        parser, "--work", type=Path, required=True, help="Keep in this folder what going on later needs."
    )
    add_option(
        parser,
        "--out",
        type=Path,
        default=Path("assets/similarity.npz"),
        help="Write the weights to this file.",
    )
    add_model(parser)


def run(chosen: argparse.Namespace) -> None:
    """Train the learned distance between clips on the meta-training languages."""
    from smile.training import similarity_run

    with Bar("Training") as bar:
        print(similarity_run.run(chosen, bar))
