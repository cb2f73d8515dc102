"""`smile evaluate`: conditions on the test clips of a corpus."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.models import add_engine, model_arguments
from smile.cli.parsers import CORPUS, LANGUAGES, Commands, add_command, add_option
from smile.cli.tables import print_tables
from smile.cli.terminal import Bars, names, windows
from smile.cli.workers import add_workers
from smile.datatypes import SmileError
from smile.text.normalisers import STAMPS

if TYPE_CHECKING:
    from smile.evaluation.conditions import Condition
    from smile.evaluation.runs import Job, Pending

ON_RAY = {"ray": "lean", "ray-hf": "hf"}  # engines in workers on Ray, by the name of the option


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "evaluate", run, goes_on=True)
    add_option(parser, "--data", type=Path, required=True, help=f"Measure on this corpus: {CORPUS}.")
    _add_conditions(parser)
    _add_clips(parser)
    add_option(parser, "--out", type=Path, required=True, help="Write the rows into this folder.")
    add_option(
        parser, "--cache", type=Path, help="Keep pools in this folder (default: OUT.pools, beside the rows)."
    )
    add_workers(parser, "an utterance")
    add_option(
        parser,
        "--address",
        default="",
        help="Let ray and ray-hf work on the cluster at this address (default: one of this machine's own).",
    )
    add_option(
        parser, "--dry-run", action="store_true", help="Count the rows and estimate the time, and do nothing."
    )
    add_engine(parser, tuple(ON_RAY), "; ray and ray-hf run these two in workers on Ray")


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    add_option(
        parser,
        "--grid",
        type=names,
        default="main",
        help="Take the conditions of these grids: TOML files, or names of those that come with SMILE, joined "
        "by commas (default: main).",
    )
    add_option(
        parser,
        "--conditions",
        type=names,
        default=(),
        help="Measure only these conditions: names joined by commas (default: all of the grid).",
    )
    add_option(
        parser,
        "--windows",
        type=windows,
        default=(),
        help="Encode the shortest of these windows that holds the audio: seconds joined by commas, such as "
        "30 (default: as each condition says).",
    )


def _add_clips(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--languages", type=names, default=(), help=LANGUAGES)
    add_option(
        parser,
        "--split",
        default="",
        help="Transcribe clips of this split (default: 10min_test in an ML-SUPERB folder, dev in parquet, "
        "else test).",
    )
    add_option(
        parser,
        "--pool-split",
        default="",
        help="Take the examples from this split (default: 10min_train in an ML-SUPERB folder, else train).",
    )
    add_option(
        parser,
        "--limit",
        type=int,
        default=0,
        help="Take this number of clips of each language (default: all).",
    )
    add_option(
        parser, "--seed", type=int, default=0, help="Choose the clips by this seed, where there is a limit."
    )


def run(chosen: argparse.Namespace) -> None:
    """Measure conditions on the test clips of a corpus; goes on where it was interrupted.

    Raises:
        SmileError: a job that cannot be run, or a worker that has ended.
    """
    from smile.evaluation import runs
    from smile.results.manifest import write_manifest

    job, models = runs.prepared(_job(chosen))
    pending = runs.plan(job)
    print(_plan(pending, job))
    if chosen.dry_run:
        return
    job.out.mkdir(parents=True, exist_ok=True)
    write_manifest(job)
    with Bars() as bars:
        failed = runs.run(job, models, pending, bars)
    print_tables(job.out)
    if failed:
        print(f"{failed} rows failed; they say why in {job.out}, and the same command tries them again.")


def _job(chosen: argparse.Namespace) -> Job:
    """Return the job that the arguments ask for.

    Raises:
        SmileError: a grid that cannot be read, a condition that it has not, or a number out of range.
    """
    from smile.corpora import open_corpus
    from smile.evaluation.runs import Job

    if chosen.limit < 0 or chosen.jobs < 1:
        raise SmileError("Choose a limit of at least 0 and at least one job.")
    cache = chosen.cache or chosen.out.with_name(f"{chosen.out.name}.pools")
    engine, cluster = _placed(chosen.engine, chosen.address)
    if chosen.cluster and cluster and chosen.cluster != cluster:
        raise SmileError("--cluster says where the workers are; leave --engine ray and --address out.")
    conditions = _conditions(chosen.grid, chosen.conditions)
    splits = open_corpus(chosen.data, cache).splits
    return Job(
        data=chosen.data,
        languages=chosen.languages,
        conditions=conditions,
        out=chosen.out,
        cache=cache,
        split=chosen.split or splits.targets,
        pool_split=chosen.pool_split or splits.examples,
        limit=chosen.limit,
        seed=chosen.seed,
        jobs=chosen.jobs,
        cluster=chosen.cluster or cluster,
        windows=chosen.windows,
        model={**model_arguments(chosen), "engine": engine},
    )


def _placed(engine: str, address: str) -> tuple[str, str]:
    """Return an engine's name as the recognizer's own and the cluster it runs on; "ray" is "lean" on Ray."""
    if engine not in ON_RAY:
        if address:
            raise SmileError(f"An address is that of a Ray cluster; add --engine {next(iter(ON_RAY))}.")
        return engine, ""
    return ON_RAY[engine], address or "local"


def _conditions(grids: Sequence[str], wanted: Sequence[str]) -> tuple[Condition, ...]:
    """Return the wanted conditions of several grids, or all; one that two grids have comes once."""
    from smile.evaluation.conditions import distinct, read_grid

    conditions = dict.fromkeys(condition for grid in grids for condition in read_grid(grid))
    known = {condition.name: condition for condition in distinct(tuple(conditions))}
    if missing := [name for name in wanted if name not in known]:
        raise SmileError(f'The grid has no condition "{missing[0]}"; choose of {", ".join(known)}.')
    return tuple(known[name] for name in wanted or known)


def _plan(pending: Sequence[Pending], job: Job) -> str:
    """Return the plan in words: counts by language, and the time that it may take."""
    lines = [
        f"{part.language}: {len(part.work)} utterances, {part.rows} rows to make, {part.done} there"
        + (f"; {part.older} rows of its file are scored anew, by {STAMPS}" if part.older else "")
        for part in pending
    ]
    rows, seconds = sum(part.rows for part in pending), sum(part.seconds for part in pending)
    took = f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
    lines.append(f"{len(job.conditions)} conditions, {rows} rows, about {took} in {job.jobs} worker(s).")
    return "\n".join(lines)
