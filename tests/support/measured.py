"""Rows of an evaluation that never took place, made by a seed: for tests of what is shown of rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from smile.evaluation.conditions import Condition, read_grid, resolved
from smile.evaluation.rows import Row, RowFile, Seconds
from smile.results import packing
from tests.support.made_conditions import condition

RATES = {"chr": 0.9, "sxb": 0.7, "ell": 0.35, "bel": 0.4, "cat": 0.25, "eng": 0.1}  # of vanilla Whisper
WORDS = {"chr": "ᎤᎾᏙᏓᏉᏅᎯ ᏔᎵᏁᎢᎦ ᎠᏂᏣᎳᎩ", "ell": "καλημέρα σε όλους εδώ"}
NASTY = '<img src=x onerror="alert(1)"> ${1 + 1} {{value}}'
LENGTH = 40  # characters of every reference
RUN = {
    "date": "2026-11-24T13:57:32+00:00",
    "commit": "c0ffeec0ffee",
    "machine": "a CPU, 2 cores",
    "command": "smile evaluate --grid main",
}
ADAPTER = "0123456789ab"
KNN = condition("k-1", shots=1, knn=1.0, no_repeat=True)
FITTED = (
    condition("acoustic", shots=1, knn=1.0, no_repeat=True, level="acoustic"),
    condition("combined", shots=1, knn=1.0, no_repeat=True, level="combined"),
)
WRONG = condition("w-1", shots=1, pool="chr")


MEASURES = tuple(
    condition(f"u-{shots}-{name}", shots=shots, divergence=name)
    for shots in (1, 3)
    for name in ("kl-reverse", "js", "cosine", "euclidean")
)
POOLS = tuple(
    condition(f"u-{shots}-{minutes}min", shots=shots, minutes=float(minutes))
    for shots in (1, 3)
    for minutes in (1, 2, 5)
)


SIZES = tuple(
    condition(f"{level}-{clips}clips", shots=3, level=level, clips=clips)
    for level in ("context", "acoustic")
    for clips in (5, 30)
)
LENGTHS = tuple(condition(f"u-{shots}-25s", shots=shots, total_seconds=25.0) for shots in (1, 3, 10))
WAYS = (
    condition("u-1-oracle", sampler="oracle", candidates=8),
    condition("u-1-draft", sampler="draft"),
    condition("u-3-mixed", shots=3, sampler="mixed"),
)


def conditions() -> tuple[Condition, ...]:
    """Those of two grids that come with the package, and some that differ from them in one setting."""
    more = (*MEASURES, *POOLS, *SIZES, *LENGTHS, *WAYS, KNN, WRONG)
    by_hash: dict[str, Condition] = {}
    for some in (read_grid("main"), read_grid("adapter"), more):
        for one in resolved(some, ADAPTER, model="whisper-base/0"):
            by_hash.setdefault(one.hash, one)
    return tuple(by_hash.values())


def gain(condition: Condition) -> float:
    """The share of vanilla's errors that a condition saves here."""
    if condition.side == "vanilla":
        return 0.05 if condition.settings.cut_loops else 0.0
    if condition.pool:
        return -0.3
    gain = 0.12 * min(condition.settings.shots, 3) - 0.04 * max(0, condition.settings.shots - 3)
    gain -= 0.1 if condition.settings.sampler == "random" else 0
    gain += {"oracle": 0.3, "draft": 0.1}.get(condition.settings.sampler, 0)
    gain -= 0.05 if condition.settings.divergence == "euclidean" else 0
    gain -= 0.03 * (10 - (condition.minutes or 10)) / 3
    gain += {"acoustic": 0.2, "combined": -0.2}.get(condition.settings.level, 0)
    return gain + (0.15 if condition.adapter else 0) + 0.2 * condition.settings.knn


def rows_of(language: str, condition: Condition, clips: int) -> Iterable[tuple[Row, Seconds]]:
    """The rows of a language; the first clip has markup in its text, the second loops, the third is empty."""
    generator = np.random.default_rng([ord(c) for c in language + condition.hash])
    words = WORDS.get(language.split("+")[0], "the quick brown fox").split()
    shots = condition.settings.shots
    rate = min(0.95, max(0.02, RATES[language.split("+")[0]] * (1 - gain(condition))))
    for i in range(clips):
        text = {0: NASTY, 2: ""}.get(i, " ".join(generator.permutation(words)))
        edits, word_edits = int(generator.binomial(LENGTH, rate)), int(generator.binomial(8, rate))
        counts = {f"{n}_{k}": v for n in ("plain", "ml_superb")
                  for k, v in (("edits", edits + (n == "ml_superb")), ("length", LENGTH),
                               ("word_edits", word_edits), ("words", 8))}  # fmt: skip
        shown = tuple(f"{language}-pool-{j}" for j in generator.permutation(50)[:shots])
        yield (
            Row(f"{language}-{i}", language, "10min_test", condition.name, condition.hash, text, **counts,
                normalisers="plain/1 ml_superb/1", stopped="loop" if i == 1 else "end", token="sw",
                neighbours=shown, distances=tuple(0.01 * (j + 1) for j in range(len(shown)))),
            Seconds(f"{language}-{i}", condition.hash, 0.8 + 0.2 * shots, 0.001 * shots),
        )  # fmt: skip


def evaluated(
    folder: Path, chosen: Sequence[Condition] = (), languages: Iterable[str] = RATES, clips: int = 12
) -> Path:
    """An evaluation's folder, as `smile evaluate` leaves it."""
    folder.mkdir(parents=True)
    chosen = chosen or conditions()
    for language in languages:
        file = RowFile(folder, language)
        for one in chosen:
            file.add(rows_of(language, one, clips))
        file.write()
    known = {c.hash: {"name": c.name, **c.facts()} for c in chosen}
    manifest = {"conditions": known, "runs": [{**RUN, "corpora": dict.fromkeys(languages, "0" * 12)}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def packed(folder: Path, chosen: Sequence[Condition] = (), **options: object) -> pd.DataFrame:
    """Rows as the page loads them; `folder` gets the evaluation and the packed file."""
    packing.pack([evaluated(folder / "rows", chosen, **options)], folder / "packed")  # type: ignore[arg-type]
    return packing.load(folder / "packed")
