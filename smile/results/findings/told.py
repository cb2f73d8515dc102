"""The words of a comparison, shared by all answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smile.results.evidence import Evidence
from smile.results.pairs import Paired
from smile.results.wording import change, percent

Answer = tuple[str, str]  # the sentences, the figure


def verdict(pair: Paired) -> str:
    """Say whether it helps."""
    if not pair.clear:
        return "Not measurably: the change is within its interval."
    return "Yes." if pair.reduction > 0 else "No: the error rate rises."


def told(pair: Paired, condition: str, baseline: str, evidence: Evidence) -> str:
    """Tell a comparison in two sentences."""
    unit = evidence.metric.unit.upper()
    return (
        f"{evidence.name(condition)}: macro average {unit} {percent(pair.after)}, against "
        f"{percent(pair.before)} of {evidence.name(baseline)} ({change(pair.reduction)}, {bounds(pair)}). "
        f"Lower in {pair.count(True)} of {pair.languages} languages, {pair.count(True, True)} of them beyond "
        f"the interval; higher beyond it in {pair.count(False, True)}."
    )


def bounds(pair: Paired) -> str:
    """Return the interval of the change."""
    return f"95 % interval {change(pair.high)} to {change(pair.low)}"


@dataclass(frozen=True)
class Verdicts:
    """How an answer opens, by what several comparisons show together."""

    better: str = "Yes."
    worse: str = "No: the error rate rises."
    mixed: str = "It depends."
    unclear: str = "Not measurably."

    def of(self, better: int, worse: int, unclear: int) -> str:
        """Return the words for so many comparisons that are clearly better, clearly worse and neither."""
        if better and worse:
            return self.mixed
        if better:
            return self.better if better >= unclear else "Sometimes."
        if worse:
            return self.worse if worse >= unclear else "No: sometimes the error rate rises."
        return self.unclear


HELPS = Verdicts()


def listed(
    pairs: list[tuple[pd.Series[Any], Paired]],
    ours: str,
    theirs: str,
    evidence: Evidence,
    verdicts: Verdicts | None = HELPS,
) -> Answer | None:
    """List several comparisons of the same kind, and say what they show together.

    `verdicts` are the words that answer the question; without them only the comparisons are told.
    """
    if not pairs:
        return None
    better = sum(pair.clear and pair.reduction > 0 for _, pair in pairs)
    worse = sum(pair.clear and pair.reduction < 0 for _, pair in pairs)
    unclear = len(pairs) - better - worse
    unit = evidence.metric.unit.upper()
    counts = f"clearly lower {unit} in {better}, clearly higher in {worse}, no clear change in {unclear}"
    of = f"{len(pairs)} comparison{'s' * (len(pairs) != 1)}{on([pair for _, pair in pairs], evidence)}"
    shown = "; ".join(
        f"{line['short']}: {percent(pair.after)} against {percent(pair.before)}" for line, pair in pairs[:4]
    )
    opening = f"{verdicts.of(better, worse, unclear)} " if verdicts else ""
    nearest = pairs[0][1]  # to what the page does
    return f"{opening}{ours} against {theirs}, {of}: {counts}. {shown}.", change(nearest.reduction)


def on(pairs: Sequence[Paired], evidence: Evidence) -> str:
    """Say on how many languages comparisons were made, where that is not all of them."""
    counts = sorted({pair.languages for pair in pairs})
    if counts in ([], [len(evidence.sampled)]):
        return ""
    return f" on {counts[0]} languages" if len(counts) == 1 else f" on {counts[0]} to {counts[-1]} languages"


def rates_of(evidence: Evidence, lines: pd.DataFrame) -> pd.DataFrame:
    """Return macro averages of the series that the page is nearest to, by label in the order of x."""
    if lines.empty:
        return lines
    mine = lines[lines["label"] == evidence.headline]["series"]
    name = mine.iloc[0] if len(mine) else lines["series"].iloc[0]
    lines = lines[lines["series"] == name].sort_values("x").set_index("label")
    pairs = {label: evidence.pair(str(label), evidence.baseline) for label in lines.index}
    rates = {label: pair.after for label, pair in pairs.items() if pair}
    return lines.assign(rate=pd.Series(rates, dtype=float)).dropna(subset=["rate"])
