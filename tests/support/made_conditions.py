"""Conditions for tests, their settings named beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from smile.evaluation.conditions import Condition
from smile.settings import OPTIONS
from smile.transcription.options import ALONE


def condition(name: str, side: Literal["vanilla", "in-context"] = "in-context", **values: Any) -> Condition:
    """Return a condition of one example, without kNN-LM and control of loops, where nothing else is said."""
    chosen = {key: value for key, value in values.items() if key in OPTIONS}
    base = ALONE if side == "vanilla" else replace(ALONE, shots=1)
    beside = {key: value for key, value in values.items() if key not in OPTIONS}
    return Condition(name, side, replace(base, **chosen), **beside)


def changed(base: Condition, **values: Any) -> Condition:
    """Return a condition with other values, of its settings or beside them."""
    chosen = {key: value for key, value in values.items() if key in OPTIONS}
    beside = {key: value for key, value in values.items() if key not in OPTIONS}
    return replace(base, settings=replace(base.settings, **chosen), **beside)
