"""How well the confidence of words is calibrated: of the words that are 80 % sure, are 80 % right?

A word is right where the reference, aligned word by word with the fewest edits, has it. Texts are those of
the pools' acoustic models. Settings are chosen on `10min_dev`; `10min_test` is for figures.

    smile bench confidence --data ML_SUPERB --pools POOLS --languages mdw,gla --split 10min_test --limit 200

Pools that have been cross-read (`smile check POOL`, `smile examples POOL`) have words of their own to be
calibrated on. Each language's default is fitted to `10min_dev` of the others, and so is what its own words
are compared with. With --out FILE the default that comes along is fitted to all, and written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.calibrating import (
    Default,
    Words,
    adapted,
    default,
    fitted_default,
    own_words,
    words_of,
)
from smile.acoustic.confidence import Calibration
from smile.acoustic.evidence import NAMES
from smile.acoustic.model import AcousticModel, open_acoustic
from smile.acoustic.states import StatesId, readings
from smile.audio.io import read_audio
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import open_corpus
from smile.datatypes import SmileError, Utterance
from smile.pools.pool import open_pool
from smile.util.storage import write_text
from smile.whisper.model import Model, load_models

CHOICES = "10min_dev"  # the split that defaults are fitted to
BINS = 10  # of equally many words
Told = tuple[NDArray[np.float64], NDArray[np.bool_]]  # confidences of words, and whether they are right


@dataclass(frozen=True, eq=False)
class Bin:
    """Words of like confidence."""

    words: int
    said: float  # mean confidence
    right: float  # share of them that are right


def bins(confidences: NDArray[np.float64], right: NDArray[np.bool_], number: int = BINS) -> list[Bin]:
    """Return words (words,) in bins of equally many, the least sure first; none is empty."""
    order = np.argsort(confidences, kind="stable")
    parts = [part for part in np.array_split(order, number) if len(part)]
    return [Bin(len(p), float(confidences[p].mean()), float(right[p].mean())) for p in parts]


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: the mean over words of |said - right| of their bin, 0 to 1."""
    parts = bins(confidences, right)
    return sum(part.words * abs(part.said - part.right) for part in parts) / max(1, len(right))


def chance_error(confidences: NDArray[np.float64], draws: int = 200) -> float:
    """Return the mean calibration error of words that are right as often as is said: what few cost."""
    chances = np.random.default_rng(0)
    drawn = (chances.random(len(confidences)) < confidences for _ in range(draws))
    return float(np.mean([calibration_error(confidences, right) for right in drawn]))


def area(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: how often a right word is surer than a wrong one, ties as half."""
    good, bad = confidences[right], confidences[~right]
    if not len(good) or not len(bad):
        return float("nan")
    ranked = np.sort(bad)
    below = np.searchsorted(ranked, good, "left") + np.searchsorted(ranked, good, "right")
    return float(below.mean() / 2 / len(bad))


@dataclass(frozen=True, eq=False)
class _Read:
    """What is known of a language's words."""

    language: str
    measured: Words  # of the split that is measured
    chosen: Words  # of CHOICES, to which defaults are fitted
    crossed: Words | None  # of the pool's own clips


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    data: Path  # ML-SUPERB
    pools: Path | None  # a folder of pools with acoustic models, each under its language's code
    languages: Sequence[str]
    limit: int  # clips of a split

    @property
    def command(self) -> str:
        """Return the command that makes the default of it."""
        options = f"--languages {','.join(self.languages)} --limit {self.limit} --out FILE"
        return f"smile bench confidence --data ML_SUPERB --pools POOLS {options}"


def run(asked: Asked, split: str) -> str:
    """Measure languages on the first clips of a split -> Markdown.

    Raises:
        SmileError: no pools are named, or one has no acoustic model.
    """
    read = _all_read(asked, split)
    rows, own = [], list[Told]()
    for one in read:
        others = [each for each in read if each is not one]
        row, told = _row(one, _default(others) if others else default().calibration)
        rows.append(row)
        own.append(told)
    note = f"{split}, first {asked.limit} clips, {BINS} bins of equally many words; {stamp()}"
    return f"{note}\n\n{markdown_table(rows)}\n\n{_reliability(own)}\n\nMost memory held: {memory():.2f} GB."


def write_default(asked: Asked, out: Path) -> str:
    """Fit the default calibration to the first clips of CHOICES and write it -> what was done.

    Raises:
        SmileError: no pools are named, or one has no acoustic model.
    """
    made = Default(_default(_all_read(asked, CHOICES)), asked.command, f"{datetime.now(UTC):%Y-%m-%d}")
    write_text(out, json.dumps(asdict(made), indent=1) + "\n")
    return f"{out}: {made.calibration.fitted_to}."


def _all_read(asked: Asked, split: str) -> list[_Read]:
    if asked.pools is None:
        raise SmileError("Name a folder of pools with --pools; `smile index --acoustic` makes one.")
    model, corpus = load_models().smile, open_corpus(asked.data)
    reads, found = StatesId.of(model), list[_Read]()
    for language in asked.languages:
        pool = open_pool(asked.pools / language, model.info.encoder)
        acoustic = open_acoustic(pool, model)
        clips = {each: corpus.read(language, each).utterances[: asked.limit] for each in (split, CHOICES)}
        words = {name: _words(model, acoustic, each) for name, each in clips.items()}
        measured, chosen = words[split], words[CHOICES]
        found.append(_Read(language, measured, chosen, own_words(pool, reads)))
    return found


def _words(model: Model, acoustic: AcousticModel, clips: Sequence[Utterance]) -> Words:
    """The words that a model writes for clips."""
    found: list[Words] = []
    for clip in clips:
        read = readings(model, read_audio(clip.audio), acoustic.head.reads.layers)
        text = acoustic.decode(*read).text
        found.append(words_of(acoustic, acoustic.logprobs(read[0]), text, clip.text))
    return Words.joined(found)


def _default(read: Sequence[_Read]) -> Calibration:
    """The default that languages give."""
    return fitted_default(Words.joined(one.chosen for one in read), [one.language for one in read])


def _row(one: _Read, given: Calibration) -> tuple[dict[str, object], Told]:
    """A language's row, its confidences as a pool has them, and which words are right."""
    numbers, right = one.measured.numbers, one.measured.right
    aligned = np.exp(numbers[:, NAMES.index("aligned")])
    usual = given.probabilities(numbers)
    own = adapted(given, one.crossed).probabilities(numbers) if one.crossed else usual
    row: dict[str, object] = {
        "language": one.language,
        "words": len(right),
        "right, %": f"{100 * right.mean():.1f}",
    }
    for name, told in (("probability", aligned), ("default of the others", usual), ("confidence", own)):
        row[f"{name}: ECE"] = f"{calibration_error(told, right):.3f}"
        row[f"{name}: AUC"] = f"{area(told, right):.3f}"
    row["ECE by chance"] = f"{chance_error(own):.3f}"
    return row, (own, right)


def _reliability(each: Sequence[Told]) -> str:
    """The reliability table of all languages' words."""
    confidences, right = (np.concatenate(parts) for parts in zip(*each, strict=True))
    rows: list[dict[str, object]] = [
        {"words": b.words, "said, %": f"{100 * b.said:.1f}", "right, %": f"{100 * b.right:.1f}"}
        for b in bins(confidences, right)
    ]
    return markdown_table(rows)
