"""The rows that the tab shows, read once for all visitors and again when their files change."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from threading import RLock

import pandas as pd

from smile.evaluation.rows import NAME
from smile.results import labels, packing
from smile.results.changes import Change, changes
from smile.results.evidence import TRAINING, Evidence
from smile.results.findings import Finding, answered
from smile.results.tables import CER, Metric, Sampled, sampled, table_of
from smile.text.languages import language
from smile.ui.recorded import Recordings

Stamp = tuple[tuple[str, int, int], ...]  # path, time of change, size


class Measured:
    """Rows of one state of the folder, and what is derived from them, each once."""

    def __init__(self, raw: pd.DataFrame):
        self.raw = raw
        self.rows = labels.labelled(raw)
        self.facts = labels.conditions(raw)  # the settings behind each label, in the order of reading
        self._turn = RLock()
        self._findings: list[Finding] | None = None
        self._tables: dict[tuple[Metric, str], pd.DataFrame] = {}
        self._sampled: dict[Metric, dict[str, Sampled]] = {}

    @cached_property
    def conditions(self) -> list[str]:
        """Return the labels, in the order of reading."""
        return list(dict.fromkeys(self.facts["label"]))

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the short name of every label."""
        return labels.names(self.facts)

    @cached_property
    def languages(self) -> pd.DataFrame:
        """Return a line for each language: name, family, script, Whisper's code, clips, if trained on."""
        clips = self.raw.groupby("language")["id"].nunique()
        known = [language(str(code)) for code in clips.index]
        return pd.DataFrame(
            {
                "code": clips.index,
                "name": [one.name for one in known],
                "family": [one.family for one in known],
                "script": [one.script for one in known],
                "whisper": [one.whisper for one in known],
                "clips": clips.to_numpy(),
                "training": [str(code) in TRAINING for code in clips.index],
            },
            index=clips.index,
        )

    def rates(self, metric: Metric, baseline: str) -> pd.DataFrame:
        """Return `results.by_language` of all rows."""
        with self._turn:
            key = (metric, baseline)
            if key not in self._tables:
                self._tables[key] = table_of(self.sampled(metric).values(), baseline)
            return self._tables[key]

    def sampled(self, metric: Metric) -> dict[str, Sampled]:
        """Return the rows' counts by language, ready to be compared."""
        with self._turn:
            if metric not in self._sampled:
                self._sampled[metric] = sampled(self.rows, metric)
            return self._sampled[metric]

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Return what the page's condition changed in each utterance's CER, training languages too."""
        return changes(self.rows, self.facts)

    @property
    def compared(self) -> tuple[str, str]:
        """Return the names of `changes`' conditions: Whisper alone, controlled, and what the page does."""
        before, after = labels.control(self.facts), labels.headline(self.facts)
        return self.names.get(before, before), self.names.get(after, after)

    def findings(self) -> list[Finding]:
        """Return the answers to the open questions, in CER after the normaliser `plain`."""
        with self._turn:
            if self._findings is None:
                evidence = Evidence.held_out(self.rows, self.facts, self.sampled(CER))
                self._findings = answered(evidence)
            return self._findings


class Store:
    """A folder of packed rows, and the recordings of their utterances that are at hand."""

    def __init__(self, folder: Path, recordings: Recordings | None = None):
        self.folder, self.recordings = folder, recordings or Recordings()
        self._turn = RLock()
        self._stamp: Stamp | None = None
        self._measured: Measured | None = None

    def measured(self) -> Measured:
        """Return what was measured; read again only where a file has changed, come or gone.

        Raises:
            SmileError: a file that cannot be read.
        """
        with self._turn:
            stamp = self._look()
            if self._measured is None or stamp != self._stamp:
                self._measured, self._stamp = Measured(packing.load(self.folder)), stamp
            return self._measured

    def _look(self) -> Stamp:
        files = sorted(p for name in (packing.RESULTS, NAME) for p in self.folder.rglob(name))
        return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
