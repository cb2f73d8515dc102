"""`smile learn`: what correcting brings, measured on a corpus."""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.models import add_engine, models_of
from smile.cli.options import add_settings, settings_of
from smile.cli.parsers import CORPUS, LANGUAGES, Commands, add_command, add_option
from smile.cli.terminal import Bar, names
from smile.settings import OPTIONS

if TYPE_CHECKING:
    from smile.corpora import Corpus
    from smile.pools.pool import Pool
    from smile.whisper.model import Models


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "learn", run)
    add_option(parser, "--data", type=Path, required=True, help=f"Measure on this corpus: {CORPUS}.")
    add_option(parser, "--languages", type=names, default=(), help=LANGUAGES)
    add_option(
        parser, "--examples", type=int, default=12, help="Begin with this number of examples in the pool."
    )
    add_option(parser, "--clips", type=int, default=30, help="Correct this number of test clips.")
    add_option(parser, "--seed", type=int, default=0, help="Choose the test clips by this seed.")
    add_settings(parser, [name for name in OPTIONS if name != "seed"])
    add_option(parser, "--out", type=Path, required=True, help="Write each clip's edits to this CSV file.")
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """Measure what correcting brings: test clips one after the other, each joining a small pool."""
    from smile.corpora import open_corpus
    from smile.own import sequence
    from smile.retrieval.samplers import stable_shuffle
    from smile.text.languages import iso_code

    models = models_of(chosen)
    corpus, settings = open_corpus(chosen.data), settings_of(chosen)
    codes = [iso_code(code) for code in chosen.languages] or list(corpus.languages(corpus.splits.targets))
    edits: list[sequence.ClipEdits] = []
    with TemporaryDirectory(prefix="smile-learn-") as folder:
        work = Path(folder)
        for code in codes:
            pool = _pool(corpus, code, chosen.data, work, models)
            tests = corpus.read(code, corpus.splits.targets).utterances
            targets = [tests[i] for i in stable_shuffle(tests, f"{chosen.seed}/")[: chosen.clips]]
            steps = sequence.sequence(models, pool, targets, work, chosen.examples, settings)
            with Bar(f"Correcting {code}") as bar:
                for clip in steps:
                    edits.append(clip)
                    bar(clip.number, len(targets))
            sequence.write(edits, chosen.out)
    print(sequence.as_text(edits))


def _pool(corpus: Corpus, code: str, data: Path, work: Path, models: Models) -> Pool:
    """Make the pool of a language's examples in a folder."""
    from smile.pools import indexing
    from smile.pools.pool import Header

    with Bar(f"Indexing {code}") as bar:
        reading = corpus.read(code, corpus.splits.examples)
        header = Header(indexing.language_of(data, code, reading))
        return indexing.build(reading, work / code, models, header, progress=bar).pool
