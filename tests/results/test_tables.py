"""Tables of rows, against jiwer and against slow, obvious references."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pandas as pd
import pytest

from smile.datatypes import SmileError
from smile.evaluation.rows import Row, RowFile, Seconds
from smile.results import packing
from smile.results import tables as results
from smile.results.tables import Metric
from smile.text.normalisers import STAMPS, normalise
from smile.text.scoring import score

# reference, vanilla, in-context: empty texts, combining marks, right-to-left, emoji, ties
TEXTS = {
    "aaa": [
        ("abcd efgh", "abcd", "abcd efgh"),
        ("", "noise", ""),
        ("ábúndó", "abundo", "ábúndo"),
        ("हिन्दी भाषा", "हिनदी", "हिन्दी भाषा"),
        ("שלום עולם", "שלם עולם", ""),
        ("go 👩‍👩‍👧 home", "go home", "go 👩‍👩‍👧 hom"),
        ("x", "xyzxyz", "x"),
    ],
    "bbb": [("one two", "one two", "on two"), ("three", "tree", "three")],
}


def row(i: int, language: str, condition: str, texts: tuple[str, str], stopped: str = "end") -> Row:
    reference, hypothesis = texts
    counts: dict[str, Any] = {}
    for name in ("plain", "ml_superb"):
        scored = score(reference, hypothesis, name, language)
        counts |= {f"{name}_edits": scored.edits, f"{name}_length": scored.length}
        counts |= {f"{name}_word_edits": scored.word_edits, f"{name}_words": scored.words}
    return Row(f"u{i}", language, "test", condition, f"h-{condition}", hypothesis, **counts, stopped=stopped)


def rows() -> list[Row]:
    return [
        row(i, language, condition, (texts[0], texts[column]), "loop" if len(texts[column]) == 6 else "end")
        for language, group in TEXTS.items()
        for i, texts in enumerate(group)
        for column, condition in ((1, "vanilla"), (2, "u-1"))
    ]


def frame(given: list[Row] | None = None) -> pd.DataFrame:
    from dataclasses import asdict

    return pd.DataFrame([asdict(r) for r in (rows() if given is None else given)])


def line(table: pd.DataFrame, language: str, condition: str) -> pd.Series[Any]:
    (series,) = (r for _, r in table.iterrows() if (r.language, r.condition) == (language, condition))
    return series


@pytest.mark.parametrize("normaliser", ["plain", "ml_superb"])
@pytest.mark.parametrize("unit", ["cer", "wer"])
def test_rates_are_jiwers(normaliser: str, unit: str) -> None:
    table = results.by_language(frame(), Metric(unit, normaliser))
    measure = jiwer.cer if unit == "cer" else jiwer.wer
    for language, group in TEXTS.items():
        for column, condition in ((1, "vanilla"), (2, "u-1")):
            pairs = [(normalise(t[0], normaliser), normalise(t[column], normaliser)) for t in group]
            pairs = [pair for pair in pairs if pair[0]]
            measured = line(table, language, condition)
            wanted, heard = ([pair[i] for pair in pairs] for i in (0, 1))
            assert measured["rate"] == pytest.approx(100 * measure(wanted, heard))
            assert measured["mean"] == pytest.approx(100 * np.mean([measure(w, h) for w, h in pairs]))
            assert measured["clips"] == len(pairs)


def levenshtein(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def test_edits_are_a_slow_references() -> None:
    table = results.by_language(frame())
    for language, group in TEXTS.items():
        texts = [(normalise(t[0]), normalise(t[1])) for t in group]
        edits = sum(levenshtein(a, b) for a, b in texts if a)
        counted = line(table, language, "vanilla")
        assert (counted["edits"], counted["length"]) == (edits, sum(len(a) for a, _ in texts))


def test_the_interval_is_that_of_a_slow_bootstrap() -> None:
    draws = results.resamples(7, 0, "aaa")
    group = frame()[lambda f: (f["language"] == "aaa") & (f["condition"] == "u-1")]
    counted = group["plain_length"] > 0
    rates = []
    for draw in draws:
        edits = sum(int(n) * e for n, e, c in zip(draw, group["plain_edits"], counted, strict=True) if c)
        length = sum(int(n) * e for n, e, c in zip(draw, group["plain_length"], counted, strict=True) if c)
        rates.append(100 * edits / length)
    measured = line(results.by_language(frame()), "aaa", "u-1")
    assert (measured["low"], measured["high"]) == pytest.approx(tuple(np.quantile(rates, [0.025, 0.975])))
    assert measured["low"] < measured["rate"] < measured["high"]
    assert draws.sum(axis=1).tolist() == [7.0] * len(draws)


def test_intervals_repeat_with_the_seed_and_do_not_depend_on_the_rows_order() -> None:
    shuffled = frame().sample(frac=1, random_state=3)
    first = results.by_language(frame())
    pd.testing.assert_frame_equal(first, results.by_language(shuffled))
    assert not first["low"].equals(results.by_language(frame(), seed=1)["low"])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        edits = generator.binomial(20, 0.3, 60).astype(float)
        length = np.full(60, 20.0)
        low, high = results.interval(results.ratios(results.resamples(60, trial, ""), edits, length))
        hits += low <= 30.0 <= high
    assert 180 <= hits <= 199


def test_shares_of_empty_outputs_and_loops() -> None:
    table = results.by_language(frame())
    assert line(table, "aaa", "u-1")["empty"] == pytest.approx(100 / 6)
    assert line(table, "aaa", "vanilla")["loops"] == pytest.approx(100 * 2 / 6)


def test_the_reduction_is_on_the_utterances_that_both_have() -> None:
    shared = [r for r in rows() if not (r.condition == "u-1" and r.id == "u0")]
    line_ = line(results.by_language(frame(shared)), "bbb", "u-1")
    vanilla, ours = score("three", "tree").edits, score("three", "three").edits
    assert line_["reduction"] == pytest.approx(100 * (1 - ours / vanilla))


def test_a_difference_beyond_the_interval_needs_enough_utterances() -> None:
    def many(n: int) -> pd.DataFrame:
        pairs = [("vanilla", "axxd"), ("u-1", "abcd")]
        return frame([row(i, "aaa", name, ("abcd", text)) for i in range(n) for name, text in pairs])

    assert not line(results.by_language(many(9)), "aaa", "u-1")["significant"]
    assert line(results.by_language(many(10)), "aaa", "u-1")["significant"]
    assert not line(results.by_language(many(10)), "aaa", "vanilla")["significant"]


def test_failed_rows_are_counted_apart() -> None:
    failed = Row("u9", "bbb", "test", "u-1", "h-u-1", error="It cannot be decoded.")
    counted = line(results.by_language(frame([*rows(), failed])), "bbb", "u-1")
    assert (counted["failed"], counted["clips"]) == (1, 2)


def test_without_a_baseline_there_is_no_comparison() -> None:
    table = results.by_language(frame([r for r in rows() if r.condition == "u-1"]))
    assert "reduction" not in table
    assert np.isnan(results.summary(table)["reduction"].iloc[0])
    assert results.by_language(frame([]).reindex(columns=frame().columns)).empty


def test_two_rows_of_one_utterance_are_refused() -> None:
    with pytest.raises(SmileError, match="two rows"):
        results.by_language(frame([*rows(), rows()[0]]))


def test_the_summary() -> None:
    table = results.by_language(frame())
    (vanilla, ours) = results.summary(table).to_dict("records")
    rates = {(r["language"], r["condition"]): r["rate"] for r in table.to_dict("records")}
    assert (vanilla["condition"], ours["condition"]) == ("vanilla", "u-1")
    assert ours["macro"] == pytest.approx((rates["aaa", "u-1"] + rates["bbb", "u-1"]) / 2)
    assert ours["reduction"] == pytest.approx(100 * (1 - ours["macro"] / vanilla["macro"]))
    assert (ours["languages"], ours["clips"]) == (2, 8)
    assert ours["improved"] == sum(rates[code, "u-1"] < rates[code, "vanilla"] for code in TEXTS)
    assert ours["worst"] == max(TEXTS, key=lambda code: rates[code, "u-1"])
    (alone,) = results.summary(table[table["condition"] == "u-1"], ["bbb"]).to_dict("records")
    assert alone["macro"] == pytest.approx(rates["bbb", "u-1"])
    assert results.summary(table, ["zzz"]).empty


def test_conditions_are_ordered_as_people_do() -> None:
    names = pd.Series(["u-10", "u-2", "smile-1", "vanilla-controlled", "vanilla"])
    ordered = names.sort_values(key=results.ranked).tolist()
    assert ordered == ["vanilla", "vanilla-controlled", "smile-1", "u-2", "u-10"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An evaluation's folder."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for language in TEXTS:
        file = RowFile(folder, language)
        file.add((r, Seconds(r.id, r.hash, 1.5, 0.1)) for r in rows() if r.language == language)
        file.write()
    conditions = {f"h-{n}": {"name": n, "shots": s} for n, s in (("vanilla", 0), ("u-1", 1))}
    manifest = {"conditions": conditions, "runs": [{"commit": "c0ffee"}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_packed_rows_come_back(folder: Path, tmp_path: Path) -> None:
    packing.pack([folder], tmp_path / "packed")
    loaded = packing.load(tmp_path / "packed")
    assert len(loaded) == len(rows())
    assert set(loaded.loc[loaded["condition"] == "u-1", "shots"]) == {1}
    assert set(loaded["seconds"]) == {1.5}
    pd.testing.assert_frame_equal(results.by_language(loaded), results.by_language(frame()))
    assert json.loads((tmp_path / "packed" / "manifest.json").read_text())["runs"] == [{"commit": "c0ffee"}]


def test_a_run_that_was_broken_off_before_its_first_row_is_not_listed(folder: Path, tmp_path: Path) -> None:
    told = json.loads((folder / "manifest.json").read_text())
    ours, theirs = ({"commit": "c0ffee", "corpora": {name: "1"}} for name in (next(iter(TEXTS)), "zzz"))
    (folder / "manifest.json").write_text(json.dumps(told | {"runs": [ours, theirs]}), encoding="utf-8")
    packing.pack([folder], tmp_path / "packed")
    assert json.loads((tmp_path / "packed" / "manifest.json").read_text())["runs"] == [ours]


def test_a_folder_that_is_dropped_in_is_found(folder: Path, tmp_path: Path) -> None:
    assert packing.load(tmp_path / "packed").empty
    packing.pack([folder], tmp_path / "packed" / "new")
    assert len(packing.load(tmp_path / "packed")) == len(rows())


def test_packed_rows_are_joined_with_new_ones_as_if_all_were_packed_at_once(
    folder: Path, tmp_path: Path
) -> None:
    parts = []
    for language in TEXTS:
        part = tmp_path / language
        part.mkdir()
        shutil.copy(folder / "manifest.json", part)
        for path in folder.glob(f"{language}.*"):
            shutil.copy(path, part)
        parts.append(part)
    packing.pack([folder], tmp_path / "at once")
    packed = tmp_path / "packed"
    packing.pack(parts[:1], packed)
    packing.pack([packed, *parts[1:]], packed)
    read = pd.read_parquet(packed / packing.RESULTS)
    pd.testing.assert_frame_equal(read, pd.read_parquet(tmp_path / "at once" / packing.RESULTS))
    pd.testing.assert_frame_equal(packing.load(packed), packing.load(tmp_path / "at once"))
    (packed / packing.RESULTS).write_bytes(b"PAR1")
    with pytest.raises(SmileError, match="cannot be read"):
        packing.pack([packed, *parts[1:]], packed)


def test_the_same_rows_twice_are_taken_once_and_contradictions_refused(folder: Path, tmp_path: Path) -> None:
    assert len(packing.pack([folder, folder], tmp_path / "packed")) == len(rows())
    other = tmp_path / "other"
    other.mkdir()
    file = RowFile(other, "bbb")
    file.add([(row(0, "bbb", "u-1", ("one two", "quite another")), Seconds("u0", "h-u-1", 1.0))])
    file.write()
    with pytest.raises(SmileError, match="two different rows of u0"):
        packing.pack([folder, other], tmp_path / "packed")


def test_one_name_for_two_settings_is_told_apart() -> None:
    clashing = frame().assign(hash=lambda f: ["abcd1"] * (len(f) - 1) + ["efgh2"])
    names = set(packing.told_apart(clashing.assign(condition="u-1"))["condition"])
    assert names == {"u-1 abcd", "u-1 efgh"}


def test_what_comes_along_is_scored_by_todays_normalisers() -> None:
    """After a new version: smile results rescore precomputed --data CORPORA."""
    assert set(packing.load()["normalisers"]) == {STAMPS}


def test_an_empty_folder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="smile evaluate"):
        packing.pack([tmp_path], tmp_path / "packed")


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "results.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(SmileError, match="cannot be read"):
        packing.load(tmp_path)
