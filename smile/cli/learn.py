"""`smile learn`: what correcting brings, measured on a corpus."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.models import add_engine, models_of
from smile.cli.options import add_settings, settings_of
from smile.cli.parsers import CORPUS, LANGUAGES, Commands, add_command, add_option
from smile.cli.terminal import Bar, names
from smile.datatypes import SmileError, Utterance
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
    add_option(
        parser,
        "--order",
        type=names,
        default=(),
        help="Compare orders of correcting instead: random, doubtful, unlike or both, joined by commas; "
        "after 10, 20 and 30 corrections the clips of --split are transcribed.",
    )
    add_option(
        parser, "--waiting", type=int, default=60, help="Let an order choose among this number of clips."
    )
    add_option(parser, "--split", help="Transcribe clips of this split (default: the test clips).")
    add_option(parser, "--seed", type=int, default=0, help="Choose the test clips by this seed.")
    add_settings(parser, [name for name in OPTIONS if name != "seed"])
    add_option(parser, "--out", type=Path, required=True, help="Write each clip's edits to this CSV file.")
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """Measure what correcting brings: test clips one after the other, each joining a small pool."""
    from smile.own import sequence

    if chosen.order:
        _compare_orders(chosen)
        return
    models, settings = models_of(chosen), settings_of(chosen)
    edits: list[sequence.ClipEdits] = []
    for code, pool, targets, work in _languages(chosen, models):
        steps = sequence.sequence(models, pool, targets, work, chosen.examples, settings)
        with Bar(f"Correcting {code}") as bar:
            for clip in steps:
                edits.append(clip)
                bar(clip.number, len(targets))
        sequence.write(edits, chosen.out)
    print(sequence.as_text(edits))


def _compare_orders(chosen: argparse.Namespace) -> None:
    """Measure orders of correcting, and write the table anew after each language."""
    from smile.own import order_measure
    from smile.own.order import ORDERS
    from smile.util.storage import write_text

    if unknown := sorted(set(chosen.order) - set(ORDERS)):
        raise SmileError(f'There is no order "{unknown[0]}"; choose among {", ".join(ORDERS)}.')
    models = models_of(chosen)
    plan = order_measure.Plan(
        tuple(chosen.order), chosen.examples, chosen.waiting, seed=chosen.seed, settings=settings_of(chosen)
    )
    rows: list[order_measure.OrderEdits] = []
    for code, pool, targets, _ in _languages(chosen, models):
        whole = plan.transcripts(len(targets))
        with Bar(f"Orders of {code}") as bar:
            for number, row in enumerate(order_measure.measure(models, pool, targets, plan), 1):
                rows += [row] if row else []
                bar(min(number, whole), whole)
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        write_text(chosen.out, order_measure.as_csv(rows))
    print(order_measure.as_text(rows))


def _languages(
    chosen: argparse.Namespace, models: Models
) -> Iterator[tuple[str, Pool, list[Utterance], Path]]:
    """Yield each language's code, pool and clips to transcribe, and a folder that is removed at the end."""
    from smile.corpora import open_corpus
    from smile.retrieval.samplers import stable_shuffle
    from smile.text.languages import iso_code

    corpus = open_corpus(chosen.data)
    split = chosen.split or corpus.splits.targets
    codes = [iso_code(code) for code in chosen.languages] or list(corpus.languages(split))
    with TemporaryDirectory(prefix="smile-learn-") as folder:
        for code in codes:
            pool = _pool(corpus, code, chosen.data, Path(folder), models)
            tests = corpus.read(code, split).utterances
            targets = [tests[i] for i in stable_shuffle(tests, f"{chosen.seed}/")[: chosen.clips]]
            yield code, pool, targets, Path(folder)


def _pool(corpus: Corpus, code: str, data: Path, work: Path, models: Models) -> Pool:
    """Make the pool of a language's examples in a folder."""
    from smile.pools import indexing
    from smile.pools.pool import Header

    with Bar(f"Indexing {code}") as bar:
        reading = corpus.read(code, corpus.splits.examples)
        header = Header(indexing.language_of(data, code, reading))
        return indexing.build(reading, work / code, models, header, progress=bar).pool
