"""The rows of some languages and conditions: what is packed, shown and counted of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smile.cli.main import main
from smile.datatypes import SmileError
from smile.evaluation.rows import read_manifest
from smile.results import packing
from tests.support.made_conditions import condition
from tests.support.measured import KNN, evaluated

OLDER = replace(KNN, settings=replace(KNN.settings, shots=2))  # of the same name
PLAIN = condition("vanilla")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return evaluated(tmp_path / "rows", (PLAIN, KNN, OLDER), ("chr", "sxb", "cat"), clips=3)


def test_only_what_is_named_is_packed(folder: Path, tmp_path: Path) -> None:
    rows = packing.pack([folder], tmp_path / "out", ["chr", "cat"], ["k-1"])
    assert set(rows["language"]) == {"chr", "cat"}
    assert set(rows["hash"]) == {KNN.hash, OLDER.hash}
    assert set(read_manifest(tmp_path / "out")["conditions"]) == {KNN.hash, OLDER.hash}
    assert len(packing.load(tmp_path / "out")) == 2 * 2 * 3


def test_one_of_several_settings_of_a_name_is_told_by_its_hash(folder: Path, tmp_path: Path) -> None:
    rows = packing.pack([folder], tmp_path / "out", conditions=[f"k-1 {OLDER.hash[:4]}", "vanilla"])
    assert set(rows["hash"]) == {OLDER.hash, PLAIN.hash}
    again = packing.pack([tmp_path / "out"], tmp_path / "again", conditions=["k-1"])  # of packed rows, too
    assert set(again["hash"]) == {OLDER.hash}


def test_a_run_that_was_broken_off_is_none_where_another_evaluation_has_its_language(
    folder: Path, tmp_path: Path
) -> None:
    other = evaluated(tmp_path / "other", (PLAIN,), ("ell",), clips=3)
    manifest = json.loads((folder / "manifest.json").read_text())
    broken_off = manifest["runs"][0] | {"commit": "brokenoff", "corpora": {"ell": "0" * 12}}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"runs": [*manifest["runs"], broken_off]}))
    packing.pack([folder, other], tmp_path / "out")
    assert [run["commit"] for run in read_manifest(tmp_path / "out")["runs"]] == ["c0ffeec0ffee"] * 2
    packing.pack([folder, other], tmp_path / "ell", ["ell"])
    assert len(read_manifest(tmp_path / "ell")["runs"]) == 1


def test_what_is_not_there_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SmileError, match='no language "mdw" in these rows; there are cat, chr, sxb'):
        packing.pack([folder], tmp_path / "out", ["chr", "mdw"])
    with pytest.raises(SmileError, match='no condition "k-2"'):
        packing.pack([folder], tmp_path / "out", ["chr"], ["k-2"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["findings", "--languages", "chr"], "--languages is for pack, show, keystrokes"),
        (["rescore", "--conditions", "k-1"], "--conditions is for pack, show, keystrokes"),
        (["show", "--to", "elsewhere"], "--to is for pack; leave it out of smile results show"),
        (["pack", "--data", "elsewhere"], "--data is for rescore, keystrokes"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    line: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    what, *options = line
    assert main(["results", what, str(folder), *options]) == 2
    assert told in capsys.readouterr().err


def test_the_command_packs_what_is_named(folder: Path, tmp_path: Path) -> None:
    line = ["results", "pack", str(folder), "--to", str(tmp_path / "out")]
    assert main([*line, "--languages", "sxb", "--conditions", "vanilla"]) == 0
    rows = packing.load(tmp_path / "out")
    assert set(rows["language"]) == {"sxb"}
    assert set(rows["condition"]) == {"vanilla"}
