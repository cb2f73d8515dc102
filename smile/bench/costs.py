"""Unit costs: seconds of one core, and bytes on the disk, for an hour of speech at every stage of a language.

Time is the processor's, of this process and all its threads, so that what else runs on the machine counts
little; each stage computes in one thread but for the fits, which have one each.

    smile bench costs --data ML_SUPERB --languages mdw --limit 20
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from smile.audio.io import read_audio
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, Samples
from smile.pools.indexing import index
from smile.pools.pool import Pool
from smile.settings import DEFAULTS, Level
from smile.whisper.engines import one_thread
from smile.whisper.model import Models, load_models

Made = TypeVar("Made")
HOUR = 3600.0  # seconds
LEVELS: tuple[Level, ...] = ("context", "acoustic", "combined")


@dataclass(frozen=True)
class Costs:
    """What is measured: a language of a corpus, and so many clips of a split."""

    data: Path  # ML-SUPERB
    language: str
    split: str = "10min_test"
    limit: int = 20
    pool_split: str = "10min_train"


@dataclass(frozen=True)
class Cost:
    """What a stage takes for some speech."""

    stage: str
    seconds: float  # of the processor
    speech: float  # seconds
    bytes: int = 0

    def row(self) -> dict[str, object]:
        """Return it for an hour of speech."""
        hours = self.speech / HOUR
        size = f"{self.bytes / hours / 1e9:.2f}" if self.bytes else "–"
        return {
            "stage": self.stage,
            "speech, s": f"{self.speech:.0f}",
            "core, s": f"{self.seconds:.1f}",
            "core seconds an hour of speech": f"{self.seconds / hours:.0f}",
            "GB an hour of speech": size,
        }


def run(asked: Costs, say: Callable[[str], None] = lambda text: None) -> str:
    """Measure every stage once -> Markdown."""
    rows = []
    with tempfile.TemporaryDirectory() as work, one_thread():
        models = load_models()
        for cost in _made(asked, models, Path(work)):
            say(f"{cost.stage}: {cost.seconds:.1f} s")
            rows.append(cost.row())
    told = f"{asked.language}, pool of {asked.pool_split}, {asked.limit} clips of {asked.split}"
    return f"{told}; {stamp()}\n\n{markdown_table(rows)}"


def _made(asked: Costs, models: Models, work: Path) -> Iterator[Cost]:
    from smile.transcription.preparing import Maker, prepare_acoustic, prepare_datastore

    folder, split = work / "pool", asked.pool_split
    built, seconds = _timed(partial(index, asked.data, folder, models, split=split, code=asked.language))
    pool = built.pool
    speech = 60 * pool.minutes
    yield Cost("recordings and embeddings (index)", seconds, speech, _size(folder))
    makers: dict[str, Maker] = {
        "kNN-LM datastore": prepare_datastore,
        "layer states and three heads": prepare_acoustic,
    }
    for stage, make in makers.items():
        before = _size(folder)
        _, seconds = _timed(partial(make, pool, models.smile))
        yield Cost(stage, seconds, speech, _size(folder) - before)
    clips = [
        read_audio(u.audio)
        for u in open_corpus(asked.data).read(asked.language, asked.split).utterances[: asked.limit]
    ]
    for level in LEVELS:
        yield _transcribed(level, clips, pool, models)


def _transcribed(level: Level, clips: list[Samples], pool: Pool, models: Models) -> Cost:
    from smile.transcription.pipeline import transcribe

    settings = replace(DEFAULTS, level=level)

    def all_of_them() -> None:
        for clip in clips:
            for _ in transcribe(models, clip, pool, settings):
                pass

    for _ in transcribe(models, clips[0], pool, settings):
        pass  # what is loaded once
    _, seconds = _timed(all_of_them)
    return Cost(f"both transcripts, level {level}", seconds, sum(map(len, clips)) / SAMPLE_RATE)


def _timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """Return what some work comes to, and the processor's seconds that it took."""
    began = time.process_time()
    made = work()
    return made, time.process_time() - began


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
