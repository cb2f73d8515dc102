"""`smile likelihood`: several adapters, each with several scales, on the clips of a corpus."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.models import add_model
from smile.cli.options import add_settings, settings_of
from smile.cli.parsers import CORPUS, LANGUAGES, Commands, add_command, add_option
from smile.cli.terminal import Bar, names, several_shots, strengths
from smile.datatypes import SmileError

if TYPE_CHECKING:
    from smile.evaluation.likelihood import Tried
    from smile.evaluation.likelihood_rows import LikelihoodRows
    from smile.evaluation.runs import Job
    from smile.pools.pool import Pool

UNTRAINED = "untrained"


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "likelihood", run)
    add_option(parser, "--data", type=Path, required=True, help=f"Measure on this corpus: {CORPUS}.")
    _add_clips(parser)
    add_option(
        parser,
        "--adapter",
        type=Path,
        nargs="+",
        default=[],
        help="Compare the adapters in these PEFT folders with the model without one.",
    )
    add_option(
        parser,
        "--scale",
        type=strengths,
        default=(),
        help="Apply each adapter at these scales, 0 to 1, joined by commas (default: its own).",
    )
    add_option(
        parser,
        "--against-first",
        action="store_true",
        help="Print changes to the first adapter in place of those to the untrained model.",
    )
    add_option(parser, "--out", type=Path, required=True, help="Write the rows to this CSV file.")
    add_option(
        parser, "--cache", type=Path, help="Keep pools in this folder (default: OUT.pools, beside the rows)."
    )
    add_model(parser)
    add_option(
        parser,
        "--precision",
        default="auto",
        help="Compute in this precision: float32, int8, or auto, which is int8 where the CPU has it.",
    )


def _add_clips(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--languages", type=names, default=(), help=LANGUAGES)
    add_option(
        parser,
        "--split",
        default="",
        help="Take the clips of this split (default: 10min_dev in an ML-SUPERB folder, else dev).",
    )
    add_option(
        parser,
        "--limit",
        type=int,
        default=0,
        help="Take this number of clips of each language (default: all).",
    )
    add_option(
        parser,
        "--shots",
        dest="counts",
        type=several_shots,
        default=(0, 1, 3),
        help="Try these numbers of examples, joined by commas (default: 0,1,3).",
    )
    add_settings(parser, ("timestamps",))


def run(chosen: argparse.Namespace) -> None:
    """Measure how well adapters foresee references behind examples, in bits per character.

    Raises:
        SmileError: a corpus, language or adapter that cannot be used.
    """
    from smile.evaluation import runs
    from smile.evaluation.likelihood import likelihood_table
    from smile.evaluation.likelihood_rows import LikelihoodRows

    if chosen.against_first and not chosen.adapter:
        raise SmileError("--against-first needs an adapter; name one with --adapter.")
    job = _job(chosen)
    languages = runs.chosen_languages(job)
    rows = LikelihoodRows(chosen.out)
    with TemporaryDirectory() as folder:
        tried = list(_tried(chosen, Path(folder)))
        for language in languages:
            _measure(job, language, tried, chosen, rows)
    made = likelihood_table(rows.frame(), tried[1].adapter if chosen.against_first else "")
    whose = "first adapter" if chosen.against_first else "untrained model"
    print(f"Bits per character, mean of the languages; change in percent of the {whose}'s.\n")
    print(made.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))


def _job(chosen: argparse.Namespace) -> Job:
    from smile.corpora import open_corpus
    from smile.evaluation.conditions import Condition
    from smile.evaluation.runs import Job

    cache = chosen.cache or chosen.out.with_name(f"{chosen.out.name}.pools")
    splits = open_corpus(chosen.data, cache).splits
    return Job(
        data=chosen.data,
        languages=chosen.languages,
        conditions=(Condition("pool"),),
        out=chosen.out.parent,
        cache=cache,
        split=chosen.split or splits.validation,
        pool_split=splits.examples,
        limit=chosen.limit,
    )


def _tried(chosen: argparse.Namespace, folder: Path) -> Iterator[Tried]:
    """Give the untrained model, then each adapter with each scale, copied into a folder."""
    from smile.evaluation.likelihood import Tried
    from smile.whisper.adapters import load, rescale
    from smile.whisper.model import load_models

    yield Tried(UNTRAINED, 0.0, load_models(chosen.model, precision=chosen.precision, adapter=None))
    for number, adapter in enumerate(chosen.adapter):
        read = load(adapter)
        name, own = f"{'/'.join(adapter.parts[-2:])}@{read.sha256[:8]}", read.scale
        if not own:
            raise SmileError(f"{adapter} applies nothing of its change; train it again with a scale above 0.")
        for scale in chosen.scale or (own,):
            copy = folder / f"{number}-{scale}"
            shutil.copytree(adapter, copy)
            rescale(copy, scale / own)
            models = load_models(chosen.model, precision=chosen.precision, adapter=copy)
            yield Tried(name, scale, models)


def _measure(
    job: Job, language: str, tried: Sequence[Tried], chosen: argparse.Namespace, rows: LikelihoodRows
) -> None:
    """Make the rows of a language that are missing."""
    from smile.corpora import apart
    from smile.evaluation import runs
    from smile.evaluation.likelihood import foreseen

    settings = settings_of(chosen)
    with Bar(f"Reading {language}") as bar:
        clips = runs.targets(job, language)
        apart(clips, job.corpus.read(language, job.pool_split).utterances)
        pools = {t.models.smile.info.encoder.adapter: _pool(job, t, language) for t in tried}
        with rows.saved():
            for done, clip in enumerate(clips, 1):
                wanted = [(t, k) for k in chosen.counts for t in tried if not rows.has(t, k, clip)]
                rows.add(foreseen(clip, wanted, pools, settings))
                bar(done, len(clips))


def _pool(job: Job, tried: Tried, language: str) -> Pool:
    from smile.evaluation import runs
    from smile.pools.pool import open_pool

    return open_pool(runs.pool(job, tried.models, language, lambda *_: None))
