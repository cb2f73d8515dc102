"""`smile align`: a recording and its text, cut into utterances with times."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.acoustic import fit_acoustic
from smile.cli.models import add_engine, models_of
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.pools import A_POOL, open_for, pool_folder
from smile.cli.recordings import add_track, read_chosen
from smile.cli.terminal import Bar, add_encoding
from smile.datatypes import SmileError
from smile.transcription import lengths

if TYPE_CHECKING:
    from collections.abc import Generator

    from smile.transcription.aligning import Aligned, Said


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "align", run, goes_on=True)
    add_option(parser, "recording", type=Path, help="Cut this recording.")
    add_option(parser, "text", type=Path, help="Take its text from this file.")
    add_option(
        parser,
        "--pool",
        type=pool_folder,
        required=True,
        help=f"Align by the acoustic model of this pool: {A_POOL}; it is fitted where there is none.",
    )
    add_option(parser, "--out", type=Path, required=True, help="Write the files into this folder.")
    add_option(
        parser,
        "--format",
        default="csv,eaf",
        help="Write files of these formats: csv, jsonl, srt, vtt, textgrid and eaf, joined by commas.",
    )
    add_option(
        parser,
        "--unit",
        choices=("lines", "sentences"),
        default="lines",
        help="Cut at the lines of the text, or at its sentences.",
    )
    add_encoding(parser, "a text that is")
    add_option(
        parser,
        "--times",
        choices=("utterances", "words", "characters"),
        default="words",
        help="Give times of utterances only, or of their words, or of characters too.",
    )
    add_option(
        parser,
        "--max-minutes",
        type=float,
        default=lengths.COMMAND,
        help=f"Refuse a recording that is longer than this; at most {lengths.MOST:g}.",
    )
    add_track(parser)
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """Cut a recording into utterances at the lines of a text that exists already, with times; goes on where
    it stopped. Lines that are not spoken, and speech that is not in the text, are marked.
    """
    from smile.cli.out import check_out
    from smile.corpora.plain import text_of
    from smile.exporting import FORMATS
    from smile.transcription.aligning import Wanted, align_text, utterances
    from smile.transcription.times import TIMES

    kinds = [kind.strip().lower() for kind in chosen.format.split(",")]
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise SmileError(f'There is no format "{unknown[0]}"; choose from {", ".join(FORMATS)}.')
    check_out(chosen.out, Path())
    lines = utterances(text_of(chosen.text, chosen.encoding), chosen.unit)
    samples = read_chosen(chosen.recording, chosen)
    models = models_of(chosen)
    pool = open_for(models, chosen.pool)
    fit_acoustic(pool, models.smile)
    times = next((one for one in TIMES if one == chosen.times), TIMES[0])
    wanted = Wanted(chosen.recording, lines, chosen.out, kinds, times)
    _tell(_followed(align_text(models.smile, pool, samples, wanted)), chosen)


def _followed(steps: Generator[Said, None, Aligned]) -> Aligned:
    """Show how far an alignment is, and return it."""
    stage, bar = "", None
    with ExitStack() as stack:
        while True:
            try:
                said, done, of = next(steps)
            except StopIteration as end:
                aligned: Aligned = end.value
                return aligned
            if said != stage or bar is None:
                stack.close()
                stage, bar = said, stack.enter_context(Bar(said, "steps"))
            bar(done, of)


def _tell(aligned: Aligned, chosen: argparse.Namespace) -> None:
    what = "Sentence" if chosen.unit == "sentences" else "Line"
    for number, text in aligned.unspoken:
        print(f"{what} {number} is not found: {text}", file=sys.stderr)
    for span in aligned.transcript.tiers[1][1]:
        print(f"{span.start:.2f} to {span.end:.2f} s is not in the text: {span.text}", file=sys.stderr)
    found, of = len(aligned.lines) - len(aligned.unspoken), len(aligned.lines)
    print(f"{chosen.out}: {found} of {of} {chosen.unit} of the text have times.")
