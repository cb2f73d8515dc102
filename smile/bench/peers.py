"""Seconds to a transcript, beside what a user would take instead: faster-whisper and transformers' pipeline.

Every way transcribes the same clips in one process, clip by clip in turn, several rounds over, so that what
the machine does besides meets all alike. Ratios are to one transcription by faster-whisper in int8 with beam
1, the language given and no timestamps, its fastest way. What ours need is made before: a pool of the
training split with its datastore and its acoustic model.

    smile bench peers --data ML_SUPERB --languages deu --limit 4
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from smile.audio.io import read_audio
from smile.bench.engines import ct2_folder
from smile.bench.latency import asr_pipeline
from smile.bench.pools import pool_of
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, Samples, SmileError, Speech
from smile.pools.pool import Pool
from smile.settings import DEFAULTS, Settings
from smile.text.languages import language
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.transcription.target import Target
from smile.whisper import weights
from smile.whisper.engines import clips_at_a_time
from smile.whisper.model import Models, load_models

ROUNDS = 5
LENGTHS = ((5.0, 7.0), (20.0, 25.0))  # seconds of the clips
REFERENCE = "faster-whisper int8, beam 1, language given, no timestamps"
OURS: Mapping[str, Settings] = {
    "both transcripts, 1 example": replace(DEFAULTS, shots=1),
    "both transcripts, 3 examples": DEFAULTS,
    "both transcripts, 3 examples, no kNN-LM": replace(DEFAULTS, knn=0.0),
    "both transcripts, 8 examples": replace(DEFAULTS, shots=8),
    "Whisper alone and acoustic": replace(DEFAULTS, level="acoustic"),
    "Whisper alone and combined": replace(DEFAULTS, level="combined"),
}

Text = Iterator[str]  # what is there to read, as it comes
Way = Callable[[Samples], Text]


@dataclass(frozen=True)
class Timed:
    """One transcription: seconds to its first word, and to its last."""

    first: float
    last: float


@dataclass(frozen=True)
class Peers:
    """What is measured."""

    data: Path  # ML-SUPERB
    languages: Sequence[str] = ("deu",)  # clips of all count alike
    split: str = "10min_test"
    limit: int = 4  # clips of each length
    pools: Path | None = None  # a folder of pools by language code; None: one is made, and thrown away


def run(peers: Peers) -> str:
    """Time every way on clips of each length -> Markdown."""
    models = load_models()
    with ct2_folder() as folder:
        tables = [_of_language(peers, models, folder, code) for code in peers.languages]
    return "\n\n".join(table for two in tables for table in two)


def _of_language(peers: Peers, models: Models, folder: Path, code: str) -> list[str]:
    """Time every way on clips of one language -> a table a length."""
    with tempfile.TemporaryDirectory() as work:
        pool = _pool(peers, models, code, Path(work))
        ways = {**faster_whisper(folder, code), **pipeline(), **ours(models, pool)}
        return [_table(peers, ways, code, bounds) for bounds in LENGTHS]


def _table(peers: Peers, ways: Mapping[str, Way], code: str, bounds: tuple[float, float]) -> str:
    clips = joined(_read(peers, code), *bounds, peers.limit)
    seconds = sum(map(len, clips)) / SAMPLE_RATE
    head = (
        f"{len(clips)} clips of {bounds[0]:g} to {bounds[1]:g} s ({seconds:.0f} s), {code}, "
        f"{ROUNDS} rounds; {stamp()}"
    )
    return f"{head}\n\n{markdown_table(rows(measured(ways, clips)))}"


def _read(peers: Peers, code: str) -> Iterator[Samples]:
    for utterance in open_corpus(peers.data).read(code, peers.split).utterances:
        yield read_audio(utterance.audio)


def joined(clips: Iterable[Samples], shortest: float, longest: float, count: int) -> list[Samples]:
    """Return so many stretches (n,) of a length in seconds, of clips in their order, one or several in each.

    Raises:
        SmileError: the clips do not suffice for one.
    """
    made, parts = list[Samples](), list[Samples]()
    for clip in clips:
        parts.append(clip)
        seconds = sum(map(len, parts)) / SAMPLE_RATE
        if seconds > longest:
            parts = [clip] if len(clip) <= longest * SAMPLE_RATE else []
        if parts and shortest <= sum(map(len, parts)) / SAMPLE_RATE <= longest:
            made.append(np.concatenate(parts))
            parts = []
        if len(made) == count:
            break
    if not made:
        raise SmileError(f"No clips of the split come to {shortest:g} to {longest:g} s; give another split.")
    return made


def measured(ways: Mapping[str, Way], clips: Sequence[Samples]) -> dict[str, list[Timed]]:
    """Time every way on every clip, in turn, after one clip to warm up."""
    for way in ways.values():
        timed(way, clips[0])
    times: dict[str, list[Timed]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for clip in clips:
            for name, way in ways.items():
                times[name].append(timed(way, clip))
    return times


def timed(way: Way, clip: Samples) -> Timed:
    """Time one transcription; one without a word has its first with its last."""
    began, first = time.perf_counter(), 0.0
    for text in way(clip.copy()):
        if text.strip() and not first:
            first = time.perf_counter() - began
    last = time.perf_counter() - began
    return Timed(first or last, last)


def rows(times: Mapping[str, Sequence[Timed]]) -> list[dict[str, object]]:
    """Return a row a way: medians, quartiles, and the ratio of medians to the reference's."""
    usual = float(np.median([one.last for one in times[REFERENCE]]))
    return [_row(name, timings, usual) for name, timings in times.items()]


def _row(name: str, timings: Sequence[Timed], usual: float) -> dict[str, object]:
    low, middle, high = np.quantile([one.last for one in timings], [0.25, 0.5, 0.75])
    return {
        "way": name,
        "to the first word, s": f"{np.median([one.first for one in timings]):.2f}",
        "to the last, s": f"{middle:.2f}",
        "quartiles": f"{low:.2f} to {high:.2f}",
        "ratio": f"{middle / usual:.2f}",
    }


def ours(models: Models, pool: Pool) -> dict[str, Way]:
    """Return SMILE's ways: Whisper alone, the acoustic model alone, both transcripts at several settings."""
    shown = {name: partial(_smile, models, pool, settings) for name, settings in OURS.items()}
    return {
        "SMILE, Whisper alone": partial(_smile, models, None, DEFAULTS),
        "SMILE, acoustic model alone": partial(_acoustic, models, pool),
        **shown,
    }


def _acoustic(models: Models, pool: Pool, clip: Samples) -> Text:
    target = Target(models, Speech(0.0, len(clip) / SAMPLE_RATE, clip))
    for step in target.acoustic(DEFAULTS, pool):
        yield step.decoded.text


def _smile(models: Models, pool: Pool | None, settings: Settings, clip: Samples) -> Text:
    for result in transcribe(models, clip, pool, settings):
        yield result.vanilla.text


def faster_whisper(folder: Path, code: str) -> dict[str, Way]:
    """Return faster-whisper's ways on the same weights.

    Raises:
        SmileError: it is not installed.
    """
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise SmileError("This benchmark needs faster-whisper: pip install faster-whisper") from error
    threads = clips_at_a_time("cpu")  # as many as we take; its own default is four, on however few cores
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
    given = {"beam_size": 1, "language": language(code).whisper or "en", "without_timestamps": True}
    asked: dict[str, dict[str, Any]] = {
        REFERENCE: given,
        "faster-whisper int8, beam 1, language detected": {"beam_size": 1},
        "faster-whisper int8, its defaults": {},
    }
    return {name: partial(_segments, model, options) for name, options in asked.items()}


def _segments(model: Any, options: Mapping[str, Any], clip: Samples) -> Text:
    for segment in model.transcribe(clip, **options)[0]:
        yield segment.text


def pipeline() -> dict[str, Way]:
    """Return transformers' pipeline on the same weights, in float32."""
    from smile.whisper.engines.hf import whisper

    base = weights.find()
    recognize = asr_pipeline(base, whisper(base.state(), base.config).eval())

    def text(clip: Samples) -> Text:
        yield str(recognize(clip, generate_kwargs={"task": "transcribe"})["text"])

    return {"transformers' pipeline, float32": text}


def _pool(peers: Peers, models: Models, code: str, work: Path) -> Pool:
    """A language's pool, with all that a level needs."""
    pool = pool_of(peers.data, models, code, work, peers.pools)
    for settings in OURS.values():
        prepare(pool, models.smile, settings)
    return pool
