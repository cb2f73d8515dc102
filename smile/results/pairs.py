"""Two conditions against each other over many languages: the macro average, and how sure its change is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.results.tables import Sampled, Values, compared, interval, ratios


@dataclass(frozen=True)
class Paired:
    """Two conditions on the languages and utterances that both have; rates are macro averages."""

    languages: int
    before: float
    after: float
    reduction: float  # relative, of the macro average, in percent; its bootstrap interval
    low: float
    high: float
    reductions: Values  # of each language
    significant: NDArray[np.bool_]  # whether the interval of each leaves 0 out

    @property
    def clear(self) -> bool:
        """Return whether the interval of the reduction leaves 0 out."""
        return self.low > 0 or self.high < 0

    def count(self, better: bool, significant: bool = False) -> int:
        """Return how many languages are better or worse, or are so significantly."""
        there = self.reductions > 0 if better else self.reductions < 0
        return int((there & self.significant).sum() if significant else there.sum())


def paired(languages: Iterable[Sampled], condition: str, baseline: str) -> Paired | None:
    """Compare a condition with a baseline over the languages that have both; None where none has."""
    pairs = [_pair(each, condition, baseline) for each in languages if each.has(condition, baseline)]
    pairs = [pair for pair in pairs if np.isfinite(pair[1][0])]
    if condition == baseline or not pairs:
        return None
    afters, befores, reductions, significant = zip(*pairs, strict=True)
    after, before = np.mean(afters, axis=0), np.mean(befores, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction = 100 * (1 - after / before)
    low, high = interval(reduction[1:])
    return Paired(
        languages=len(pairs),
        before=float(before[0]),
        after=float(after[0]),
        reduction=float(reduction[0]),
        low=float(low),
        high=float(high),
        reductions=np.array(reductions),
        significant=np.array(significant),
    )


def _pair(language: Sampled, condition: str, baseline: str) -> tuple[Values, Values, float, bool]:
    """Rates of both, as measured and then in each resample -> (1 + RESAMPLES,); reduction; significant."""
    counts = language.counts.only(condition, baseline)
    ours, theirs, length = (value[0] for value in counts.shared(baseline))
    draws = np.vstack([np.ones(len(length)), language.draws])
    change = compared(counts, baseline, language.draws)
    after, before = ratios(draws, ours, length), ratios(draws, theirs, length)
    return after, before, float(change["reduction"][0]), bool(change["significant"][0])
