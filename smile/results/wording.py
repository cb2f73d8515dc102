"""Figures in words and signs, as tables and sentences have them."""

from __future__ import annotations

import pandas as pd


def percent(value: float) -> str:
    """Return a number of percent with one decimal, such as "46.6 %"; a dash where there is none."""
    return f"{value:.1f}\u00a0%" if pd.notna(value) else "–"


def change(reduction: float) -> str:
    """Return a relative reduction as a change, such as "−12.3 %" where the rate is lower by so much."""
    if pd.isna(reduction):
        return "–"
    sign = "" if abs(reduction) < 0.05 else "−" if reduction > 0 else "+"
    return f"{sign}{abs(reduction):.1f}\u00a0%"
