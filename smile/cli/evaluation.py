"""What `smile evaluate` does: a job from its arguments, the plan in words, the run, its manifest."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from smile.corpora import open_corpus
from smile.datatypes import SmileError
from smile.evaluation import runs
from smile.evaluation.conditions import Condition, distinct, read_grid
from smile.evaluation.runs import Job, Pending
from smile.paths import PRECOMPUTED
from smile.results.manifest import write_manifest
from smile.whisper.model import shipped_adapter

ON_RAY = {"ray": "lean", "ray-hf": "hf"}  # engines in workers on Ray, by the name of the option
LANGUAGE_COLUMNS = ("language", "condition", "clips", "rate", "low", "high", "mean", "empty", "loops",
                    "reduction", "beyond")  # fmt: skip
SUMMARY_COLUMNS = ("condition", "languages", "macro", "reduction", "improved", "improved_beyond",
                   "worsened", "worst", "worst_rate", "failed")  # fmt: skip


def run(chosen: argparse.Namespace, bar: Callable[[str, str], Any]) -> None:
    """Evaluate, or say what there is to do; `bar(label, unit)` shows progress."""
    job, models = runs.prepared(job_of(chosen))
    pending = runs.plan(job)
    print(described(pending, job))
    if chosen.dry_run:
        return
    job.out.mkdir(parents=True, exist_ok=True)
    write_manifest(job)
    with ExitStack() as stack:
        failed = runs.run(job, models, pending, Bars(bar, stack))
    show(job.out)
    if failed:
        print(f"{failed} rows failed; they say why in {job.out}, and the same command tries them again.")


def show(folder: Path) -> None:
    """Print the tables of an evaluation's rows, or of packed ones.

    Raises:
        SmileError: there are neither in the folder.
    """
    from smile.results import tables as results
    from smile.results.packing import RESULTS, load, read_rows_of, told_apart

    packed = not any(folder.glob("*.jsonl")) and any(folder.rglob(RESULTS))
    rows = load(folder) if packed else told_apart(read_rows_of(folder))
    table = results.by_language(rows)
    print("\nCER in percent, normaliser plain; low and high bound the 95 % bootstrap interval.\n")
    print(results.as_text(table, LANGUAGE_COLUMNS))
    print()
    print(results.as_text(results.summary(table), SUMMARY_COLUMNS))


def pack(chosen: argparse.Namespace) -> None:
    """Join evaluations into the parquet file that the page reads, and print their tables."""
    from smile.results.packing import pack as join

    rows = join(chosen.folders, chosen.to)
    print(f"{chosen.to}: {len(rows)} rows of {rows['language'].nunique()} languages.")


def findings(chosen: argparse.Namespace) -> None:
    """Print what packed rows say of the open questions, as Markdown.

    Raises:
        SmileError: there are no packed rows in the folder.
    """
    from smile.results.findings import as_markdown, findings
    from smile.results.packing import load

    (folder,) = chosen.folders[:1] or [PRECOMPUTED]
    rows = load(folder)
    if rows.empty:
        raise SmileError(f"{folder} holds no packed rows; make them with: smile results pack FOLDER")
    print(as_markdown(findings(rows)))


def job_of(chosen: argparse.Namespace) -> Job:
    """The job that the arguments ask for.

    Raises:
        SmileError: a grid that cannot be read, a condition that it has not, or a number out of range.
    """
    if chosen.limit < 0 or chosen.jobs < 1:
        raise SmileError("Choose a limit of at least 0 and at least one job.")
    conditions = _conditions(_names(chosen.grid))
    names = _names(chosen.conditions) or tuple(conditions)
    if missing := [name for name in names if name not in conditions]:
        raise SmileError(f'The grid has no condition "{missing[0]}"; choose of {", ".join(conditions)}.')
    cache = chosen.cache or chosen.out.with_name(f"{chosen.out.name}.pools")
    engine, cluster = _placed(chosen.engine, chosen.address)
    splits = open_corpus(chosen.data, cache).splits
    return Job(
        data=chosen.data,
        languages=_names(chosen.languages),
        conditions=tuple(conditions[name] for name in names),
        out=chosen.out,
        cache=cache,
        split=chosen.split or splits.targets,
        pool_split=chosen.pool_split or splits.examples,
        limit=chosen.limit,
        seed=chosen.seed,
        jobs=chosen.jobs,
        cluster=cluster,
        windows=chosen.windows,
        model={
            "model": chosen.model,
            "engine": engine,
            "precision": chosen.precision,
            "adapter": chosen.adapter or shipped_adapter(chosen.model),
            "device": chosen.device,
        },
    )


def _placed(engine: str, address: str) -> tuple[str, str]:
    """An engine's name as the recognizer's own and the cluster it runs on; "ray" is "lean" on Ray."""
    if engine not in ON_RAY:
        if address:
            raise SmileError(f"An address is that of a Ray cluster; add --engine {next(iter(ON_RAY))}.")
        return engine, ""
    return ON_RAY[engine], address or "local"


def _conditions(grids: Sequence[str]) -> dict[str, Condition]:
    """The conditions of several grids by name; one that two of them have comes once."""
    found = dict.fromkeys(condition for grid in grids for condition in read_grid(grid))
    return {condition.name: condition for condition in distinct(tuple(found))}


def _names(joined: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in joined.split(",") if name.strip()))


def described(pending: Sequence[Pending], job: Job) -> str:
    """The plan in words: counts by language, and the time that it may take."""
    lines = [
        f"{part.language}: {len(part.work)} utterances, {part.rows} rows to make, {part.done} there"
        for part in pending
    ]
    rows, seconds = sum(part.rows for part in pending), sum(part.seconds for part in pending)
    took = f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
    lines.append(f"{len(job.conditions)} conditions, {rows} rows, about {took} in {job.jobs} worker(s).")
    return "\n".join(lines)


class Bars:
    """A bar for each piece of work, one after the other."""

    def __init__(self, bar: Callable[[str, str], Any], stack: ExitStack):
        self._bar, self._stack = bar, stack
        self._kind, self._open = "", None

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show how far a piece of work is; a label's first word tells kinds of work apart."""
        kind = label.split()[0] if label.startswith("Evaluating") else label
        if kind != self._kind:
            self._stack.close()
            self._open = self._stack.enter_context(
                self._bar(kind, "rows" if kind == "Evaluating" else "clips")
            )
            self._kind = kind
        if self._open is not None:
            self._open(done, total)
