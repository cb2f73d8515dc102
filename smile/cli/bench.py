"""`smile bench`: how fast it is on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.cli.terminal import names
from smile.paths import POOLS


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "bench", run)
    add_option(
        parser,
        "what",
        choices=tuple(_BENCHES),
        help="Measure engines, the latency of a clip, all levels beside faster-whisper and transformers' "
        "pipeline (peers), the parts of a transcription (stages), two jobs at once (together), many "
        "visitors at once (visitors), retrieval and kNN-LM lookup in large pools (large), unit costs of "
        "every stage (costs), a simulation of many machines by these costs (scale), what a GPU does "
        "together (gpu), ways to encode examples, the app's start, the map, the CER of pools' acoustic "
        "models, the errors of their word times, the calibration of their words' confidence, the delay "
        "and the CER of live text (live), how well recordings unlike a pool are known (near), how many "
        "wrong texts of a pool are found (misfits), the CER of quiet recordings (levels), how much is "
        "written behind a pause (pauses), or the recordings to try of the demo pools, whose figures are "
        "written down for the page.",
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
        help="Measure acoustic models, live text, nearness, misfits, levels, pauses or samples of these "
        "languages, ISO 639-3 codes joined by commas (default: the five that Whisper does not know, the ten "
        "of the evaluation, all demo pools).",
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
        help="Take the pools of this folder, each under its language's code; align and confidence need pools "
        "with acoustic models (default of live, levels, misfits, peers and together: pools made of "
        "10min_train).",
    )
    add_option(
        parser,
        "--requests",
        type=int,
        default=200,
        help="Read the app's memory over this number of requests of visitors (default: 200).",
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
    add_option(
        parser,
        "--seed",
        type=int,
        default=0,
        help="Draw stragglers and failures, for scale, or wrong texts, for misfits, by this.",
    )
    add_option(parser, "--points", type=int, default=20_000, help="Draw a map of this number of points.")


def run(chosen: argparse.Namespace) -> None:
    """Measure on this machine: engines, latency, ways to encode examples, the app's start, the map."""
    print(_BENCHES[chosen.what](chosen))


def _told(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _acoustic(chosen: argparse.Namespace) -> str:
    from smile.bench import acoustic

    wanted = acoustic.Bench(chosen.data[0], split=chosen.split, again=chosen.later)
    return acoustic.run(wanted, chosen.languages or acoustic.UNKNOWN, chosen.limit, _told)


def _align(chosen: argparse.Namespace) -> str:
    from smile.bench import align

    languages = chosen.languages or ("gla", "chr", "bel")
    return align.run(chosen.data[0], chosen.pools, languages, chosen.split, chosen.limit)


def _confidence(chosen: argparse.Namespace) -> str:
    from smile.bench import confidence

    languages = chosen.languages or ("mdw", "gla")
    asked = confidence.Asked(chosen.data[0], chosen.pools, languages, chosen.limit)
    if chosen.out:
        return confidence.write_default(asked, chosen.out)
    return confidence.run(asked, chosen.split)


def _large(chosen: argparse.Namespace) -> str:
    from smile.bench import large

    return large.run(chosen.data, tell=_told)


def _gpu(chosen: argparse.Namespace) -> str:
    from smile.bench import asked, gpu

    code, *_ = chosen.languages or ("mdw",)
    return gpu.run(asked.Asked(chosen.data[0], code, chosen.split, chosen.pools), chosen.limit)


def _live(chosen: argparse.Namespace) -> str:
    from smile.bench import acoustic, live

    asked = live.Asked(chosen.data[0], chosen.split, chosen.limit, chosen.pools)
    return live.run(asked, chosen.languages or acoustic.UNKNOWN, _told)


def _near(chosen: argparse.Namespace) -> str:
    from smile.bench import near

    return near.run(chosen.data[0], chosen.languages, chosen.split, chosen.limit)


def _misfits(chosen: argparse.Namespace) -> str:
    from smile.bench import misfits

    asked = misfits.Asked(chosen.data[0], chosen.pools, chosen.seed)
    return misfits.run(asked, chosen.languages, _told)


def _levels(chosen: argparse.Namespace) -> str:
    from smile.bench import levels

    sweep = levels.Sweep(chosen.data[0], chosen.split, chosen.limit, chosen.pools, chosen.sixteen_bits)
    return levels.run(sweep, chosen.languages, partial(print, flush=True))


def _pauses(chosen: argparse.Namespace) -> str:
    from smile.bench import acoustic, pauses

    asked = pauses.Pauses(chosen.data[0], chosen.split, chosen.limit)
    return pauses.run(asked, chosen.languages or acoustic.UNKNOWN, _told)


def _peers(chosen: argparse.Namespace) -> str:
    from smile.bench import peers

    codes = chosen.languages or ("deu",)
    return peers.run(peers.Peers(chosen.data[0], codes, chosen.split, chosen.limit, chosen.pools))


def _together(chosen: argparse.Namespace) -> str:
    from smile.bench import asked, together

    code, *_ = chosen.languages or ("mdw",)
    return together.run(asked.Asked(chosen.data[0], code, chosen.split, chosen.pools))


def _costs(chosen: argparse.Namespace) -> str:
    from smile.bench import costs

    code, *_ = chosen.languages or ("mdw",)
    return costs.run(costs.Costs(chosen.data[0], code, chosen.split, chosen.limit), _told)


def _scale(chosen: argparse.Namespace) -> str:
    from smile.bench import scale

    return scale.run(chosen.seed)


def _stages(chosen: argparse.Namespace) -> str:
    from smile.bench import asked, stages

    code, *_ = chosen.languages or ("deu",)
    return stages.run(asked.Asked(chosen.data[0], code, chosen.split, chosen.pools))


def _visitors(chosen: argparse.Namespace) -> str:
    from smile.bench import visitors

    code, *_ = chosen.languages or ("gla",)
    asked = visitors.Asked(chosen.data[0], code, chosen.split, chosen.limit, chosen.requests)
    return visitors.run(asked)


def _map(chosen: argparse.Namespace) -> str:
    from smile.bench import map as drawn

    return drawn.run(chosen.points)


def _samples(chosen: argparse.Namespace) -> str:
    from smile.bench import samples

    return samples.run(chosen.languages)


def _engines(chosen: argparse.Namespace) -> str:
    from smile.bench import engines

    return engines.run(chosen.data, chosen.limit, chosen.split)


def _latency(chosen: argparse.Namespace) -> str:
    from smile.bench import latency

    return latency.run(chosen.data[0], chosen.split)


def _context(chosen: argparse.Namespace) -> str:
    from smile.bench import context

    return context.run(chosen.data[0], chosen.split)


def _start(_: argparse.Namespace) -> str:
    from smile.bench import start

    return start.run()


_BENCHES: dict[str, Callable[[argparse.Namespace], str]] = {
    "engines": _engines,
    "latency": _latency,
    "peers": _peers,
    "stages": _stages,
    "together": _together,
    "visitors": _visitors,
    "costs": _costs,
    "scale": _scale,
    "context": _context,
    "large": _large,
    "gpu": _gpu,
    "start": _start,
    "map": _map,
    "acoustic": _acoustic,
    "align": _align,
    "confidence": _confidence,
    "live": _live,
    "near": _near,
    "misfits": _misfits,
    "levels": _levels,
    "pauses": _pauses,
    "samples": _samples,
}
