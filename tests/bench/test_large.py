"""The benchmark of large pools: made-up rows are spread like real ones, and its rows are searches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smile.bench import large as bench
from smile.bench import large_others
from smile.decoding.knn import large, store
from tests.support.small_pools import MODEL


def real() -> bench.Real:
    generator = np.random.default_rng(0)
    rows = generator.normal(0, 1, (330, 6)) @ generator.normal(0, 1, (6, 24))
    return bench._parted([rows.astype(np.float32)])


def test_real_rows_come_first_and_made_up_ones_are_about_as_spread_out() -> None:
    rows = real()
    filled = rows.filled(3000, np.float32)
    np.testing.assert_array_equal(filled[: len(rows.rows)], rows.rows)
    made = filled[len(rows.rows) :]
    assert 0.8 < made.std() / rows.rows.std() < 1.4
    assert len(np.unique(made, axis=0)) == len(made)


def test_queries_are_of_rows_that_are_left_out() -> None:
    rows = real()
    queries = rows.queries()
    assert len(queries) == bench.QUERIES
    assert {tuple(row) for row in queries[1::2]} <= {tuple(row) for row in rows.out}
    assert not {tuple(row) for row in rows.out} & {tuple(row) for row in rows.rows}


def test_retrieval_is_exact_by_the_index_and_counts_what_is_missed() -> None:
    whole, exact, approximate = bench.retrieved(real(), 1500)
    assert [row["recall@1"] for row in (whole, exact)] == ["1.000", "1.000"]
    assert 0 < float(str(approximate["recall@3"])) <= 1
    assert exact["embeddings"] == "1,500"


def test_lookups_are_measured_from_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench.large_others, "ways", lambda *_: [])
    monkeypatch.setattr(store, "LARGE_DATASTORE", 1000)
    monkeypatch.setattr(large, "LARGE_DATASTORE", 1000)
    whole, lists = bench.looked_up(real(), 2000, MODEL, tmp_path)
    assert whole["recall@48"] == "1.000"
    assert float(str(lists["recall@48"])) > 0.8
    assert lists["opening, s"] != ""
    assert len(bench.looked_up(real(), 900, MODEL, tmp_path)) == 1


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_others, "find_spec", lambda name: None)
    assert large_others.ways(real().rows, real().out, 3) == []
