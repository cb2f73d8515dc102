"""Rows made ready for questions: labelled, without training languages, compared in pairs once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from smile import labels
from smile.pairs import Paired, Sampled, paired, sampled
from smile.results import CER, Metric
from smile.training.config import TrainConfig

TRAINING = TrainConfig().languages  # of the adapter: what it does on them says nothing of new languages


@dataclass
class Evidence:
    """Rows as `packing.load` gives them, and comparisons made of them."""

    raw: pd.DataFrame
    metric: Metric = CER
    _made: dict[tuple[str, ...], Paired | None] = field(default_factory=dict)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows that count here, labelled."""
        return labels.labelled(self.raw[~self.raw["language"].isin(TRAINING)])

    @cached_property
    def facts(self) -> pd.DataFrame:
        """The settings behind the labels."""
        return labels.conditions(self.raw[~self.raw["language"].isin(TRAINING)])

    @cached_property
    def sampled(self) -> dict[str, Sampled]:
        """The rows' counts, by language."""
        return sampled(self.rows, self.metric)

    @property
    def headline(self) -> str:
        """What the page does by itself, or the nearest to it that was measured."""
        return labels.headline(self.facts)

    @property
    def baseline(self) -> str:
        """Whisper alone."""
        return labels.baseline(self.facts)

    def pair(self, condition: str, baseline: str, languages: Sequence[str] = ()) -> Paired | None:
        """A condition against a baseline, over some languages (empty: all)."""
        key = (condition, baseline, *languages)
        if key not in self._made:
            chosen = languages or self.sampled
            parts = [self.sampled[code] for code in chosen if code in self.sampled]
            self._made[key] = paired(parts, condition, baseline)
        return self._made[key]

    def twins(
        self, setting: str, one: Any, other: Any, also: Sequence[str] = ()
    ) -> list[tuple[pd.Series[Any], Paired]]:
        """Comparisons of conditions that differ in one setting only, with the first one's settings."""
        pairs = labels.twins(self.facts, setting, one, other, also)
        found = [(line, self.pair(ours, theirs)) for ours, theirs, line in pairs]
        return [(line, pair) for line, pair in found if pair]
