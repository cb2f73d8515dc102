"""What each command does with its arguments."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from smile.cli.options import given_settings
from smile.cli.terminal import Bar
from smile.datatypes import SmileError
from smile.paths import PRECOMPUTED
from smile.settings import DEFAULTS

if TYPE_CHECKING:
    from smile.settings import Settings
    from smile.transcription.result import Result
    from smile.whisper.model import Models


def _models(chosen: argparse.Namespace) -> Models:
    from smile.whisper.model import load_models, shipped_adapter

    return load_models(
        chosen.model,
        engine=chosen.engine,
        precision=chosen.precision,
        adapter=chosen.adapter or shipped_adapter(chosen.model),
        device=chosen.device,
    )


def app(chosen: argparse.Namespace) -> None:
    """Serve the page until interrupted."""
    from smile.cli.serving import run

    run(chosen)


def index(chosen: argparse.Namespace) -> None:
    """Make a pool of labelled clips; goes on where it was interrupted."""
    from smile import importing
    from smile.cli.pool_commands import build_imported
    from smile.pools import indexing
    from smile.transcription.examples import prepare_datastore

    models = _models(chosen)
    if chosen.tier or chosen.recording or importing.takes(chosen.source):
        built = build_imported(chosen, models)
    else:
        with Bar("Indexing") as bar:
            built = indexing.index(
                chosen.source,
                chosen.out,
                models,
                split=chosen.split,
                code=chosen.language,
                progress=bar,
            )
        for row in built.rejected:
            print(f"line {row.line}: {row.reason}", file=sys.stderr)
    if chosen.knn:
        with Bar("Reading") as bar:
            prepare_datastore(built.pool, models.smile, bar)
    pool = built.pool
    print(
        f"{chosen.out}: {len(pool)} examples of {pool.language.name}, {pool.minutes:.1f} minutes; "
        f"{len(built.rejected)} rows left out."
    )


def check(chosen: argparse.Namespace) -> None:
    """Ask a pool's own clips whether examples help, and which setting helps most; it becomes the pool's."""
    from smile.cli.pool_commands import check as run

    run(chosen, _models(chosen))


def learn(chosen: argparse.Namespace) -> None:
    """Measure what correcting brings: test clips one after the other, each joining a small pool."""
    from smile.cli import pool_commands

    pool_commands.learn(chosen, _models(chosen))


def pool(chosen: argparse.Namespace) -> None:
    """Take a pool away as a zip: its own folder, or one in ML-SUPERB's layout."""
    from smile.cli.pool_commands import export

    export(chosen)


def train(chosen: argparse.Namespace) -> None:
    """Meta-train an adapter; the same command goes on where it stopped."""
    from smile.cli.training_options import run

    print(run(chosen))


def similarity(chosen: argparse.Namespace) -> None:
    """Train the learned distance between clips on the meta-training languages."""
    from smile.training.similarity_run import run

    with Bar("Training") as bar:
        print(run(chosen, bar))


def transcribe(chosen: argparse.Namespace) -> None:
    """Transcribe a clip without and with examples of a pool; of many, or a folder, write files."""
    from smile.audio.io import read
    from smile.cli.pool_commands import opened, transcribe_many
    from smile.transcription.examples import prepare_datastore
    from smile.transcription.pipeline import transcribe as run
    from smile.transcription.result import as_dict

    many = len(chosen.clip) > 1 or chosen.clip[0].is_dir() or chosen.out is not None
    samples = None if many else read(chosen.clip[0])
    models = _models(chosen)
    pool = opened(chosen.pool, models)
    settings = _settings(chosen)
    if settings.knn:
        with Bar("Reading the pool") as bar:
            prepare_datastore(pool, models.smile.within(settings.windows), bar)
    if samples is None:
        transcribe_many(chosen, models, pool, settings)
        return
    *_, result = run(models, samples, pool, settings)
    if chosen.json:
        print(json.dumps(as_dict(result, chosen.reference), ensure_ascii=False, indent=2))
    else:
        _print(result)


def _settings(chosen: argparse.Namespace) -> Settings:
    """The settings of a command; what it leaves open is as the pool has it, or else the default."""
    from smile.pools.setting import read_setting

    own = read_setting(chosen.pool)
    settings = own.applied(DEFAULTS) if own else DEFAULTS
    return replace(settings, **given_settings(chosen))


def _print(result: Result) -> None:
    print(f"Whisper alone  {result.vanilla.text}")
    print(f"With examples  {result.smile.text}")
    for _, found in result.examples:
        for n in found.neighbours:
            print(f"  example {n.rank} at {n.distance:.4f}: {n.utterance.text}")


def evaluate(chosen: argparse.Namespace) -> None:
    """Measure conditions on the test clips of a corpus; goes on where it was interrupted."""
    from smile.cli import evaluation

    evaluation.run(chosen, Bar)


def likelihood(chosen: argparse.Namespace) -> None:
    """Measure how well adapters foresee references behind examples, in bits per character."""
    from smile.cli.likelihood_command import run

    table = run(chosen, Bar)
    whose = "first adapter" if chosen.against_first else "untrained model"
    print(f"Bits per character, mean of the languages; change in percent of the {whose}'s.\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))


def results(chosen: argparse.Namespace) -> None:
    """Show evaluations as tables, pack them for the page, or print what packed ones say of open questions."""
    from smile.cli import evaluation

    if chosen.what == "findings":
        evaluation.findings(chosen)
    elif chosen.what == "show":
        for folder in chosen.folders or [PRECOMPUTED]:
            evaluation.show(folder)
    elif chosen.folders:
        evaluation.pack(chosen)
    else:
        raise SmileError("Name one or more folders that smile evaluate has written.")


def project(chosen: argparse.Namespace) -> None:
    """Lay pools out as the maps that the page shows, each alone and all together."""
    from smile.maps.fit import project as run

    with Bar("Projecting", "maps") as bar:
        made = run(chosen.pools, chosen.out, chosen.name, chosen.seed, bar)
    print(*(entry.summary for entry in made), sep="\n")


def demo_pools(chosen: argparse.Namespace) -> None:
    """Make the demo pools anew: texts from CLDR, spoken by eSpeak NG, encoded by Whisper."""
    from smile.demo.build import build_all
    from smile.demo.voices import LANGUAGES
    from smile.pools import indexing
    from smile.whisper.model import load_models

    codes = chosen.languages.split(",") if chosen.languages else list(LANGUAGES)
    if not chosen.embed_only:
        with Bar("Speaking") as bar:
            build_all(chosen.out, codes, bar)
    models = load_models(precision="float32")
    for code in codes:
        with Bar(f"Indexing {code}") as bar:
            indexing.index(
                chosen.out / code,
                chosen.out / code,
                models,
                progress=bar,
            )


def bench(chosen: argparse.Namespace) -> None:
    """Measure on this machine: engines, latency, ways to hear examples, the app's start, the map."""
    from smile.bench import context, engines, latency, start

    if chosen.what == "map":
        from smile.bench import map as drawn

        print(drawn.run(chosen.points))
    elif chosen.what == "engines":
        print(engines.run(chosen.data, chosen.limit, chosen.split))
    elif chosen.what == "latency":
        print(latency.run(chosen.data[0], chosen.split))
    elif chosen.what == "context":
        print(context.run(chosen.data[0], chosen.split))
    else:
        print(start.run())
