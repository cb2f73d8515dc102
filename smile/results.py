"""Rows of an evaluation -> tables: rates by language and condition with intervals, and their summary.

Everything here is a pure function of a DataFrame as `packing.load` gives it: the fields of
`rows.Row`, one line an utterance and condition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from smile.datatypes import SmileError

RESAMPLES = 1000
LEVEL = 0.95
FEWEST = 10  # utterances on which an interval can say something of a difference
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What is counted, after which normaliser."""

    unit: str = "cer"  # "cer" or "wer"
    normaliser: str = "plain"

    @property
    def edits(self) -> str:
        """The column of edits."""
        return f"{self.normaliser}_{'edits' if self.unit == 'cer' else 'word_edits'}"

    @property
    def length(self) -> str:
        """The column of the reference's length."""
        return f"{self.normaliser}_{'length' if self.unit == 'cer' else 'words'}"


CER = Metric()


def by_language(
    rows: pd.DataFrame, metric: Metric = CER, baseline: str = "vanilla", seed: int = 0
) -> pd.DataFrame:
    """A line for each language and condition.

    `rate` is total edits over total length, `mean` the mean over utterances, both in percent and with
    the bounds of a bootstrap interval (`low`, `high`); `reduction` is how much lower the rate is than the
    baseline's on the same utterances, in percent of it, and `beyond` whether its interval leaves 0 out.
    `empty` and `loops` are shares of the utterances in percent. Utterances whose reference is empty
    are not counted, and failed ones only as `failed`. Where a language lacks the baseline, the
    comparison is missing.
    """
    parts = [
        _language(group, str(language), metric, baseline, seed)
        for language, group in rows.groupby("language", sort=True)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _language(rows: pd.DataFrame, language: str, metric: Metric, baseline: str, seed: int) -> pd.DataFrame:
    """The lines of one language; all its conditions see the same resamples of its utterances."""
    rows = rows.sort_values("condition", key=ranked, kind="stable")
    ids = sorted(rows["id"].unique())
    draws = resamples(len(ids), seed, language)
    cells = {str(name): _cell(group, ids, metric) for name, group in rows.groupby("condition", sort=False)}
    base = cells.get(baseline)
    lines = []
    for name, cell in cells.items():
        line = {"language": language, "condition": name, **cell.facts, **cell.rates(draws)}
        lines.append({**line, **(compared(cell, base, draws) if base else {})})
    return pd.DataFrame(lines)


@dataclass(frozen=True)
class Cell:
    """Edits and lengths of a language's utterances under one condition; NaN where one is not counted."""

    edits: Values
    length: Values
    facts: dict[str, float]

    def rates(self, draws: Values) -> dict[str, float]:
        """Rate and mean with their intervals, in percent."""
        each = self.edits / self.length
        ones = np.where(np.isnan(self.length), np.nan, 1.0)
        found = {}
        for name, low, high, top, bottom in (
            ("rate", "low", "high", self.edits, self.length),
            ("mean", "mean_low", "mean_high", each, ones),
        ):
            found[name] = ratio(top, bottom)
            found[low], found[high] = interval(ratios(draws, top, bottom))
        return found


def _cell(rows: pd.DataFrame, ids: Sequence[str], metric: Metric) -> Cell:
    if rows["id"].duplicated().any():
        raise SmileError(f'There are two rows of one utterance under "{rows["condition"].iloc[0]}".')
    rows = rows.set_index("id").reindex(ids)
    edits, length = (rows[c].astype("float64").to_numpy(copy=True) for c in (metric.edits, metric.length))
    left_out = np.isnan(edits) | ~(length > 0)
    edits[left_out], length[left_out] = np.nan, np.nan
    counted = rows[~left_out]
    clips = len(counted)
    facts = {
        "clips": clips,
        "failed": int((rows["error"].fillna("") != "").sum()),
        "edits": float(np.nansum(edits)),
        "length": float(np.nansum(length)),
        "empty": 100 * float((counted["hypothesis"].str.strip() == "").mean()) if clips else np.nan,
        "loops": 100 * float((counted["stopped"] == "loop").mean()) if clips else np.nan,
    }
    return Cell(edits, length, facts)


def compared(cell: Cell, base: Cell, draws: Values) -> dict[str, float | bool]:
    """The relative reduction against a baseline on the utterances that both have, in percent."""
    both = ~np.isnan(cell.edits) & ~np.isnan(base.edits)
    ours, theirs = (np.where(both, c.edits, np.nan) for c in (cell, base))
    length = np.where(both, cell.length, np.nan)
    before = ratio(theirs, length)
    if not before > 0:
        return {"reduction": np.nan, "better": False, "beyond": False}
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = 100 * (1 - ratios(draws, ours, length) / ratios(draws, theirs, length))
    low, high = interval(resampled)
    reduction = 100 * (1 - ratio(ours, length) / before)
    return {
        "reduction": reduction,
        "reduction_low": low,
        "reduction_high": high,
        "better": bool(reduction > 0),
        "beyond": bool((low > 0 or high < 0) and both.sum() >= FEWEST),
    }


def resamples(size: int, seed: int, key: str) -> Values:
    """How often each of `size` utterances is drawn in each resample -> (RESAMPLES, size)."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)


def ratio(top: Values, bottom: Values) -> float:
    """100 · Σ top / Σ bottom, without what is NaN; NaN where nothing is left."""
    below = float(np.nansum(bottom))
    return 100 * float(np.nansum(top)) / below if below else float("nan")


def ratios(draws: Values, top: Values, bottom: Values) -> Values:
    """The same in each resample -> (RESAMPLES,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (draws @ np.nan_to_num(top)) / (draws @ np.nan_to_num(bottom))


def interval(values: Values, level: float = LEVEL) -> tuple[float, float]:
    """The percentiles that hold the middle 95 % of the values; NaN where there are none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def summary(table: pd.DataFrame, languages: Sequence[str] = (), baseline: str = "vanilla") -> pd.DataFrame:
    """A line for each condition over a group of languages (empty: all), from `by_language`'s table.

    `macro` is the mean of the languages' rates; `reduction` compares it with the baseline's macro average
    over the same languages; `improved` and `worsened` count languages, `_beyond` those whose interval says
    so too.
    """
    chosen = table[table["language"].isin(languages)] if len(languages) else table
    if chosen.empty:
        return pd.DataFrame()
    base = chosen[chosen["condition"] == baseline].set_index("language")["rate"]
    chosen = chosen.sort_values("condition", key=ranked, kind="stable")
    lines = [_summed(str(n), g, base) for n, g in chosen.groupby("condition", sort=False)]
    return pd.DataFrame(lines)


def ranked(names: pd.Series[str]) -> pd.Series[str]:
    """A key to sort conditions by: vanilla first, numbers as numbers."""
    padded = names.str.replace(r"\d+", lambda m: m[0].zfill(4), regex=True)
    return padded.where(~names.str.startswith("vanilla"), "\0" + names)


def _summed(name: str, group: pd.DataFrame, base: pd.Series[float]) -> dict[str, object]:
    known = group.dropna(subset=["rate"])
    shared = known[known["language"].isin(base.index)]
    before = base.loc[shared["language"]].mean() if len(shared) else np.nan
    worst = known.loc[known["rate"].idxmax()] if len(known) else None
    better, beyond = (_truth(known, column) for column in ("better", "beyond"))
    worse = pd.Series(known.get("reduction", pd.Series(index=known.index, dtype=float)) < 0)
    return {
        "condition": name,
        "languages": len(known),
        "clips": int(known["clips"].sum()),
        "macro": known["rate"].mean(),
        "macro_mean": known["mean"].mean(),
        "reduction": 100 * (1 - shared["rate"].mean() / before) if before else np.nan,
        "improved": int(better.sum()),
        "improved_beyond": int((better & beyond).sum()),
        "worsened": int(worse.sum()),
        "worsened_beyond": int((worse & beyond).sum()),
        "worst": worst["language"] if worst is not None else "",
        "worst_rate": worst["rate"] if worst is not None else np.nan,
        "empty": known["empty"].mean(),
        "loops": known["loops"].mean(),
        "failed": int(group["failed"].sum()),
    }


def _truth(table: pd.DataFrame, column: str) -> pd.Series[bool]:
    if column not in table:
        return pd.Series(False, index=table.index)
    return table[column].eq(True)


def as_text(table: pd.DataFrame, columns: Sequence[str]) -> str:
    """A table for a terminal."""
    shown = table[[column for column in columns if column in table]]
    return shown.to_string(index=False, float_format=lambda v: f"{v:.1f}", na_rep="")
