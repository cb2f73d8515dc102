"""`smile likelihood`: several adapters, each with several shares of its change, on the clips of a corpus."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from smile.cli.options import given_settings
from smile.corpora import apart, open_corpus
from smile.datatypes import SmileError, Utterance
from smile.evaluation import runs
from smile.evaluation.conditions import Condition
from smile.evaluation.likelihood import Foreseen, Tried, foreseen, table
from smile.evaluation.runs import Job
from smile.pools.pool import Pool, open_pool
from smile.settings import DEFAULTS
from smile.util.storage import write_text
from smile.whisper.adapters import load, rescale
from smile.whisper.model import load_models

UNTRAINED = "untrained"
KEY = ["adapter", "scale", "shots", "language", "id"]
Progress = Callable[[int, int], None]


def run(chosen: argparse.Namespace, bar: Callable[[str, str], Any]) -> pd.DataFrame:
    """Make the rows that are missing in `chosen.out`, a CSV file, and return their table.

    Raises:
        SmileError: a corpus, language or adapter that cannot be used.
    """
    if chosen.against_first and not chosen.adapter:
        raise SmileError("--against-first needs an adapter; name one with --adapter.")
    job = _job(chosen)
    languages = [part.language for part in runs.plan(job)]
    rows = Rows(chosen.out)
    with TemporaryDirectory() as folder:
        tried = list(_tried(chosen, Path(folder)))
        for language in languages:
            with bar(f"Reading {language}", "clips") as progress:
                _language(job, language, tried, chosen, rows, progress)
    return table(rows.frame(), tried[1].adapter if chosen.against_first else "")


def _job(chosen: argparse.Namespace) -> Job:
    cache = chosen.cache or chosen.out.with_name(f"{chosen.out.name}.pools")
    splits = open_corpus(chosen.data, cache).splits
    return Job(
        data=chosen.data,
        languages=tuple(filter(None, chosen.languages.split(","))),
        conditions=(Condition("pool"),),
        out=chosen.out.parent,
        cache=cache,
        split=chosen.split or splits.validation,
        pool_split=splits.examples,
        limit=chosen.limit,
    )


def _tried(chosen: argparse.Namespace, folder: Path) -> Iterator[Tried]:
    """The untrained model, then each adapter with each share of its change."""
    yield Tried(UNTRAINED, 0.0, load_models(chosen.model, precision=chosen.precision))
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


def _language(
    job: Job,
    language: str,
    tried: Sequence[Tried],
    chosen: argparse.Namespace,
    rows: Rows,
    progress: Progress,
) -> None:
    clips = runs.targets(job, language)
    apart(clips, job.corpus.read(language, job.pool_split).utterances)
    pools = {t.models.smile.info.encoder.adapter: _pool(job, t, language) for t in tried}
    settings = replace(DEFAULTS, **given_settings(chosen))
    with rows.saved():
        for done, clip in enumerate(clips, 1):
            wanted = [(t, k) for k in chosen.counts for t in tried if not rows.has(t, k, clip)]
            rows.add(foreseen(clip, wanted, pools, settings))
            progress(done, len(clips))


def _pool(job: Job, tried: Tried, language: str) -> Pool:
    return open_pool(runs.pool(job, tried.models, language, lambda *_: None))


class Rows:
    """The rows of a file; what is added stays there also after an interruption."""

    def __init__(self, path: Path):
        self._path = path
        try:
            self._rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
            self._there = {tuple(row[name] for name in KEY) for row in self._rows}
        except (ValueError, KeyError) as error:
            raise SmileError(f"{path} is not a file of this command's; give --out another name.") from error

    def has(self, tried: Tried, shots: int, clip: Utterance) -> bool:
        """Whether a row is there."""
        return (tried.adapter, tried.scale, shots, clip.language, clip.id) in self._there

    def add(self, made: Iterator[Foreseen]) -> None:
        """Rows of a clip."""
        self._rows.extend(asdict(row) for row in made)

    @contextmanager
    def saved(self) -> Iterator[None]:
        """Write the file at the end, however that comes."""
        try:
            yield
        finally:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = StringIO()
            self.frame().to_csv(text, index=False, lineterminator="\n")
            write_text(self._path, text.getvalue())

    def frame(self) -> pd.DataFrame:
        """All rows."""
        return pd.DataFrame(self._rows)
