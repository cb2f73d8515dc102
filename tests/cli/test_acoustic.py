"""A pool's acoustic model from the command line: fitted with the pool, and written by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from smile.cli.main import main
from smile.pools.pool import open_pool
from tests.conftest import POOLS


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


def test_the_three_levels_are_printed_with_their_scores(
    pool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = open_pool(pool).utterances[0]
    line = ["transcribe", str(clip.audio), "--pool", str(pool), "--knn", "0", "--reference", clip.text]
    assert main([*line, "--acoustic"]) == 0
    said = capsys.readouterr().out
    for name in ("Whisper alone", "With examples", "Acoustic model"):
        assert any(row.startswith(name) and "CER" in row for row in said.splitlines())
    assert main([*line, "--acoustic", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["acoustic"]["cer"] < told["vanilla"]["cer"], "the head has seen this clip"


def test_words_of_a_user_are_taken_and_a_file_that_is_none_is_refused(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = open_pool(pool).utterances[0]
    line = ["transcribe", str(clip.audio), "--pool", str(pool), "--knn", "0", "--acoustic", "--text"]
    (tmp_path / "words.txt").write_text("focal\neile\n", encoding="utf-8")
    assert main([*line, str(tmp_path / "words.txt")]) == 0
    capsys.readouterr()
    assert main([*line, str(tmp_path / "gone.txt")]) == 2
    assert "cannot be read as text" in capsys.readouterr().err


def test_a_pool_without_a_head_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    clip = open_pool(POOLS / "gle").queries[0]
    assert main(["transcribe", str(clip.audio), "--pool", "gle", "--knn", "0", "--acoustic"]) == 2
    assert "acoustic" in capsys.readouterr().err
