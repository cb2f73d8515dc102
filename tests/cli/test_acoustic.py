"""A pool's acoustic model from the command line: fitted with the pool, and written by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from smile.cli.main import main
from smile.pools.pool import open_pool
from tests.conftest import POOLS

ALONE = {"Whisper alone"}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few clips of a demo pool, with an acoustic model."""
    source = tmp_path_factory.mktemp("source")
    clips = open_pool(POOLS / "gle").utterances[:5]
    rows = [f"{clip.audio.name}\t{clip.text}" for clip in clips]
    (source / "table.tsv").write_text("file\ttext\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for clip in clips:
        shutil.copy(clip.audio, source)
    out = tmp_path_factory.mktemp("pools") / "gle"
    assert main(["index", str(source), "--language", "gle", "--out", str(out), "--acoustic"]) == 0
    return out


def test_each_level_is_printed_with_its_scores(pool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = open_pool(pool).utterances[0]
    line = ["transcribe", str(clip.audio), "--pool", str(pool), "--knn", "0", "--reference", clip.text]
    for level, names in (("context", ALONE | {"With examples"}), ("acoustic", ALONE | {"Acoustic model"})):
        assert main([*line, "--level", level]) == 0
        rows = [row for row in capsys.readouterr().out.splitlines() if "CER" in row]
        assert {row.split("  ")[0].strip() for row in rows} == names
    assert main([*line, "--level", "acoustic", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["level"] == "acoustic"
    assert told["smile"]["cer"] < told["vanilla"]["cer"], "the head has seen this clip"


def test_words_of_a_user_are_taken_and_a_file_that_is_none_is_refused(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = open_pool(pool).utterances[0]
    line = ["transcribe", str(clip.audio), "--pool", str(pool), "--level", "acoustic", "--text"]
    (tmp_path / "words.txt").write_text("focal\neile\n", encoding="utf-8")
    assert main([*line, str(tmp_path / "words.txt")]) == 0
    capsys.readouterr()
    assert main([*line, str(tmp_path / "gone.txt")]) == 2
    assert "cannot be read as text" in capsys.readouterr().err


def test_many_recordings_are_written_by_it(pool: Path, tmp_path: Path) -> None:
    for clip in open_pool(pool).utterances[:2]:
        shutil.copy(clip.audio, tmp_path)
    out = tmp_path / "out"
    line = ["transcribe", str(tmp_path), "--pool", str(pool), "--level", "acoustic", "--out", str(out)]
    line += ["--format", "eaf"]
    assert main(line) == 0
    written = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.eaf"))
    assert "Acoustic model" in written


def test_a_pool_without_a_head_is_fitted_to(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(pool, tmp_path / "gle", ignore=shutil.ignore_patterns("acoustic-*"))
    clip = open_pool(tmp_path / "gle").utterances[0]
    assert main(["transcribe", str(clip.audio), "--pool", str(tmp_path / "gle"), "--level", "acoustic"]) == 0
    assert "Acoustic model" in capsys.readouterr().out
    assert list((tmp_path / "gle").glob("acoustic-*.npz"))
