"""The commands of a language of one's own, from annotations to transcripts, on the real engine."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from smile.audio.io import read_audio
from smile.cli.main import main
from smile.datatypes import SmileError
from smile.pools.pool import open_pool
from smile.pools.setting import PoolSetting, pool_digest, write_setting
from smile.settings import DEFAULTS, latest
from tests.conftest import POOLS
from tests.support.linguists import write_eaf

QUERIES = sorted((POOLS / "gle" / "queries").iterdir())[:2]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of a demo pool as one recording, annotated in ELAN."""
    folder = tmp_path_factory.mktemp("field")
    pieces, spans, at = [], [], 0.0
    for utterance in open_pool(POOLS / "gle").utterances[:3]:
        samples = read_audio(utterance.audio)
        spans.append((round(at, 3), round(at + len(samples) / 16000, 3), utterance.text))
        pieces.append(samples)
        at += len(samples) / 16000
    soundfile.write(folder / "field.wav", np.concatenate(pieces), 16000)
    tiers = {"tx": [*spans, (at, at + 1, ""), (at + 2, at + 3, "too late")], "notes": [(0, 1, "a dog")]}
    return write_eaf(folder / "field.eaf", "field.wav", tiers)


@pytest.fixture(scope="module")
def pool(annotated: Path) -> Path:
    out = annotated.parent / "made" / "pool"
    assert main(["index", str(annotated), "--tier", "tx", "--language", "gle", "--out", str(out)]) == 0
    return out


def test_annotations_become_a_pool(annotated: Path, pool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    originals = open_pool(POOLS / "gle").utterances[:3]
    made = open_pool(pool)
    assert [u.text for u in made.utterances] == [u.text for u in originals]
    assert [u.seconds for u in made.utterances] == pytest.approx([u.seconds for u in originals], abs=0.002)
    assert (made.header.source, made.language.name) == ("field.eaf", "Irish")
    assert [p.name for p in pool.parent.iterdir()] == ["pool"]
    again = ["index", str(annotated), "--tier", "tx", "--language", "gle", "--out", str(pool.with_name("2"))]
    assert main(again) == 0
    said = capsys.readouterr()
    assert "3 examples of Irish" in said.out
    assert "field.eaf, annotation at" in said.err
    assert "1 annotations without a text" in said.err


def test_recordings_with_the_same_sound_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = open_pool(POOLS / "gle").utterances[:2]
    samples = read_audio(one.audio)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    soundfile.write(tmp_path / "b.ogg", samples / 3, 16000)
    soundfile.write(tmp_path / "c.wav", read_audio(other.audio), 16000)
    rows = ["file\ttext", *(f"{name}\t{one.text}" for name in ("a.wav", "b.ogg", "c.wav"))]
    (tmp_path / "clips.tsv").write_text("\n".join(rows))
    out = tmp_path.with_name("same-sound")
    assert main(["index", str(tmp_path / "clips.tsv"), "--language", "gle", "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert '"a" and "b" are the same recording; remove one of them.' in said
    assert "3 clips have the very text of another; a check looks better for it" in said


def test_an_encoding_is_refused_or_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(open_pool(POOLS / "gle").utterances[0].audio, tmp_path / "a.flac")
    (tmp_path / "clips.csv").write_bytes("file,text\na.flac,tá sé fuar\n".encode("cp1252"))
    out = tmp_path.with_name("legacy")
    command = ["index", str(tmp_path / "clips.csv"), "--language", "gle", "--out", str(out)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "tá sé fuar" in said
    assert "choose that encoding (--encoding cp1252)." in said
    assert main([*command, "--encoding", "windows-1252"]) == 0
    assert [u.text for u in open_pool(out).utterances] == ["tá sé fuar"]
    with pytest.raises(SystemExit):
        main([*command, "--encoding", "rot13"])
    assert 'There is no encoding "rot13"' in capsys.readouterr().err


def test_a_text_from_before_utf8_is_refused_or_read_in_the_encoding_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, out = tmp_path / "words.txt", str(tmp_path / "out")
    text.write_bytes("tá sé fuar\n".encode("cp1252"))
    taken: list[object] = []

    def stop(*given: object) -> None:
        taken.append(given)
        raise SmileError("so far")

    clip = str(open_pool(POOLS / "gle").utterances[0].audio)
    monkeypatch.setattr("smile.cli.transcribe.prepare_pool", stop)
    monkeypatch.setattr("smile.cli.align.fit_acoustic", stop)
    monkeypatch.setattr("smile.transcription.aligning.utterances", lambda *given: taken.append(given))
    for line in (
        ["transcribe", clip, "--pool", "gle", "--text", str(text)],
        ["align", clip, str(text), "--pool", "gle", "--out", out],
    ):
        taken.clear()
        assert main(line) == 2
        refused = capsys.readouterr().err
        assert "words.txt: Some characters cannot be read" in refused
        assert "(--encoding cp1252)" in refused
        assert not taken
        assert main([*line, "--encoding", "windows-1252"]) == 2
        assert "so far" in capsys.readouterr().err
        assert "tá sé fuar" in str(taken)
        assert main([*line, "--encoding", "cp932"]) == 2
        assert "Line 1 has characters that are not in cp932" in capsys.readouterr().err
        with pytest.raises(SystemExit):
            main([*line, "--encoding", "rot13"])
        assert 'There is no encoding "rot13"' in capsys.readouterr().err
    assert main(["transcribe", clip, "--pool", "gle", "--encoding", "cp1252"]) == 2
    assert "add --text" in capsys.readouterr().err


def test_tiers_are_named_where_none_is(annotated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(annotated), "--language", "gle", "--out", str(annotated.parent / "x")]) == 2
    assert 'choose a tier with --tier; there are "tx" (4), "notes" (1)' in capsys.readouterr().err
    assert not (annotated.parent / "x").exists()


def test_a_folder_is_transcribed_with_the_pools_own_setting(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for query in QUERIES:
        shutil.copy(query, clips)
    (clips / "bad.wav").write_bytes(b"no sound")
    write_setting(pool, PoolSetting(1, 0.0))
    out = tmp_path / "out"
    command = ["transcribe", str(clips), "--pool", str(pool)]
    assert main(command) == 2
    assert "--out" in capsys.readouterr().err
    assert main([*command, "--out", str(out), "--format", "csv,docx"]) == 2
    assert "docx" in capsys.readouterr().err
    assert main([*command, "--out", str(out), "--max-minutes", "0"]) == 2
    assert "more than 0 and at most 1440 minutes" in capsys.readouterr().err
    (clips / "notes.txt").write_text("x")
    assert main([*command, "--out", str(out), "--format", "csv,eaf"]) == 0
    said = capsys.readouterr()
    assert "2 of 3 recordings" in said.out
    assert "bad.wav" in said.err
    assert "Left out, as they hold no sound: notes.txt." in said.err
    with (out / "transcripts.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {q.name for q in QUERIES}
    assert all(row["text"] and row["alone"] for row in rows)
    assert '"shots": 1' in (out / "done.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert len(list(out.glob("*.eaf"))) == 2
    assert not list(pool.glob("tokens-*"))
    zipped = shutil.make_archive(str(tmp_path / "clips"), "zip", clips)
    assert main(["transcribe", zipped, "--pool", str(pool), "--out", str(out)]) == 0
    assert "2 of 3 recordings" in capsys.readouterr().out
    assert main(["transcribe", str(QUERIES[0]), "--pool", str(pool), "--max-minutes", "0.01"]) == 2
    assert "is longer than 0.01 minutes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"levels": latest() + 1}, "rests on a check by an older SMILE; check it again with: smile check"),
        ({"pool": "0" * 16}, "rests on a check of other examples than there are now; check it again"),
        ({"levels": latest() + 1, "clips": 0}, ""),  # chosen by hand
        ({"levels": latest() + 1, "shots": DEFAULTS.shots, "knn": DEFAULTS.knn}, ""),  # as it is anyway
    ],
)
def test_the_default_of_an_older_check_is_not_taken_silently(
    pool: Path, tmp_path: Path, change: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(pool, tmp_path / "pool", ignore=shutil.ignore_patterns("tokens-*"))
    measured = {"pool": pool_digest(open_pool(copy)), "levels": latest(), "clips": 3}
    write_setting(copy, replace(PoolSetting(0, 0.0), **(measured | change)))
    assert main(["transcribe", str(QUERIES[0]), "--pool", str(copy)]) == 0
    told = capsys.readouterr().err
    assert said in told
    assert ("check" in told) == bool(said)


@pytest.mark.parametrize("kind", ["folder", "superb"])
def test_a_pool_is_taken_away_and_indexed_again(pool: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "p.zip"
    assert main(["pool", "export", str(pool), "--format", kind, "--out", str(out)]) == 0
    assert main(["index", str(out), "--out", str(tmp_path / "again")]) == 0
    ours, theirs = (open_pool(folder) for folder in (pool, tmp_path / "again"))
    assert [(u.id, u.text) for u in theirs.utterances] == [(u.id, u.text) for u in ours.utterances]
    np.testing.assert_allclose(theirs.embeddings, ours.embeddings, atol=1e-3)
    assert main(["pool", "export", str(pool), "--out", str(tmp_path / "p.tar")]) == 2
