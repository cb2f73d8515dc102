"""What the page writes for each recording to try of a pool: by Whisper alone, behind examples, and by the
level combined. The page shows these figures, and opens with the best of them.
What comes along is synthetic speech.

    smile bench samples [--languages gla,kmr]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from smile.audio.io import read_audio
from smile.bench.report import markdown_table, stamp
from smile.datatypes import Progress, SmileError, Utterance
from smile.demo.measured import FOLDER, MeasuredSamples, Sample, write_samples
from smile.demo.sentences import translated
from smile.demo.voices import LANGUAGES
from smile.paths import POOLS
from smile.pools.kept import kept_beside
from smile.pools.pool import Pool, open_pool
from smile.settings import DEFAULTS, latest
from smile.text.scoring import score
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.util.commit import commit
from smile.whisper.model import Models, load_models

Translate = Callable[[Utterance], str]
COMBINED = replace(DEFAULTS, level="combined")


def run(languages: Sequence[str] = (), out: Path = FOLDER, pools: Path = POOLS) -> str:
    """Transcribe every sample, write what came out pool by pool, and return a Markdown table of the pools.

    `languages` names the pools; without any it is all.

    Raises:
        SmileError: there is no such pool.
    """
    folders = {header.parent.name: header.parent for header in sorted(pools.glob("*/pool.json"))}
    if unknown := set(languages) - set(folders):
        raise SmileError(f"There is no demo pool of {min(unknown)!r}; choose from {', '.join(folders)}.")
    models, rows = load_models(), []
    for folder in [folders[name] for name in languages] or folders.values():
        with TemporaryDirectory() as made:  # datastores and heads
            pool = kept_beside(open_pool(folder), Path(made) / folder.name)
            measured = measure(models, pool, folder.name, _english)
        write_samples(measured, folder.name, out)
        rows.append(row(folder.name, measured.samples))
    return f"Synthetic speech, normaliser plain; {stamp()}\n\n{markdown_table(rows)}"


def measure(
    models: Models, pool: Pool, key: str, translate: Translate, progress: Progress | None = None
) -> MeasuredSamples:
    """Return the samples of a pool, transcribed as the page does it, and what they were transcribed with.

    `key` names the pool, and `translate` says in English what a sample says.
    """
    prepare(pool, models.smile, COMBINED)
    info = models.smile.info
    model = " ".join(filter(None, (info.encoder.model, info.precision, info.adapter_hash)))
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    samples = []
    for done, utterance in enumerate(pool.queries, start=1):
        sample = _sample(models, pool, utterance)
        samples.append(replace(sample, pool=key, translation=translate(utterance)))
        if progress:
            progress(done, len(pool.queries))
    return MeasuredSamples(now, commit() or "", model, asdict(DEFAULTS), tuple(samples), latest())


def _sample(models: Models, pool: Pool, utterance: Utterance) -> Sample:
    recording = read_audio(utterance.audio)
    *_, result = transcribe(models, recording, pool)
    *_, combined = transcribe(models, recording, pool, COMBINED)
    shown = [n for _, retrieved in result.examples for n in retrieved.neighbours]

    def rate(text: str) -> float:
        return round(score(utterance.text, text, language=pool.language.code).cer or 0.0, 4)

    return Sample(
        pool="",
        id=utterance.id,
        translation="",
        vanilla=result.vanilla.text,
        smile=result.smile.text,
        vanilla_cer=rate(result.vanilla.text),
        smile_cer=rate(result.smile.text),
        examples=tuple(n.utterance.id for n in shown),
        distances=tuple(float(f"{n.distance:.4g}") for n in shown),
        combined=combined.smile.text,
        combined_cer=rate(combined.smile.text),
    )


def _english(utterance: Utterance) -> str:
    """What an utterance of a demo pool says."""
    known = LANGUAGES.get(utterance.language)
    return translated(known, utterance.text) if known else ""


def row(pool: str, samples: Sequence[Sample]) -> dict[str, object]:
    """Return a line of the table: mean CER of the samples, and how many examples make better and worse."""
    combined = [s.combined_cer for s in samples if s.combined_cer is not None]
    return {
        "pool": pool,
        "samples": len(samples),
        "Whisper alone, CER %": _mean([s.vanilla_cer for s in samples]),
        "with examples, CER %": _mean([s.smile_cer for s in samples]),
        "combined, CER %": _mean(combined) if combined else "",
        "better": sum(s.gain > 0 for s in samples),
        "worse": sum(s.gain < 0 for s in samples),
    }


def _mean(rates: Sequence[float]) -> str:
    return f"{100 * sum(rates) / max(1, len(rates)):.1f}"
