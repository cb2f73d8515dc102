"""What the level of a recording does to its transcripts: CER by peak, as it lies and brought to a level.

Clips of a split are scaled to several peaks, nothing else, and transcribed by Whisper alone and behind 3
examples without the kNN-LM, whose pool stays as it is: the 10-minute pool of an ML-SUPERB folder, or a pool
that is given.

    smile bench levels --data ML_SUPERB --split 10min_test --limit 10 --languages mdw,gla
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from smile.audio.io import from_array, read_audio
from smile.bench.acoustic import Errors
from smile.bench.pools import pool_of
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, AudioError, Samples, Utterance
from smile.pools.pool import Pool
from smile.settings import DEFAULTS
from smile.transcription.pipeline import transcribe
from smile.whisper.model import Models, load_models

EVALUATED = ("mdw", "sxb", "chr", "gla", "qtu", "bel", "bul", "ell", "cat", "dan")
PEAKS = (-6, -20, -36, -51, -66)  # dB of full scale
SETTINGS = replace(DEFAULTS, shots=3, knn=0.0)
SIDES = ("Whisper alone", "SMILE")
Said = Callable[[str], None]
Texts = tuple[str, str]  # by Whisper alone, and behind examples
Key = tuple[str, int, bool]  # whose text, at which peak, whether brought to a level


@dataclass(frozen=True)
class Sweep:
    """What is measured."""

    data: Path  # ML-SUPERB
    split: str = "10min_test"
    limit: int = 10  # clips of a language
    pools: Path | None = None  # a folder of pools by language code; None: they are made, and thrown away
    sixteen_bits: bool = False  # whether scaled clips are rounded, as a recorder that is set too low does


@dataclass
class Measured:
    """The errors of one language, or of all."""

    language: str
    clips: int = 0
    errors: dict[Key, Errors] = field(default_factory=dict)

    def cell(self, side: str, peak: int) -> str:
        """Return the CER in percent as the samples lie, and brought to a level."""
        before, now = (self.errors[side, peak, levelled].cer for levelled in (False, True))
        return f"{before:.1f} / {now:.1f}"


def run(sweep: Sweep, languages: Sequence[str] = (), said: Said = lambda _: None) -> str:
    """Measure each language on its first clips -> Markdown; `said` hears its rows when it is done."""
    models, done = load_models(), list[Measured]()
    for language in languages or EVALUATED:
        with tempfile.TemporaryDirectory() as work:
            pool = pool_of(sweep.data, models, language, Path(work), sweep.pools)
            clips = open_corpus(sweep.data).read(language, sweep.split).utterances[: sweep.limit]
            done.append(measured(models, pool, clips, sweep.sixteen_bits))
        said("\n".join(str(_row(done[-1], side)) for side in SIDES))
    bits = "rounded to 16 bits" if sweep.sixteen_bits else "as floats"
    head = f"{sweep.split}, first {sweep.limit} clips, {bits}, normaliser plain; {stamp()}"
    return "\n\n".join([head, *(f"{side}\n\n{markdown_table(list(_rows(done, side)))}" for side in SIDES)])


def measured(models: Models, pool: Pool, clips: Sequence[Utterance], sixteen_bits: bool = False) -> Measured:
    """Transcribe clips at each peak, as they lie and brought to a level, and count what is wrong."""
    code = pool.language.code
    result = Measured(code, len(clips))
    for clip in clips:
        samples = read_audio(clip.audio)
        for peak in PEAKS:
            for levelled, texts in _both(models, pool, scaled(samples, peak, sixteen_bits)).items():
                for side, text in zip(SIDES, texts, strict=True):
                    errors = result.errors.setdefault((side, peak, levelled), Errors())
                    errors.add(clip.text, text, code)
    return result


def scaled(samples: Samples, peak: float, sixteen_bits: bool = False) -> Samples:
    """Return samples (n,) scaled to a peak in dB of full scale, and rounded to 16 bits where asked to."""
    quiet = samples * np.float32(10 ** (peak / 20) / np.abs(samples).max())
    return np.rint(quiet * 2**15) / np.float32(2**15) if sixteen_bits else quiet


def _both(models: Models, pool: Pool, samples: Samples) -> Mapping[bool, Texts]:
    """The texts of samples as they lie, and brought to a level; no text where they are refused as silent."""
    before = _texts(models, pool, samples)
    try:
        levelled = from_array(samples, SAMPLE_RATE)
    except AudioError:
        return {False: before, True: ("", "")}
    same = np.array_equal(levelled, samples)
    return {False: before, True: before if same else _texts(models, pool, levelled)}


def _texts(models: Models, pool: Pool, samples: Samples) -> Texts:
    *_, result = transcribe(models, samples, pool, SETTINGS)
    return result.vanilla.text, result.smile.text


def _rows(done: Sequence[Measured], side: str) -> Iterator[dict[str, object]]:
    """A row a language, and one with the mean over languages."""
    for one in done:
        yield _row(one, side)
    cells = {_name(peak): _mean(done, side, peak) for peak in PEAKS}
    yield {"language": "macro", "clips": sum(one.clips for one in done), **cells}


def _row(one: Measured, side: str) -> dict[str, object]:
    cells = {_name(peak): one.cell(side, peak) for peak in PEAKS}
    return {"language": one.language, "clips": one.clips, **cells}


def _name(peak: int) -> str:
    return f"{peak} dB"


def _mean(done: Sequence[Measured], side: str, peak: int) -> str:
    before, now = (
        np.mean([one.errors[side, peak, levelled].cer for one in done]) for levelled in (False, True)
    )
    return f"{before:.1f} / {now:.1f}"
