"""What the commands do that make a pool of one's own files, try it, use it much, and take it away."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.options import given_settings
from smile.cli.terminal import Bar
from smile.datatypes import SmileError
from smile.paths import CACHE, INSTALLED, POOLS
from smile.settings import DEFAULTS, Settings

if TYPE_CHECKING:
    from smile.importing import Imported
    from smile.pools.indexing import Built
    from smile.pools.pool import Pool
    from smile.whisper.model import Models

CHECK_COLUMNS = ("condition", "rate", "low", "high", "reduction", "reduction_low", "reduction_high")


def build_imported(chosen: argparse.Namespace, models: Models) -> Built:
    """Make a pool of a zip or of annotated recordings; what cannot be used is told on standard error."""
    from smile import importing
    from smile.pools import indexing
    from smile.pools.pool import Header

    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".smile-import-", dir=chosen.out.parent) as work:
        with Bar("Cutting") as bar:
            found = importing.read(
                chosen.source,
                Path(work),
                tiers=chosen.tier,
                recording=chosen.recording,
                split=chosen.split,
                progress=bar,
                limits=importing.GENEROUS,
            )
        header = found.header
        code = chosen.language or (header.language.code if header else "")
        with Bar("Indexing") as bar:
            language = indexing.language_of(chosen.source, code, found.reading)
            known = header or Header(language, source=chosen.source.name)
            origin = Header(language, known.synthetic, known.source, known.licence)
            built = indexing.build(
                found.reading, chosen.out, models, origin, queries=found.queries, progress=bar
            )
    _tell(found, built)
    return built


def _tell(found: Imported, built: Built) -> None:
    for row in built.rejected:
        print(f"{found.place(row.line)}: {row.reason}", file=sys.stderr)
    if found.empty:
        print(f"{found.empty} annotations without a text were passed over.", file=sys.stderr)


def opened(folder: Path, models: Models) -> Pool:
    """Open a pool; a package that was installed is not written to, so its pools' tokens go to the cache."""
    from smile.pools.kept import cached, stores
    from smile.pools.pool import open_pool

    encoder = models.smile.info.encoder
    pool = open_pool(folder, encoder)
    if not _installed(folder):
        return pool
    cache = Path(os.environ.get("SMILE_CACHE") or CACHE / "pools")
    return replace(pool, stores=stores(cached(cache, folder.name, encoder)))


def _installed(folder: Path) -> bool:
    return INSTALLED and folder.resolve().parent == POOLS


def transcribe_many(chosen: argparse.Namespace, models: Models, pool: Pool, settings: Settings) -> None:
    """Transcribe recordings one after the other and export them; goes on where it stopped."""
    from smile.exporting import FORMATS
    from smile.transcription import batch

    kinds = [kind.strip().lower() for kind in chosen.format.split(",")]
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise SmileError(f'There is no format "{unknown[0]}"; choose from {", ".join(FORMATS)}.')
    if chosen.out is None:
        raise SmileError("Name a folder for the transcripts of several recordings with --out.")
    if chosen.json or chosen.reference:
        raise SmileError("--json and --reference are for one recording; choose --format jsonl.")
    found = batch.recordings(chosen.clip)
    failed = 0
    steps = batch.run(models, found, pool, settings, chosen.out, kinds)
    with Bar("Transcribing", "recordings") as bar, closing(steps):
        for step in steps:
            bar(step.done, step.total)
            if step.problem:
                failed += step.transcript is None
                print(f"{step.name}: {step.problem}", file=sys.stderr)
    if failed == len(found):
        raise SmileError("No recording could be transcribed.")
    print(f"{chosen.out}: {len(found) - failed} of {len(found)} recordings as {', '.join(kinds)}.")


def export(chosen: argparse.Namespace) -> None:
    """Take a pool away as a zip: its own folder, or one in ML-SUPERB's layout."""
    from smile.pools.export import FORMATS
    from smile.pools.pool import open_pool

    if chosen.out.suffix.lower() != ".zip":
        raise SmileError(f"{chosen.out} is to be a zip; name a file that ends in .zip.")
    pool = open_pool(chosen.pool)
    made = FORMATS[chosen.format](pool, chosen.out)
    print(f"{made}: {len(pool)} examples of {pool.language.name}.")


def check(chosen: argparse.Namespace, models: Models) -> None:
    """Print how well each setting does on the pool's own clips, and make the best one the pool's."""
    from smile.own import check as leave_one_out
    from smile.pools.setting import write_setting
    from smile.results import tables as results
    from smile.transcription.examples import prepare_datastore

    if _installed(chosen.pool):
        raise SmileError(
            f"{chosen.pool} is a part of the installed package, which is not written to; "
            "copy it, and check the copy."
        )
    pool = opened(chosen.pool, models)
    with Bar("Reading the pool") as bar:
        prepare_datastore(pool, models.smile, bar)
    tried = leave_one_out.conditions(models.smile.info, chosen.counts)
    found = leave_one_out.Check(0, 0)
    with Bar("Checking", "transcripts") as bar:
        for found in leave_one_out.leave_one_out(models, pool, tried, chosen.clips, chosen.seed):
            bar(found.done, found.total)
    setting = leave_one_out.best(found, tried, pool, models.smile.info)
    write_setting(chosen.pool, setting)
    print(f"CER in percent on {setting.clips} clips of {pool.language.name}, each left out of its pool;")
    print("low and high bound the 95 % bootstrap interval, reduction is relative to Whisper alone.\n")
    print(results.as_text(found.table, CHECK_COLUMNS))
    verdict = {True: "Examples help.", False: "Examples harm.", None: "Whether examples help is not clear."}
    interpolated = "with" if setting.knn else "without"
    print(f"\n{verdict[setting.helps]} {setting.shots} shots {interpolated} kNN-LM are now the default.")


def learn(chosen: argparse.Namespace, models: Models) -> None:
    """Print CER over a sequence of corrected clips, for a pool that grows with them and one that does not."""
    from smile.corpora import open_corpus
    from smile.own import sequence
    from smile.pools import indexing
    from smile.pools.pool import Header
    from smile.retrieval.samplers import stable_shuffle
    from smile.text.languages import iso_code

    corpus = open_corpus(chosen.data)
    codes = [iso_code(code.strip()) for code in chosen.languages.split(",") if code.strip()]
    found: list[sequence.Heard] = []
    with TemporaryDirectory(prefix="smile-learn-") as work:
        for code in codes or list(corpus.languages(corpus.splits.targets)):
            with Bar(f"Indexing {code}") as bar:
                reading = corpus.read(code, corpus.splits.examples)
                language = indexing.language_of(chosen.data, code, reading)
                pool = indexing.build(reading, Path(work) / code, models, Header(language), progress=bar).pool
            tests = corpus.read(code, corpus.splits.targets).utterances
            targets = [tests[i] for i in stable_shuffle(tests, f"{chosen.seed}/")[: chosen.clips]]
            steps = sequence.sequence(
                models,
                pool,
                targets,
                Path(work),
                chosen.examples,
                replace(DEFAULTS, **given_settings(chosen)),
            )
            with Bar(f"Correcting {code}") as bar:
                for heard in steps:
                    found.append(heard)
                    bar(heard.number, len(targets))
            sequence.write(found, chosen.out)
    print(sequence.as_text(found))
