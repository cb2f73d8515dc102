"""What the page writes for each recording to try of the pools that come along: by Whisper alone, and behind
examples. All of it is synthetic speech. The page shows these figures, and opens with the best of them.

    smile bench samples
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from smile.audio.io import read_audio
from smile.bench.report import markdown_table, stamp
from smile.datatypes import Utterance
from smile.demo.measured import FILE, MeasuredSamples, Sample, write_samples
from smile.demo.sentences import translated
from smile.demo.voices import LANGUAGES
from smile.paths import POOLS
from smile.pools.kept import kept_beside
from smile.pools.pool import Pool, open_pool
from smile.settings import DEFAULTS
from smile.text.scoring import score
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.util.commit import commit
from smile.whisper.model import Models, load_models


def run(out: Path = FILE, pools: Path = POOLS) -> str:
    """Transcribe every sample, write what came out, and return a Markdown table of the pools."""
    models = load_models()
    folders = sorted(header.parent for header in pools.glob("*/pool.json"))
    with TemporaryDirectory() as made:  # datastores
        opened = (kept_beside(open_pool(folder), Path(made) / folder.name) for folder in folders)
        samples = tuple(sample for pool in opened for sample in measured(models, pool))
    info = models.smile.info
    model = " ".join(filter(None, (info.encoder.model, info.precision, info.adapter_hash)))
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    write_samples(MeasuredSamples(now, commit() or "", model, asdict(DEFAULTS), samples), out)
    rows = [row(folder.name, [s for s in samples if s.pool == folder.name]) for folder in folders]
    return f"Synthetic speech, normaliser plain; {stamp()}\n\n{markdown_table(rows)}"


def measured(models: Models, pool: Pool) -> Iterator[Sample]:
    """Yield the samples of a pool, transcribed as the page does it."""
    prepare(pool, models.smile, DEFAULTS)
    for utterance in pool.queries:
        yield _sample(models, pool, utterance)


def _sample(models: Models, pool: Pool, utterance: Utterance) -> Sample:
    *_, result = transcribe(models, read_audio(utterance.audio), pool)
    sides = (result.vanilla.text, result.smile.text)
    rates = [score(utterance.text, side, language=pool.language.code).cer or 0.0 for side in sides]
    shown = [n for _, retrieved in result.examples for n in retrieved.neighbours]
    ids, distances = [n.utterance.id for n in shown], [float(f"{n.distance:.4g}") for n in shown]
    name = pool.folder.name
    english = translated(LANGUAGES[name], utterance.text) if name in LANGUAGES else ""
    cers = (round(rates[0], 4), round(rates[1], 4))
    return Sample(name, utterance.id, english, *sides, *cers, tuple(ids), tuple(distances))


def row(pool: str, samples: Sequence[Sample]) -> dict[str, object]:
    """Return a line of the table: mean CER of the samples, and how many examples make better and worse."""
    count = max(1, len(samples))
    return {
        "pool": pool,
        "samples": len(samples),
        "Whisper alone, CER %": f"{100 * sum(s.vanilla_cer for s in samples) / count:.1f}",
        "with examples, CER %": f"{100 * sum(s.smile_cer for s in samples) / count:.1f}",
        "better": sum(s.gain > 0 for s in samples),
        "worse": sum(s.gain < 0 for s in samples),
    }
