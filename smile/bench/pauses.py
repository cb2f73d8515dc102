"""What a pause inside a segment does to its transcript: two clips joined, by the seconds between them.

A decoder behind examples may take the pause for the end. Pairs of clips are transcribed behind 3 examples
clip by clip, joined as one segment, and joined with segments cut again where their text is short
(`Settings.split_short`).

    smile bench pauses --data ML_SUPERB --split 10min_dev --limit 10 --languages mdw,sxb
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from smile.audio.io import read_audio
from smile.audio.length import stated_seconds
from smile.bench.acoustic import UNKNOWN, Errors
from smile.bench.pools import pool_of
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, Samples, Utterance
from smile.pools.pool import Pool
from smile.pools.subsets import subset
from smile.settings import DEFAULTS
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.whisper.model import Models, load_models

SIZES = (12, 0)  # clips of the pool; 0: all of 10 minutes
GAPS = (0.4, 1.0)  # seconds between two clips
LONGEST = 7.0  # seconds of a clip, so that two fit a segment
HISS = 1e-4  # of full scale, between clips
WHOLE = replace(DEFAULTS, split_short=False)
Said = Callable[[str], None]


@dataclass(frozen=True)
class Pauses:
    """What is measured."""

    data: Path  # ML-SUPERB
    split: str = "10min_dev"
    limit: int = 10  # pairs of clips of a language


@dataclass
class Written:
    """The errors of one way to transcribe, and how much it wrote."""

    errors: Errors = field(default_factory=Errors)
    characters: int = 0
    wanted: int = 0

    def add(self, reference: str, text: str, language: str) -> None:
        """Count a transcript."""
        self.errors.add(reference, text, language)
        self.characters += len(text)
        self.wanted += len(reference)

    @property
    def cell(self) -> str:
        """Return the CER in percent, and the characters written in percent of the reference's."""
        return f"{self.errors.cer:.1f} ({100 * self.characters / self.wanted:.0f} %)"


def run(asked: Pauses, languages: Sequence[str] = UNKNOWN, said: Said = lambda _: None) -> str:
    """Measure languages -> Markdown; `said` hears a row when it is done."""
    models, rows = load_models(), list[dict[str, object]]()
    for language in languages:
        with tempfile.TemporaryDirectory() as work:
            pool = pool_of(asked.data, models, language, Path(work))
            pairs = pairs_of(open_corpus(asked.data).read(language, asked.split).utterances, asked.limit)
            for row in _rows(models, pool, pairs):
                rows.append(row)
                said(str(row))
    head = f"{asked.split}, {asked.limit} pairs of clips, SMILE with 3 examples, normaliser plain; {stamp()}"
    return f"{head}\n\nCER % (characters written, % of the reference's)\n\n{markdown_table(rows)}"


def pairs_of(clips: Sequence[Utterance], limit: int) -> list[tuple[Utterance, Utterance]]:
    """Return the first clips of which two fit a segment, in pairs."""
    short = list(islice((clip for clip in clips if (stated_seconds(clip.audio) or 0) <= LONGEST), 2 * limit))
    return list(zip(short[::2], short[1::2], strict=False))


def _rows(
    models: Models, whole: Pool, pairs: Sequence[tuple[Utterance, Utterance]]
) -> Iterator[dict[str, object]]:
    """The rows of a language, by size of the pool and by gap."""
    for size in SIZES:
        pool = subset(whole, 0, size)
        prepare(pool, models.smile, DEFAULTS)
        apart = Written()
        for clip in (clip for pair in pairs for clip in pair):
            apart.add(clip.text, _text(models, pool, read_audio(clip.audio), True), pool.language.code)
        for gap in GAPS:
            joint = {split: Written() for split in (False, True)}
            for pair in pairs:
                samples, reference = joined(pair, gap), " ".join(clip.text for clip in pair)
                for split, written in joint.items():
                    written.add(reference, _text(models, pool, samples, split), pool.language.code)
            yield {
                "language": pool.language.code,
                "clips in the pool": len(pool),
                "gap, s": gap,
                "clip by clip": apart.cell,
                "joined, one segment": joint[False].cell,
                "joined, cut again": joint[True].cell,
            }


def joined(pair: Sequence[Utterance], gap: float) -> Samples:
    """Return the sound of clips (n,) with so many seconds of faint hiss between them."""
    hiss = np.random.default_rng(0).standard_normal(round(gap * SAMPLE_RATE)).astype(np.float32)
    parts = [part for clip in pair for part in (read_audio(clip.audio), HISS * hiss)]
    return np.concatenate(parts[:-1]).astype(np.float32)


def _text(models: Models, pool: Pool, samples: Samples, split: bool) -> str:
    *_, result = transcribe(models, samples, pool, DEFAULTS if split else WHOLE)
    return result.smile.text
