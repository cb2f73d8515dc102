"""Benchmarks do the work that they time; how long it takes is not looked at here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile.bench import context, levels, near
from smile.datatypes import SmileError
from smile.pools.pool import open_pool
from tests.conftest import POOLS
from tests.support.superb import superb


def test_both_ways_read_the_prompt_and_heard_apart_all_examples_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def once(work: Callable[[], Any]) -> float:
        read.append(work())
        return 1.0

    monkeypatch.setattr(context, "median", once)
    printed = context.run(POOLS / "gle", "10min_test")
    *_, last = printed.splitlines()
    assert last.startswith("| 10 | ")
    assert last.endswith("| 10 | 1.000 | 1.000 | 1.00 |")
    assert len(read) == 2 * len(context.COUNTS)
    assert all(np.isfinite(logits).all() and len(logits) == 1 for logits in read)


def test_too_small_a_corpus_is_told(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="name one of 11 or more"):
        context.run(superb(tmp_path / "corpus"), "10min_test")


def test_nearness_counts_false_alarms_and_what_is_caught() -> None:
    codes = ("chr", "uig")
    opened = {code: open_pool(POOLS / code) for code in codes}
    order = np.random.default_rng(1).permutation(len(opened["chr"]))  # in the pools' own, voices take turns
    inside, outside = order[::2], order[1::2]
    pools = {
        code: ([pool.utterances[i] for i in inside], pool.embeddings[inside]) for code, pool in opened.items()
    }
    clips = {code: pool.embeddings[outside] for code, pool in opened.items()}
    *rows, mean = near.measured(pools, clips)
    assert [row["pool"] for row in (*rows, mean)] == ["chr", "uig", "mean"]
    assert all(float(str(row["all: false alarms %"])) < 10 for row in rows)
    caught = [float(str(row["all: caught %"])) for row in rows]  # less where voices are shared, as these are
    assert caught[0] > 50
    assert caught[1] > 10 > float(str(rows[1]["all: false alarms %"]))
    expected = sum(float(str(row["30: caught %"])) for row in rows) / 2
    assert float(str(mean["30: caught %"])) == pytest.approx(expected, abs=0.1)


def test_levels_are_told_as_the_samples_lie_and_brought_to_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {True: "dia duit", False: "x"}  # whether it is loud

    def written(_models: Any, samples: Any, _pool: Any, _settings: Any) -> list[Any]:
        text = texts[bool(np.abs(samples).max() > 0.05)]
        return [SimpleNamespace(vanilla=SimpleNamespace(text="dia"), smile=SimpleNamespace(text=text))]

    monkeypatch.setattr(levels, "transcribe", written)
    pool: Any = SimpleNamespace(language=SimpleNamespace(code="gle"))
    clip = replace(open_pool(POOLS / "gle").utterances[0], text="dia duit")
    done = levels.measured(None, pool, [clip], sixteen_bits=True)  # type: ignore[arg-type]
    assert [done.cell("SMILE", peak) for peak in (-6, -20)] == ["0.0 / 0.0"] * 2
    assert [done.cell("SMILE", peak) for peak in (-51, -66)] == ["100.0 / 0.0"] * 2
    assert done.cell("Whisper alone", -66) == "62.5 / 62.5"


def test_a_clip_is_scaled_and_rounded() -> None:
    samples = np.array([0.1, -0.4, 0.2], np.float32)
    assert np.abs(levels.scaled(samples, -20)).max() == pytest.approx(0.1)
    steps = levels.scaled(samples, -66, sixteen_bits=True) * 2**15
    np.testing.assert_array_equal(steps, [4, -16, 8])
