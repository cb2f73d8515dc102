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
    id: str  # which the seconds have that it timed; runs before there were ids have none
    languages: frozenset[str]
    conditions: frozenset[str] | None  # by name; None is all that there are

    def measured(self, language: str, condition: str) -> bool:
        """Return whether rows of a language and a condition, without the id of a run, may be its."""
        listed = self.conditions is None or condition in self.conditions
        return not self.id and language in self.languages and listed


@dataclass(frozen=True)
class Timed:
    """Mean `seconds` and `retrieval` of a clip by condition, all of them of one run and the same clips."""

    run: str
    means: pd.DataFrame


def run_of_each(rows: pd.DataFrame, manifest: Mapping[str, Any]) -> list[str]:
    """Return the run of each row of a pack; see UNKNOWN.

    It is the one whose id the row has, or, where it has none, what the manifest says of runs without.
    """
    runs = [run for fields in manifest["runs"] if (run := _run(fields))]
    names = {key: str(settings.get("name", "")) for key, settings in manifest["conditions"].items()}
    pairs = list(zip(rows["language"], rows["hash"], strict=True))
    known = {pair: _single(runs, pair[0], names.get(pair[1], "")) for pair in set(pairs)}
    told = {run.id: run.name for run in runs if run.id}
    ids = rows["run"] if "run" in rows else [""] * len(pairs)
    return [told.get(i, f"run {i}") if i else known[pair] for i, pair in zip(ids, pairs, strict=True)]


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
    told = fields.get("id", "")
    if not isinstance(told, str):
        return None
    name = f"run {told}".strip() + f" of {date[:19].replace('T', ' ')}, commit {commit[:7]}, {machine}"
    return Run(name, told, frozenset(map(str, corpora)), _listed(words))


def _listed(words: Sequence[str]) -> frozenset[str] | None:
    """The conditions that a command names."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == LISTED:
            return frozenset(following.split(","))
        if word.startswith(f"{LISTED}="):
            return frozenset(word.partition("=")[2].split(","))
    return None
