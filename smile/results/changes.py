"""What examples changed in the CER of each utterance, and which examples were its nearest: from rows.

A pure function of labelled rows (`labels.labelled`) and the settings behind the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from smile.results import labels
from smile.results.tables import CER, Metric


@dataclass(frozen=True)
class Change:
    """An utterance with and without examples. Rates are in percent of its reference's length."""

    language: str  # ISO 639-3
    id: str
    before: float
    after: float
    near: tuple[str, ...] = ()  # ids of the nearest examples that were shown with it, nearest first
    distances: tuple[float, ...] = ()  # their KL, nats
    model: str = ""  # such as "whisper-base/0123456789ab", by whose states they are near

    @property
    def points(self) -> float:
        """Return how many points the rate rose; negative where examples helped."""
        return self.after - self.before


def changes(rows: pd.DataFrame, facts: pd.DataFrame, metric: Metric = CER) -> tuple[Change, ...]:
    """Return the utterances that have a reference, and rows under `labels.headline` and `labels.control`.

    The nearest are those of the row with most of them among the utterance's conditions that choose by KL
    from the whole pool of its language; none where there is no such row.
    """
    rates = _rates(rows, metric)
    names = labels.control(facts), labels.headline(facts)
    if not set(names) <= set(rates.columns):
        return ()
    both = rates[list(names)].dropna().itertuples(name=None)
    nearest = _nearest(rows, facts)
    return tuple(
        Change(language, name, float(before), float(after), *nearest.get((language, name), ()))
        for (language, name), before, after in both
    )


def _rates(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """A line an utterance, a column a condition: rates in percent; the seeds of a condition are averaged."""
    length = rows[metric.length].astype("float64")
    rate = (100 * rows[metric.edits].astype("float64") / length).where(length > 0)
    return rows.assign(rate=rate).pivot_table(index=["language", "id"], columns="condition", values="rate")


def _nearest(
    rows: pd.DataFrame, facts: pd.DataFrame
) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[float, ...], str]]:
    """Ids and distances of an utterance's nearest examples, and the model, by language and id."""
    whole = {"pool": "", "minutes": 0, "clips": 0}
    wanted = {"side": "in-context", "sampler": "nearest", "divergence": "kl", **whole}
    chosen = facts[(facts[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    nearest = rows[rows["hash"].isin(chosen.index)]
    nearest = nearest.assign(count=nearest["neighbours"].map(len))
    nearest = nearest[nearest["count"] > 0].sort_values("count", ascending=False, kind="stable")
    nearest = nearest.drop_duplicates(["language", "id"])
    return {
        (row["language"], row["id"]): (
            tuple(map(str, row["neighbours"])),
            tuple(map(float, row["distances"])),
            str(chosen.at[row["hash"], "model"] or ""),
        )
        for row in nearest.to_dict("records")
    }
