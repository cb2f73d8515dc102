"""A pool's acoustic model from the command line: fitted with the pool, and written by."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic.building import build
from smile.acoustic.recipe import Recipe
from smile.audio.io import read_audio, write
from smile.cli.main import main
from smile.datatypes import PoolError
from smile.pools.pool import open_pool
from smile.settings import VERSIONS
from smile.transcription.aligning import Line, Wanted, align_text, utterances
from smile.util.timing import finished
from smile.whisper.model import load_models
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
    assert "gone.txt cannot be read" in capsys.readouterr().err


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


def test_words_and_characters_have_times_at_any_level(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = open_pool(pool).utterances[0]
    line = ["transcribe", str(clip.audio), "--pool", str(pool), "--knn", "0"]
    assert main([*line, "--level", "acoustic", "--times", "characters", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for side in ("vanilla", "smile"):
        for segment in told[side]["segments"]:
            words = segment["words"]
            assert [word["text"] for word in words] == segment["text"].split()
            assert all(a["end"] <= b["start"] for a, b in pairwise(words))
            assert segment["start"] <= words[0]["start"] < words[-1]["end"] <= segment["end"] + 0.005
            assert all("".join(c["text"] for c in word["characters"]) == word["text"] for word in words)
    sure = [word["probability"] for word in told["smile"]["segments"][0]["words"]]
    assert min(sure) > 0.3
    out = tmp_path / "out"
    files = ["--out", str(out), "--format", "eaf,srt,csv"]
    assert main([*line, *files, "--cues", "words"]) == 2
    assert "--times words" in capsys.readouterr().err
    assert main([*line, *files, "--times", "words"]) == 0
    cues = (out / f"{clip.audio.stem}.srt").read_text(encoding="utf-8").count("-->")
    assert main([*line, *files, "--times", "words", "--cues", "words"]) == 0
    assert (out / f"{clip.audio.stem}.srt").read_text(encoding="utf-8").count("-->") > cues
    assert "SMILE words" in (out / f"{clip.audio.stem}.eaf").read_text(encoding="utf-8")
    assert "word" in (out / "words.csv").read_text(encoding="utf-8")


def test_a_text_is_aligned_and_becomes_examples(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = open_pool(pool).utterances[:4]
    pause = np.zeros(12_000, np.float32)
    sounds = [sound for clip in clips for sound in (read_audio(clip.audio), pause)]
    write(tmp_path / "talk.wav", np.concatenate(sounds))
    said = [clips[0].text, clips[0].text[::-1], clips[1].text, clips[3].text]
    (tmp_path / "talk.txt").write_text("\n\n".join(said), encoding="utf-8")
    out = tmp_path / "out"
    line = ["align", str(tmp_path / "talk.wav"), str(tmp_path / "talk.txt"), "--pool", str(pool)]
    assert main([*line, "--out", str(out), "--format", "csv,textgrid,eaf", "--unit", "lines"]) == 0
    told = capsys.readouterr()
    assert "3 of 4 lines" in told.out
    assert "Line 3 is not found" in told.err, "empty lines of the file count"
    report = json.loads((out / "alignment.json").read_text(encoding="utf-8"))
    assert [row["line"] for row in report["lines"]] == [1, 3, 5, 7]
    assert told.err.count("is not in the text") == len(report["not_in_the_text"])
    begins = [sum(map(len, sounds[: 2 * n])) / 16_000 for n in (0, 1, 3)]
    lengths = [len(sounds[2 * n]) / 16_000 for n in (0, 1, 3)]
    found = [row for row in report["lines"] if row["start"] is not None]
    for row, begin, length in zip(found, begins, lengths, strict=True):
        middle = (row["start"] + row["end"]) / 2
        assert begin < middle < begin + length, "of a head of five clips no more is asked"
        assert [word["text"] for word in row["words"]] == row["text"].split()
    assert not (out / "alignment.part").exists()
    shutil.copy(tmp_path / "talk.wav", out)
    made = [
        "index",
        str(out / "talk.eaf"),
        "--tier",
        "Text",
        "--language",
        "gle",
        "--out",
        str(tmp_path / "pool"),
    ]
    assert main(made) == 0
    assert [u.text for u in open_pool(tmp_path / "pool").utterances] == [said[0], said[2], said[3]]


def test_an_alignment_goes_on_where_it_was(pool: Path, tmp_path: Path) -> None:
    models = load_models()
    opened = open_pool(pool)
    samples = np.concatenate([read_audio(clip.audio) for clip in opened.utterances] * 3)
    write(tmp_path / "talk.wav", samples)
    lines = utterances("\n".join(clip.text for clip in opened.utterances * 3))
    wanted = Wanted(tmp_path / "talk.wav", lines, tmp_path / "out", ["jsonl"])
    steps = align_text(models.smile, opened, samples, wanted)
    next(steps)
    steps.close()
    (kept,) = (tmp_path / "out" / "alignment.part").glob("*.npy")
    changed = kept.stat().st_mtime_ns
    steps = align_text(models.smile, opened, samples, wanted)
    assert next(steps)[:2] == ("Encoding", 1)
    assert kept.stat().st_mtime_ns == changed
    resumed = finished(steps)
    again = finished(align_text(models.smile, opened, samples, replace(wanted, out=tmp_path / "again")))
    assert resumed.lines == again.lines


def test_an_alignment_by_heads_of_another_version_begins_anew(
    pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, copy = load_models().smile, shutil.copytree(pool, tmp_path / "gle")
    opened = open_pool(copy)
    clip = opened.utterances[0]
    samples, wanted = read_audio(clip.audio), Wanted(clip.audio, [Line(1, clip.text)], tmp_path / "out")

    def begun() -> bytes:
        steps = align_text(model, opened, samples, wanted)
        next(steps)
        steps.close()
        (kept,) = (tmp_path / "out" / "alignment.part").glob("*.npy")
        return kept.read_bytes()

    first = begun()
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    with pytest.raises(PoolError, match="fit it again"):
        begun()
    finished(build(opened, model, (Recipe(epochs=2),)))
    assert begun() != first


def test_where_nothing_can_be_written_is_said_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a")
    assert main(["align", "a.wav", "a.txt", "--pool", "gla", "--out", "file"]) == 2
    assert "file cannot be written, as file is no folder" in capsys.readouterr().err


def test_a_text_of_another_recording_is_refused_in_a_sentence(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = open_pool(pool).utterances[0]
    for text, said in (
        ("", "The text is empty"),
        ("abc " * 5_000, "characters, and at most"),
        ("...", "Nothing of the text is spoken"),
    ):
        (tmp_path / "t.txt").write_text(text, encoding="utf-8")
        line = [
            "align",
            str(clip.audio),
            str(tmp_path / "t.txt"),
            "--pool",
            str(pool),
            "--out",
            str(tmp_path / "o"),
        ]
        assert main(line) == 2
        assert said in capsys.readouterr().err
    told = utterances("A b? C d.\nE “f!” g。h。", "sentences")
    assert told == [(1, "A b?"), (2, "C d."), (3, "E “f!”"), (4, "g。"), (5, "h。")]
