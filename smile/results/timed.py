"""Seconds that can be compared: those of one run on one machine, as far as manifests tell them apart."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = ""  # the run of a row that none, or several, of its pack's may have made
TOLD = ("date", "commit", "machine", "command")  # what a manifest says of a run
LISTED = "--conditions"  # the option of `smile evaluate` that names some of a grid's conditions


@dataclass(frozen=True)
class Run:
    """A run of `smile evaluate`: what it is called for people, and what it measured."""

    name: str
    languages: frozenset[str]
    conditions: frozenset[str] | None  # by name; None is all that there are

    def measured(self, language: str, condition: str) -> bool:
        """Return whether rows of a language and a condition may be its."""
        return language in self.languages and (self.conditions is None or condition in self.conditions)


@dataclass(frozen=True)
class Timed:
    """Mean `seconds` and `retrieval` of a clip by condition, all of them of one run and the same clips."""

    run: str
    means: pd.DataFrame


def run_of_each(rows: pd.DataFrame, manifest: Mapping[str, Any]) -> list[str]:
    """Return the run of each row of a pack, by what its manifest says of them; see UNKNOWN."""
    runs = [run for fields in manifest["runs"] if (run := _run(fields))]
    names = {key: str(settings.get("name", "")) for key, settings in manifest["conditions"].items()}
    pairs = list(zip(rows["language"], rows["hash"], strict=True))
    known = {pair: _single(runs, pair[0], names.get(pair[1], "")) for pair in set(pairs)}
    return [known[pair] for pair in pairs]


def in_one_run(rows: pd.DataFrame, conditions: Sequence[str]) -> Timed | None:
    """Return the mean times of conditions in the run that timed the first two, or most of them.

    None where no run timed two of them on the same clips.
    """
    if not {"seconds", "retrieval", "run"} <= set(rows.columns):
        return None
    wanted = list(dict.fromkeys(conditions))
    timed = rows[rows["condition"].isin(wanted) & rows["seconds"].notna() & (rows["run"] != UNKNOWN)]
    best: tuple[tuple[int, int, int], Timed] | None = None
    for name, group in timed.groupby("run"):
        there = set(group["condition"])
        covered = group.groupby(["language", "id"])["condition"].transform("nunique") == len(there)
        means = group[covered].groupby("condition")[["seconds", "retrieval"]].mean()
        means = means.reindex([one for one in wanted if one in there]).dropna()
        worth = len(there & set(wanted[:2])), len(means), int(covered.sum())
        if len(means) > 1 and (best is None or worth > best[0]):
            best = worth, Timed(str(name), means)
    return best[1] if best else None


def _single(runs: Sequence[Run], language: str, condition: str) -> str:
    """The only run that may have measured it."""
    likely = [run.name for run in runs if run.measured(language, condition)]
    return likely[0] if len(likely) == 1 else UNKNOWN


def _run(fields: Mapping[str, Any]) -> Run | None:
    """A run as a manifest describes it; None where that is not enough to tell it from others."""
    corpora, texts = fields.get("corpora"), [fields.get(name) for name in TOLD]
    if not (isinstance(corpora, dict) and all(isinstance(text, str) and text for text in texts)):
        return None
    date, commit, machine, command = map(str, texts)
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    name = f"run of {date[:19].replace('T', ' ')}, commit {commit[:7]}, {machine}"
    return Run(name, frozenset(map(str, corpora)), _listed(words))


def _listed(words: Sequence[str]) -> frozenset[str] | None:
    """The conditions that a command names."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == LISTED:
            return frozenset(following.split(","))
        if word.startswith(f"{LISTED}="):
            return frozenset(word.partition("=")[2].split(","))
    return None
