"""Rows made ready for questions: labelled, without training languages, compared in pairs once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from smile.results import labels
from smile.results.pairs import Paired, paired
from smile.results.tables import CER, Metric, Sampled, sampled
from smile.training.config import TrainConfig

JOINED = "+"  # in the code of such targets
TRAINING = TrainConfig().languages  # of the adapter: what it does on them says nothing of new languages


@dataclass
class Evidence:
    """Labelled rows, the settings behind the labels, and comparisons made of them."""

    rows: pd.DataFrame
    facts: pd.DataFrame
    sampled: dict[str, Sampled]
    metric: Metric = CER
    switched: Evidence | None = None  # of targets in which clips of two languages are joined
    _made: dict[tuple[str, ...], Paired | None] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: pd.DataFrame, metric: Metric = CER) -> Evidence:
        """Make the evidence of rows as `packing.load` gives them."""
        rows = labels.labelled(raw)
        return cls.held_out(rows, labels.conditions(raw), sampled(rows, metric), metric)

    @classmethod
    def held_out(
        cls, rows: pd.DataFrame, facts: pd.DataFrame, ready: Mapping[str, Sampled], metric: Metric = CER
    ) -> Evidence:
        """Make the evidence of prepared rows without the training languages; joined ones are kept apart."""
        switched = {code: one for code, one in ready.items() if JOINED in code}
        apart = {*TRAINING, *switched}
        kept = rows[~rows["language"].isin(apart)]
        ready = {code: one for code, one in ready.items() if code not in apart}
        evidence = cls(kept, facts[facts.index.isin(kept["hash"].unique())], ready, metric)
        if switched:
            both = rows[rows["language"].isin(switched)]
            evidence.switched = cls(both, facts[facts.index.isin(both["hash"].unique())], switched, metric)
        return evidence

    def name(self, label: str) -> str:
        """Return a condition's short name."""
        return labels.names(self.facts).get(label, label)

    @property
    def headline(self) -> str:
        """Return the label of what the page does by itself, or of the nearest to it that was measured."""
        return labels.headline(self.facts)

    @property
    def baseline(self) -> str:
        """Return the label of Whisper alone."""
        return labels.baseline(self.facts)

    @property
    def control(self) -> str:
        """Return the label of Whisper alone, controlled, against which it is measured what helps."""
        return labels.control(self.facts)

    def pair(self, condition: str, baseline: str, languages: Sequence[str] = ()) -> Paired | None:
        """Compare a condition with a baseline, over some languages (empty: all)."""
        key = (condition, baseline, *languages)
        if key not in self._made:
            chosen = languages or self.sampled
            parts = [self.sampled[code] for code in chosen if code in self.sampled]
            self._made[key] = paired(parts, condition, baseline)
        return self._made[key]

    def matched_pairs(
        self, setting: str, one: Any, other: Any, also: Sequence[str] = ()
    ) -> list[tuple[pd.Series[Any], Paired]]:
        """Compare conditions that differ in one setting only; return the first one's settings with each.

        Those nearest to the headline come first.
        """
        pairs = labels.matched_pairs(self.facts, setting, one, other, also)
        compared = [(line, pair) for ours, theirs, line in pairs if (pair := self.pair(ours, theirs))]
        if not compared:
            return []
        near = labels.agreement(pd.DataFrame([line for line, _ in compared]), self.facts, self.headline)
        return [compared[i] for i in sorted(range(len(compared)), key=lambda i: -near.iloc[i])]
