"""Seconds are compared within one run on one machine, and not where nobody can tell the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.results import packing
from smile.results.evidence import Evidence
from smile.results.findings import findings
from smile.results.timed import UNKNOWN, Run, in_one_run, run_of_each
from tests.support.made_conditions import condition
from tests.support.measured import RUN, packed

VANILLA = condition("vanilla", side="vanilla", shots=0, cut_loops=False, length_limit=False)
ONE, THREE = condition("u-1", shots=1), condition("u-3", shots=3)
LATER = {**RUN, "date": "2026-11-26T08:00:00+00:00", "machine": "another CPU, 64 cores"}
COST = "What does retrieval cost?"


def rows_of(*parts: tuple[str, str, float, str]) -> pd.DataFrame:
    """Rows of one language: id, condition, seconds, run."""
    rows = pd.DataFrame(parts, columns=["id", "condition", "seconds", "run"])
    return rows.assign(language="gla", retrieval=rows["seconds"] / 10)


def told_by(folder: Path, runs: list[Any]) -> pd.DataFrame:
    """Packed rows of three conditions, whose manifest tells of other runs."""
    packed(folder, (VANILLA, ONE, THREE), languages=("chr", "sxb"), clips=4)
    manifest = json.loads((folder / "packed" / "manifest.json").read_text())
    corpora = {"chr": "0", "sxb": "1"}
    manifest["runs"] = [{"corpora": corpora, **run} for run in runs]
    (folder / "packed" / "manifest.json").write_text(json.dumps(manifest))
    return packing.load(folder / "packed")


def test_rows_of_two_runs_are_never_compared() -> None:
    rows = rows_of(("1", "a", 1.0, "r"), ("1", "b", 2.0, "r"), ("1", "c", 9.0, "s"), ("1", "b", 7.0, "s"))
    timed = in_one_run(rows, ["a", "b", "c"])
    assert timed is not None
    assert (timed.run, timed.means["seconds"].to_dict()) == ("r", {"a": 1.0, "b": 2.0})
    other = in_one_run(rows, ["c", "b", "a"])
    assert other is not None
    assert (other.run, other.means["seconds"].to_dict()) == ("s", {"c": 9.0, "b": 7.0})
    assert in_one_run(rows, ["a", "c"]) is None
    assert in_one_run(rows.assign(run=UNKNOWN), ["a", "b", "c"]) is None
    assert in_one_run(rows.drop(columns="seconds"), ["a", "b"]) is None


def test_only_clips_that_all_conditions_were_timed_on_count() -> None:
    rows = rows_of(("1", "a", 1.0, "r"), ("1", "b", 2.0, "r"), ("2", "a", 50.0, "r"))
    timed = in_one_run(rows, ["a", "b"])
    assert timed is not None
    assert timed.means["seconds"].to_dict() == {"a": 1.0, "b": 2.0}


def test_the_command_of_a_run_tells_which_rows_it_made(tmp_path: Path) -> None:
    first = {**RUN, "command": "smile evaluate --grid main --conditions vanilla,u-1"}
    second = {**LATER, "command": "smile evaluate --grid main --conditions=u-3"}
    rows = told_by(tmp_path, [first, second])
    runs = rows.groupby("condition")["run"].unique().map(list).to_dict()
    early = "run of 2026-11-24 13:57:32, commit c0ffeec, a CPU, 2 cores"
    late = "run of 2026-11-26 08:00:00, commit c0ffeec, another CPU, 64 cores"
    assert runs == {"vanilla": [early], "u-1": [early], "u-3": [late]}


def test_the_id_of_a_run_tells_what_it_timed(tmp_path: Path) -> None:
    """Two runs of one command in the same second, and rows from before there were ids."""
    told_by(tmp_path, [RUN, {**RUN, "id": "aa"}, {**RUN, "id": "bb"}])
    path = tmp_path / "packed" / packing.RESULTS
    frame = pd.read_parquet(path)
    ids = frame["condition"].map({"vanilla": "aa", "u-1": "bb", "u-3": ""})
    frame.assign(run=ids.where(frame["language"] == "chr", "cc")).to_parquet(path)
    rows = packing.load(tmp_path / "packed")
    same = "of 2026-11-24 13:57:32, commit c0ffeec, a CPU, 2 cores"
    chr_runs = rows[rows["language"] == "chr"].groupby("condition")["run"].unique().map(list).to_dict()
    assert chr_runs == {"vanilla": [f"run aa {same}"], "u-1": [f"run bb {same}"], "u-3": [f"run {same}"]}
    assert set(rows.loc[rows["language"] == "sxb", "run"]) == {"run cc"}  # of which no manifest tells
    assert in_one_run(rows[rows["language"] == "chr"], ["vanilla", "u-1", "u-3"]) is None
    timed = in_one_run(rows, ["vanilla", "u-1", "u-3"])
    assert timed is not None
    assert (timed.run, len(timed.means)) == ("run cc", 3)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [RUN, LATER],
        [{**RUN, "machine": ""}],
        [{**RUN, "id": "aa"}],
        [{**RUN, "id": 3}],
        [{**RUN, "command": "an open 'quotation"}],
        [{**RUN, "corpora": {"ell": "0"}}],
        [{"commit": "c0ffee", "corpora": None}, {}],
    ],
)
def test_a_run_that_cannot_be_told_is_unknown(tmp_path: Path, runs: list[Any]) -> None:
    rows = told_by(tmp_path, runs)
    assert set(rows["run"]) == {UNKNOWN}
    (answer,) = (one.answer for one in findings(rows) if one.question == COST)
    assert "Ranking the pool is" in answer
    assert "A clip takes" not in answer


def test_findings_compare_seconds_of_one_run(tmp_path: Path) -> None:
    rows = told_by(tmp_path, [RUN])
    evidence = Evidence.of(rows)
    (answer,) = (one.answer for one in findings(rows) if one.question == COST)
    seconds = 1.4 if "3 nearest" in evidence.headline else 1.0
    assert f"A clip takes {seconds:.2f} s, and 0.80 s with {evidence.control} (run of 2026" in answer


@given(st.sets(st.sampled_from("ab")), st.sets(st.sampled_from("xy")) | st.none())
def test_a_run_measured_what_it_says(languages: set[str], conditions: set[str] | None) -> None:
    run = Run("r", "", frozenset(languages), None if conditions is None else frozenset(conditions))
    for language in "ab":
        for name in "xy":
            wanted = language in languages and (conditions is None or name in conditions)
            assert run.measured(language, name) == wanted


def test_no_rows_have_no_runs() -> None:
    none = pd.DataFrame({"language": [], "hash": []})
    assert run_of_each(none, {"runs": [], "conditions": {}}) == []
