"""`smile real-speech`: pools of people's voices, of recordings that are installed on this machine."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.models import add_engine, add_stamps, models_of
from smile.cli.parsers import LANGUAGES, Commands, add_command, add_option
from smile.cli.terminal import Bar, names
from smile.datatypes import SmileError
from smile.paths import CACHE

if TYPE_CHECKING:
    from smile.demo.people import Voices
    from smile.whisper.model import Models

NO_FOLDER = (
    "There is no folder {}: install Debian's package tuxpaint-stamps-default (make app REAL_SPEECH=1 does), "
    "or name another with --stamps."
)


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "real-speech", run, goes_on=True)
    add_stamps(parser)
    add_option(
        parser,
        "--cache",
        type=Path,
        default=os.environ.get("SMILE_CACHE", CACHE / "pools"),
        help="Keep the pools in this folder, where the page looks for them.",
    )
    add_option(parser, "--languages", type=names, default=(), help=LANGUAGES)
    add_option(
        parser,
        "--measure",
        type=int,
        default=0,
        help="Fit an acoustic model to each pool and transcribe this number of other recordings, whose error "
        "rates the page then shows and of which it opens with the best; it takes minutes a language.",
    )
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """Make the pools of people's voices that the page would else make while it serves."""
    from smile.demo.people import read_voices

    if chosen.stamps is None or not chosen.stamps.is_dir():
        raise SmileError(NO_FOLDER.format(chosen.stamps or '""'))
    found = {voices.header.language.code: voices for voices in read_voices(chosen.stamps)}
    if unknown := set(chosen.languages) - set(found):
        raise SmileError(f"There are not enough voices of {min(unknown)!r}; choose from {', '.join(found)}.")
    models = models_of(chosen)
    for code in chosen.languages or found:
        _make(found[code], Path(chosen.cache).expanduser(), models, chosen.measure)


def _make(voices: Voices, cache: Path, models: Models, measured: int) -> None:
    from dataclasses import replace

    from smile.demo.measured import SAMPLES, write_samples
    from smile.demo.people import make

    name = voices.header.language.name
    with Bar(f"Indexing {name}") as bar:
        pool = make(voices, cache, models, bar)
    left_out = sum(voices.left_out.values())
    print(f"{name}: {len(pool)} examples, {len(pool.queries)} to try; {left_out} clips left out")
    for reason, count in voices.left_out.items():
        print(f"  {count}: {reason}")
    if measured:
        from smile.bench.samples import measure, row

        with Bar(f"Measuring {name}") as bar:
            tried = replace(pool, queries=pool.queries[:measured])
            found = measure(models, tried, voices.key, lambda u: voices.english.get(u.id, ""), bar)
        write_samples(found, voices.key, cache / SAMPLES)
        print("  " + ", ".join(f"{column} {value}" for column, value in row(name, found.samples).items()))
