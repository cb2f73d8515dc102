"""`smile demo-pools`: the synthetic pools that come with SMILE."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.parsers import LANGUAGES, Commands, add_command, add_option
from smile.cli.terminal import Bar, names


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "demo-pools", run)
    add_option(
        parser,
        "--out",
        type=Path,
        required=True,
        help="Write the pools into this folder, one in each of its own.",
    )
    add_option(parser, "--languages", type=names, default=(), help=LANGUAGES)
    add_option(
        parser,
        "--embed-only",
        action="store_true",
        help="Keep the clips that are there, and encode them anew.",
    )


def run(chosen: argparse.Namespace) -> None:
    """Make the demo pools anew: texts from CLDR, spoken by eSpeak NG, encoded by Whisper."""
    from smile.demo.build import build_all
    from smile.demo.voices import LANGUAGES as VOICES
    from smile.pools import indexing
    from smile.whisper.model import load_models

    codes = list(chosen.languages or VOICES)
    if not chosen.embed_only:
        with Bar("Speaking") as bar:
            build_all(chosen.out, codes, bar)
    models = load_models(precision="float32", adapter=None)
    for code in codes:
        with Bar(f"Indexing {code}") as bar:
            indexing.index(chosen.out / code, chosen.out / code, models, progress=bar)
