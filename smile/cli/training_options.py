"""The options of `smile train`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from smile.training.config import PRESETS, with_values


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to the command's parser."""
    parser.add_argument("--data", type=Path, required=True, help="whatever corpus evaluate takes")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; the adapter is in it")
    parser.add_argument("--preset", default="smile", choices=sorted(PRESETS), help="(%(default)s)")
    parser.add_argument("--languages", help="ISO 639-3 codes with commas between them")
    parser.add_argument("--split", help="training split (10min_train)")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="of TrainConfig")
    parser.add_argument("--start", type=Path, help="adapter to begin with, of the same rank and layers")
    parser.add_argument("--max-hours", type=float, default=math.inf, help="stop after so long")
    parser.add_argument("--threads", type=int, default=0, help="of the CPU (all)")
    parser.add_argument("--model", default="whisper-base", help="name or folder of a Whisper (%(default)s)")


def run(chosen: argparse.Namespace) -> Path:
    """Train as the options say; returns the adapter's folder.

    Raises:
        SmileError: a setting, corpus or model that cannot be used.
    """
    from smile.training.run import Resources, train

    values = dict(pair.partition("=")[::2] for pair in chosen.set)
    for name in ("languages", "split"):
        if getattr(chosen, name):
            values[name] = getattr(chosen, name)
    config = with_values(PRESETS[chosen.preset], values)
    return train(
        chosen.data,
        chosen.out,
        config,
        model=chosen.model,
        start=chosen.start,
        resources=Resources(chosen.max_hours, chosen.threads),
    )
