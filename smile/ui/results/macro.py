"""Macro averages of several conditions, over the languages that all of them were measured on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def macro(table: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Return the mean of the languages' rates by condition, from `results.by_language`'s table.

    The bounds take the languages as independent: each bound's distance from the mean is the root of the
    summed squares of the languages' distances, over their number. Without a shared language there is no
    line.
    """
    wanted = list(dict.fromkeys(conditions))
    mine = table[table["condition"].isin(wanted)].dropna(subset=["rate"])
    wide = mine.pivot(index="language", columns="condition", values=["rate", "low", "high"])
    there = [name for name in wanted if name in set(mine["condition"])]
    wide = wide.dropna()
    if wide.empty or not there:
        return pd.DataFrame(columns=["rate", "low", "high", "languages"])
    rate, low, high = (wide[name][there] for name in ("rate", "low", "high"))
    mean, count = rate.mean(), len(wide)
    below, above = (np.sqrt(((rate - bound) ** 2).sum()) / count for bound in (low, high))
    return pd.DataFrame({"rate": mean, "low": mean - below, "high": mean + above, "languages": count})
