"""A visitor's choices, applied to what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from smile.results import labels
from smile.results.evidence import JOINED
from smile.results.pairs import Paired, paired
from smile.results.parts import Parts, nearest_to, wished
from smile.results.tables import Metric
from smile.ui.recorded import Recordings
from smile.ui.store import Measured

HELD_OUT, UNKNOWN, KNOWN, TRAINED, SWITCHED = "held out", "unknown", "known", "training", "switched"
GROUPS = [("Held out", HELD_OUT), ("Unknown to Whisper", UNKNOWN), ("Known to it", KNOWN),
          ("Meta-training", TRAINED), ("Two in a clip", SWITCHED)]  # fmt: skip


class Choices(NamedTuple):
    """The tab's controls by name: either their components or what a visitor chose.

    Condition and baseline are labels; the parts are those that a visitor picked last.
    """

    condition: Any = ""
    baseline: Any = ""
    metric: Any = "cer"
    normaliser: Any = "plain"
    search: Any = ""
    known: Any = HELD_OUT
    families: Any = ()
    scripts: Any = ()
    columns: Any = ()
    model: Any = ""
    examples: Any = ""
    way: Any = ""
    pool: Any = ""
    decoding: Any = ""
    base_model: Any = ""
    base_examples: Any = ""
    base_way: Any = ""
    base_pool: Any = ""
    base_decoding: Any = ""

    @property
    def parts(self) -> Parts:
        """Return the parts that the condition is wished to have."""
        return Parts(self.model, self.examples, self.way, self.pool, self.decoding)

    @property
    def base_parts(self) -> Parts:
        """Return the parts that the baseline is wished to have."""
        return Parts(self.base_model, self.base_examples, self.base_way, self.base_pool, self.base_decoding)

    def wishes(self, measured: Measured) -> bool:
        """Return whether condition or baseline is wished to be another than the one that is shown."""
        parts = dict(zip(measured.facts["label"], measured.facts["parts"], strict=True))
        pairs = ((self.condition, self.parts), (self.baseline, self.base_parts))
        return any(label not in parts or wished(wish, parts[label]) for label, wish in pairs)

    def valid(self, measured: Measured) -> Choices:
        """Return the choices with the conditions that were measured, nearest to the parts wished for."""
        known, facts = measured.conditions, measured.facts
        usual = labels.headline(facts) or (known[-1] if known else "")
        condition = self.condition if self.condition in known else usual
        condition = nearest_to(facts, self.parts, condition, usual)
        columns = [name for name in self.columns or () if name in known]
        if not self.condition:  # the tab is opened for the first time
            near = pd.concat([labels.relatives(facts, condition, trained) for trained in (False, True)])
            near = near[near["shots"].isin(labels.FEW) & (near["sampler"] == "nearest")]
            columns = [name for name in near["label"] if name != condition]
        baseline = self.baseline if self.baseline in known else labels.control(facts)
        baseline = nearest_to(facts, self.base_parts, baseline, usual)
        return self._replace(condition=condition, baseline=baseline, columns=columns)


PICKERS = Choices._fields[Choices._fields.index("model") :]  # of condition and baseline, part by part


@dataclass(frozen=True)
class Selection:
    """The languages and conditions that are shown, and their rates."""

    measured: Measured
    choices: Choices
    recordings: Recordings = Recordings()

    @property
    def condition(self) -> str:
        """Return the condition that is compared."""
        return str(self.choices.condition)

    @property
    def baseline(self) -> str:
        """Return the condition that it is compared with."""
        return str(self.choices.baseline)

    @property
    def metric(self) -> Metric:
        """Return what is counted."""
        return Metric(self.choices.metric, self.choices.normaliser)

    @property
    def unit(self) -> str:
        """Return the metric's name for people."""
        return self.metric.unit.upper()

    @property
    def facts(self) -> pd.DataFrame:
        """Return the settings behind each label."""
        return self.measured.facts

    @cached_property
    def languages(self) -> pd.DataFrame:
        """Return the languages that pass the filters."""
        return filtered(self.measured.languages, self.choices)

    @cached_property
    def rates(self) -> pd.DataFrame:
        """Return a line for each of these languages and each condition; see `results.by_language`."""
        rates = self.measured.rates(self.metric, self.baseline)
        return rates[rates["language"].isin(self.languages.index)]

    @cached_property
    def pair(self) -> Paired | None:
        """Return the condition against the baseline over these languages."""
        known = self.measured.sampled(self.metric)
        parts = [known[code] for code in self.languages.index if code in known]
        return paired(parts, self.condition, self.baseline)

    def name(self, condition: str) -> str:
        """Return a condition's short name."""
        return self.measured.names.get(condition, condition)

    def line_of(self, condition: str) -> pd.DataFrame:
        """Return a condition's lines, by language."""
        return self.rates[self.rates["condition"] == condition].set_index("language")


def filtered(languages: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Return the languages that pass the search and the filters."""
    known, switched = languages["whisper"] != "", languages["code"].str.contains(JOINED, regex=False)
    held_out = ~languages["training"] & ~switched
    groups = {
        HELD_OUT: held_out,
        UNKNOWN: held_out & ~known,
        KNOWN: held_out & known,
        TRAINED: languages["training"],
        SWITCHED: switched,
    }
    keep = groups.get(choices.known, groups[HELD_OUT])
    for column, wanted in (("family", choices.families), ("script", choices.scripts)):
        if wanted:
            keep &= languages[column].isin(list(wanted))
    if word := (choices.search or "").strip().lower():
        text = languages[["name", "code", "family", "script"]].agg(" ".join, axis=1).str.lower()
        keep &= text.str.contains(word, regex=False)
    return languages[keep]
