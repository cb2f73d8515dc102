"""Rows of an evaluation -> tables: rates by language and condition with intervals, and their summary.

Everything here is a pure function of a DataFrame as `packing.load` gives it: the fields of
`rows.Row`, one line an utterance and condition.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from smile.datatypes import SmileError

RESAMPLES = 1000
LEVEL = 0.95
FEWEST = 10  # utterances on which an interval can say something of a difference
KEYS = ["language", "id", "condition", "hash"]
COUNTED = ["edits", "length", "empty", "loops"]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What is counted, after which normaliser."""

    unit: str = "cer"  # "cer" or "wer"
    normaliser: str = "plain"

    @property
    def edits(self) -> str:
        """Return the name of the column of edits."""
        return f"{self.normaliser}_{'edits' if self.unit == 'cer' else 'word_edits'}"

    @property
    def length(self) -> str:
        """Return the name of the column of the reference's length."""
        return f"{self.normaliser}_{'length' if self.unit == 'cer' else 'words'}"


CER = Metric()


def by_language(
    rows: pd.DataFrame, metric: Metric = CER, baseline: str = "vanilla", seed: int = 0
) -> pd.DataFrame:
    """Return a line for each language and condition.

    `rate` is total edits over total length, `mean` the mean over utterances, both in percent and with
    the bounds of a bootstrap interval (`low`, `high`); `reduction` is how much lower the rate is than the
    baseline's on the same utterances, in percent of it, and `significant` whether its interval leaves 0 out.
    `empty` and `loops` are shares of the utterances in percent. Utterances whose reference is empty
    are not counted, and failed ones only as `failed`. Where a language lacks the baseline, the
    comparison is missing. A condition with several hashes, such as the seeds of a random sampler, is
    their average.
    """
    return table_of(sampled(rows, metric, seed).values(), baseline)


def table_of(languages: Iterable[Sampled], baseline: str) -> pd.DataFrame:
    """Return a line for each language and condition, as `by_language` does, from rows that are ready."""
    parts = [_language(each, baseline) for each in languages]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def sampled(rows: pd.DataFrame, metric: Metric = CER, seed: int = 0) -> dict[str, Sampled]:
    """Make rows ready, by language; all conditions of a language see the same resamples."""
    if rows.empty:
        return {}
    ready = {}
    for language, group in counted(rows, metric).groupby("language", sort=True):
        counts = counts_of(group)
        draws = resamples(counts.edits.shape[1], seed, str(language))
        ready[str(language)] = Sampled(str(language), counts, _facts(group, counts.conditions), draws)
    return ready


def counted(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return rows with `edits`, `length`, `empty`, `loops` (NaN where one is not counted) and `failed`."""
    if rows.duplicated(KEYS).any():
        raise SmileError(f'There are two rows of one utterance under "{_twice(rows)}".')
    edits, length = (rows[c].astype("float64") for c in (metric.edits, metric.length))
    counts = rows[KEYS].assign(
        edits=edits,
        length=length,
        empty=100.0 * (rows["hypothesis"].str.strip() == ""),
        loops=100.0 * (rows["stopped"] == "loop"),
        failed=(rows["error"].fillna("") != "").astype("float64"),
    )
    counts.loc[edits.isna() | ~(length > 0), COUNTED] = np.nan
    return counts


def _twice(rows: pd.DataFrame) -> str:
    return str(rows.loc[rows.duplicated(KEYS), "condition"].iloc[0])


@dataclass(frozen=True)
class Counts:
    """Edits and lengths of a language -> (conditions, utterances); NaN where one is not counted."""

    conditions: list[str]
    edits: Values
    length: Values

    def rates(self, draws: Values) -> dict[str, Values]:
        """Return the rate and mean of each condition with their intervals, in percent."""
        each = self.edits / self.length
        ones = np.where(np.isnan(self.length), np.nan, 1.0)
        figures = {}
        for name, low, high, top, bottom in (
            ("rate", "low", "high", self.edits, self.length),
            ("mean", "mean_low", "mean_high", each, ones),
        ):
            figures[name] = ratio(top, bottom)
            figures[low], figures[high] = interval(ratios(draws, top, bottom))
        return figures

    def only(self, *conditions: str) -> Counts:
        """Return the counts of these conditions."""
        at = [self.conditions.index(name) for name in conditions]
        return Counts(list(conditions), self.edits[at], self.length[at])

    def shared(self, baseline: str) -> tuple[Values, Values, Values]:
        """Return edits, the baseline's edits and lengths on the utterances that both have."""
        base = self.edits[self.conditions.index(baseline)]
        both = ~np.isnan(self.edits) & ~np.isnan(base)
        ours, theirs, length = (np.where(both, v, np.nan) for v in (self.edits, base, self.length))
        return ours, theirs, length


def counts_of(flat: pd.DataFrame) -> Counts:
    """Return the counts of one language's counted rows; conditions in their order, utterances by id."""
    names = pd.Series(flat["condition"].unique()).sort_values(key=ranked, kind="stable").tolist()
    ids = sorted(flat["id"].unique())
    shape = len(names), len(ids)
    places = pd.Index(names).get_indexer(flat["condition"]) * len(ids) + pd.Index(ids).get_indexer(flat["id"])
    edits, length = (_means(flat[column].to_numpy(), places, shape) for column in ("edits", "length"))
    return Counts(names, edits, length)


def _means(values: Values, places: NDArray[np.int64], shape: tuple[int, int]) -> Values:
    """The mean of the values in each place, without what is NaN; NaN where nothing is left."""
    there = ~np.isnan(values)
    size = shape[0] * shape[1]
    totals = np.bincount(places[there], values[there], minlength=size)
    counts = np.bincount(places[there], minlength=size)
    return (totals / np.where(counts == 0, np.nan, counts)).reshape(shape)


def _facts(flat: pd.DataFrame, conditions: list[str]) -> pd.DataFrame:
    """Shares of empty outputs and loops, and failed rows, by condition."""
    groups = flat.groupby("condition")
    return groups[["empty", "loops"]].mean().assign(failed=groups["failed"].sum()).reindex(conditions)


@dataclass(frozen=True)
class Sampled:
    """A language's counts, and how often each utterance is drawn in each resample."""

    language: str
    counts: Counts
    facts: pd.DataFrame
    draws: Values

    def has(self, *conditions: str) -> bool:
        """Return whether all these conditions were measured."""
        return set(conditions) <= set(self.counts.conditions)


def _language(one: Sampled, baseline: str) -> pd.DataFrame:
    """The lines of one language."""
    counts = one.counts
    table = pd.DataFrame(
        {
            "language": one.language,
            "condition": counts.conditions,
            "clips": (~np.isnan(counts.edits)).sum(axis=1),
            "failed": one.facts["failed"].to_numpy(dtype=int),
            "edits": np.nansum(counts.edits, axis=1),
            "length": np.nansum(counts.length, axis=1),
            "empty": one.facts["empty"].to_numpy(),
            "loops": one.facts["loops"].to_numpy(),
            **counts.rates(one.draws),
        }
    )
    return table.assign(**compared(counts, baseline, one.draws)) if one.has(baseline) else table


def compared(counts: Counts, baseline: str, draws: Values) -> dict[str, Values]:
    """Return the relative reductions against a baseline on the utterances that both have, in percent."""
    ours, theirs, length = counts.shared(baseline)
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = 100 * (1 - ratios(draws, ours, length) / ratios(draws, theirs, length))
        reduction = 100 * (1 - ratio(ours, length) / ratio(theirs, length))
    reduction = np.where(np.isfinite(reduction), reduction, np.nan)
    low, high = (np.where(np.isnan(reduction), np.nan, bound) for bound in interval(resampled))
    enough = (~np.isnan(ours)).sum(axis=1) >= FEWEST
    return {
        "reduction": reduction,
        "reduction_low": low,
        "reduction_high": high,
        "better": reduction > 0,
        "significant": ((low > 0) | (high < 0)) & enough,
    }


def resamples(size: int, seed: int, key: str) -> Values:
    """Draw how often each of `size` utterances comes in each resample -> (RESAMPLES, size)."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)


def ratio(top: Values, bottom: Values) -> Values:
    """Return 100 · Σ top / Σ bottom over the utterances, without what is NaN; NaN where nothing is left."""
    above, below = np.nansum(top, axis=-1), np.nansum(bottom, axis=-1)
    return 100 * above / np.where(below == 0, np.nan, below)


def ratios(draws: Values, top: Values, bottom: Values) -> Values:
    """Return 100 · Σ top / Σ bottom in each resample -> (RESAMPLES,) or (RESAMPLES, conditions)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (draws @ np.nan_to_num(top).T) / (draws @ np.nan_to_num(bottom).T)


def interval(values: Values, level: float = LEVEL) -> tuple[Values, Values]:
    """Return the percentiles that hold the middle 95 % of the resamples; NaN where there are none."""
    values = np.where(np.isfinite(values), values, np.nan)
    quantile = np.nanquantile if np.isnan(values).any() else np.quantile
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a condition without counted utterances
        low, high = quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def summary(table: pd.DataFrame, languages: Sequence[str] = (), baseline: str = "vanilla") -> pd.DataFrame:
    """Return a line for each condition over a group of languages (empty: all), from `by_language`'s table.

    `macro` is the mean of the languages' rates; `reduction` compares it with the baseline's macro average
    over the same languages; `improved` and `worsened` count languages, `_significant` those of them whose
    interval says so too.
    """
    chosen = table[table["language"].isin(languages)] if len(languages) else table
    if chosen.empty:
        return pd.DataFrame()
    base = chosen[chosen["condition"] == baseline].set_index("language")["rate"]
    chosen = chosen.sort_values("condition", key=ranked, kind="stable")
    lines = [_summed(str(n), g, base) for n, g in chosen.groupby("condition", sort=False)]
    return pd.DataFrame(lines)


def ranked(names: pd.Series[str]) -> pd.Series[str]:
    """Return a key to sort conditions by: vanilla first, numbers as numbers."""
    padded = names.str.replace(r"\d+", lambda m: m[0].zfill(4), regex=True)
    return padded.where(~names.str.startswith("vanilla"), "\0" + names)


def _summed(name: str, group: pd.DataFrame, base: pd.Series[float]) -> dict[str, object]:
    known = group.dropna(subset=["rate"])
    shared = known[known["language"].isin(base.index)]
    before = base.loc[shared["language"]].mean() if len(shared) else np.nan
    worst = known.loc[known["rate"].idxmax()] if len(known) else None
    better, significant = (_truth(known, column) for column in ("better", "significant"))
    worse = pd.Series(known.get("reduction", pd.Series(index=known.index, dtype=float)) < 0)
    return {
        "condition": name,
        "languages": len(known),
        "clips": int(known["clips"].sum()),
        "macro": known["rate"].mean(),
        "macro_mean": known["mean"].mean(),
        "reduction": 100 * (1 - shared["rate"].mean() / before) if before else np.nan,
        "improved": int(better.sum()),
        "improved_significant": int((better & significant).sum()),
        "worsened": int(worse.sum()),
        "worsened_significant": int((worse & significant).sum()),
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
    """Return a table as text for a terminal."""
    shown = table[[column for column in columns if column in table]]
    return shown.to_string(index=False, float_format=lambda v: f"{v:.1f}", na_rep="")
