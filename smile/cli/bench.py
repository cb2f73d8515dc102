"""`smile bench`: how fast it is on this machine."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.cli.terminal import names
from smile.paths import POOLS

WHAT = (
    *("engines", "latency", "peers", "context", "start", "map"),
    *("acoustic", "align", "confidence", "near", "levels", "pauses", "samples"),
)


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "bench", run)
    add_option(
        parser,
        "what",
        choices=WHAT,
        help="Measure engines, the latency of a clip, all levels beside faster-whisper and transformers' "
        "pipeline (peers), ways to encode examples, the app's start, the map, "
        "the CER of pools' acoustic models, the errors of their word times, the calibration of their words' "
        "confidence, how well recordings unlike a pool are known (near), the CER of quiet recordings "
        "(levels), how much is written behind a pause (pauses), or the recordings to try of the demo pools, "
        "whose figures are written down for the page.",
    )
    add_option(
        parser,
        "--data",
        type=Path,
        nargs="*",
        default=[POOLS / "gle"],
        help=f"Time the clips of this corpus, or of several: {CORPUS}, or a pool "
        "(default: the demo pool gle).",
    )
    add_option(parser, "--split", default="10min_test", help="Time this split of an ML-SUPERB folder.")
    add_option(parser, "--limit", type=int, default=10, help="Time this number of clips of each corpus.")
    add_option(
        parser,
        "--languages",
        type=names,
        default=(),
        help="Measure acoustic models, nearness, levels, pauses or samples of these languages, ISO 639-3 "
        "codes joined by commas (default: the five that Whisper does not know, the ten of the evaluation, "
        "all demo pools).",
    )
    _add_special(parser)


def _add_special(parser: argparse.ArgumentParser) -> None:
    """Add the options of single benchmarks."""
    add_option(
        parser,
        "--later",
        type=int,
        default=0,
        help="Fit an acoustic model without this number of a pool's last clips first, and go on from it with "
        "all (default: fit to all at once).",
    )
    add_option(
        parser,
        "--pools",
        type=Path,
        help="Measure the word times, confidence, or levels of pools in this folder, each under its "
        "language's code; the first two need an acoustic model (default, for levels: pools made of "
        "10min_train).",
    )
    add_option(
        parser,
        "--sixteen-bits",
        action="store_true",
        help="Round quiet clips to 16 bits, for levels, as a recorder that is set too low does.",
    )
    add_option(
        parser,
        "--out",
        type=Path,
        help="Write the default calibration of confidence, fitted to these languages, into this file.",
    )
    add_option(parser, "--points", type=int, default=20_000, help="Draw a map of this number of points.")


def run(chosen: argparse.Namespace) -> None:
    """Measure on this machine: engines, latency, ways to encode examples, the app's start, the map."""
    from smile.bench import context, engines, latency, start

    if chosen.what == "acoustic":
        from smile.bench import acoustic

        wanted = acoustic.Bench(chosen.data[0], split=chosen.split, again=chosen.later)
        said = partial(print, file=sys.stderr, flush=True)
        print(acoustic.run(wanted, chosen.languages or acoustic.UNKNOWN, chosen.limit, said))
    elif chosen.what == "align":
        from smile.bench import align

        languages = chosen.languages or ("gla", "chr", "bel")
        print(align.run(chosen.data[0], chosen.pools, languages, chosen.split, chosen.limit))
    elif chosen.what == "confidence":
        from smile.bench import confidence

        asked = confidence.Asked(
            chosen.data[0], chosen.pools, chosen.languages or ("mdw", "gla"), chosen.limit
        )
        if chosen.out:
            print(confidence.write_default(asked, chosen.out))
        else:
            print(confidence.run(asked, chosen.split))
    elif chosen.what == "near":
        from smile.bench import near

        print(near.run(chosen.data[0], chosen.languages, chosen.split, chosen.limit))
    elif chosen.what == "levels":
        from smile.bench import levels

        sweep = levels.Sweep(chosen.data[0], chosen.split, chosen.limit, chosen.pools, chosen.sixteen_bits)
        print(levels.run(sweep, chosen.languages, partial(print, flush=True)))
    elif chosen.what == "pauses":
        from smile.bench import acoustic, pauses

        asked_pauses = pauses.Pauses(chosen.data[0], chosen.split, chosen.limit)
        said = partial(print, file=sys.stderr, flush=True)
        print(pauses.run(asked_pauses, chosen.languages or acoustic.UNKNOWN, said))
    elif chosen.what == "peers":
        from smile.bench import peers

        code, *_ = chosen.languages or ("deu",)
        print(peers.run(peers.Peers(chosen.data[0], code, chosen.split, chosen.limit, chosen.pools)))
    elif chosen.what == "map":
        from smile.bench import map as drawn

        print(drawn.run(chosen.points))
    elif chosen.what == "samples":
        from smile.bench import samples

        print(samples.run(chosen.languages))
    elif chosen.what == "engines":
        print(engines.run(chosen.data, chosen.limit, chosen.split))
    elif chosen.what == "latency":
        print(latency.run(chosen.data[0], chosen.split))
    elif chosen.what == "context":
        print(context.run(chosen.data[0], chosen.split))
    else:
        print(start.run())
