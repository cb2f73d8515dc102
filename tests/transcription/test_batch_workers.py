"""Recordings transcribed side by side: the same files as by one process, whoever is killed meanwhile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from smile.cli import main as cli
from smile.pools.pool import open_pool
from smile.settings import Settings
from smile.transcription import batch, batch_workers
from smile.transcription.batch import DONE
from smile.transcription.recordings import recordings_of
from smile.util.log import _checked
from smile.util.workers import Placement
from smile.whisper import model
from tests.conftest import POOLS
from tests.support.commanded import begun, commanded
from tests.support.small_pools import contents
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper
from tests.support.two_nodes import two_nodes

COPIES = 8  # of each of three clips, in folders of their own


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, a pool of it, and recordings: copies of three clips, and one broken."""
    folder = tmp_path_factory.mktemp("side-by-side")
    tiny_whisper(folder / "tiny")
    superb(folder / "corpus", train=4, test=1)
    asked("index", folder, str(folder / "corpus" / "gle"), "--out", str(folder / "pool"))
    clips = sorted((POOLS / "gle" / "queries").iterdir())[:3]
    for clip in clips:
        for copy in range(COPIES):
            path = folder / "in" / f"{copy}" / clip.name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, path)
            with path.open("ab") as file:  # another content, the same sound
                file.write(b"\0" * (copy + 1))
    (folder / "in" / "bad.wav").write_bytes(b"RIFF....WAVEfmt no sound")
    transcribed(given=folder, out=folder / "one")
    return folder


def asked(command: str, folder: Path, *line: str) -> None:
    assert commanded(folder / "tiny", command, *line) == 0


def line_of(given: Path, out: Path, *more: str) -> list[str]:
    return [str(given / "in"), "--pool", str(given / "pool"), "--out", str(out), "--format", "csv,srt", *more]


def transcribed(given: Path, out: Path, *more: str) -> dict[str, bytes]:
    """Transcribe all, and return the files but for the log, whose order may differ."""
    asked("transcribe", given, *line_of(given, out, *more))
    return files(out)


def files(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(out).items() if name != DONE}


def logged(out: Path) -> list[str]:
    """The keys in a log, in order, one a finished recording."""
    lines = (out / DONE).read_bytes().split(b"\n")[1:-1]
    return [json.loads(_checked(line) or "[]")[0] for line in lines]


def test_processes_write_the_same_files_and_tell_what_cannot_be_read(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transcribed(given, tmp_path, "--jobs", "2") == files(given / "one")
    assert "bad.wav: 'bad.wav' cannot be decoded" in capsys.readouterr().err
    assert sorted(logged(tmp_path)) == sorted(logged(given / "one"))
    assert len(logged(tmp_path)) == 3 * COPIES


def test_what_is_written_is_not_done_again(given: Path, tmp_path: Path) -> None:
    shutil.copytree(given / "one", tmp_path / "out")
    lines = (tmp_path / "out" / DONE).read_bytes().splitlines(keepends=True)
    (tmp_path / "out" / DONE).write_bytes(b"".join(lines[:4]))
    assert transcribed(given, tmp_path / "out", "--jobs", "2") == files(given / "one")
    assert logged(tmp_path / "out")[:3] == logged(given / "one")[:3]
    before = (tmp_path / "out" / DONE).read_bytes()
    transcribed(given, tmp_path / "out", "--jobs", "2")
    assert (tmp_path / "out" / DONE).read_bytes() == before


def test_one_content_under_one_name_is_done_once_and_told_twice(given: Path, tmp_path: Path) -> None:
    clip = given / "in" / "0" / sorted((given / "in" / "0").iterdir())[0].name
    other = tmp_path / "other" / clip.name
    other.parent.mkdir()
    shutil.copy(given / "in" / "1" / clip.name, other)
    for out, more in (("one", ()), ("two", ("--jobs", "2"))):
        line = [str(clip), str(clip), str(other), "--pool", str(given / "pool"), "--out", str(tmp_path / out)]
        asked("transcribe", given, *line, *more)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert sorted(logged(tmp_path / "one")) == sorted(logged(tmp_path / "two"))
    assert len(logged(tmp_path / "two")) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--jobs", "0"], "Choose at least one job."),
        (
            ["--cluster", "127.0.0.1:1"],
            "No cluster can be used at 127.0.0.1:1: [Errno 111] Connection",
        ),
        (["--cluster", "nowhere"], '"nowhere" is no address of a cluster; write HOST:PORT, or "local".'),
    ],
)
def test_workers_that_cannot_be_had_are_a_sentence_before_anything_is_loaded(
    given: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    said: str,
) -> None:
    monkeypatch.setattr(model, "load_models", None)
    assert cli.main(["transcribe", *line_of(given, tmp_path / "out", *more)]) == 2
    assert capsys.readouterr().err.startswith(said)


def test_workers_are_for_several_recordings(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clip, *_) = (given / "in" / "0").iterdir()
    assert cli.main(["transcribe", str(clip), "--pool", str(given / "pool"), "--jobs", "2"]) == 2
    assert "--jobs and --cluster are for several recordings" in capsys.readouterr().err


def test_a_node_killed_in_the_middle_changes_nothing_and_no_file_is_shared(
    given: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with two_nodes() as cluster:
        line = line_of(given, out, "--jobs", "2", "--cluster", cluster.address)
        run = begun(given / "tiny", ["transcribe", *line], cluster.environment)
        error = cluster.killed_in(run, lambda: (out / DONE).exists() and len(logged(out)) > 2)
    assert files(out) == files(given / "one")
    assert sorted(logged(out)) == sorted(logged(given / "one"))
    assert "bad.wav: 'bad.wav' cannot be decoded" in error


def test_a_task_carries_what_its_worker_does_not_see(given: Path, tmp_path: Path) -> None:
    away, arguments = (
        tmp_path / "away",
        {"model": str(given / "tiny"), "precision": "float32", "adapter": None},
    )
    shutil.copytree(given / "pool", away / "pool")
    shutil.copytree(given / "in" / "0", away / "in")
    models, settings = model.load_models(**arguments), Settings(knn=0.0)
    (recording, *_) = recordings_of([away / "in"], tmp_path).recordings
    workers = batch_workers.Workers(Placement(2, "far:1"), arguments, models, open_pool(away / "pool"))
    transcriber = workers.transcriber(settings, "")
    task = batch_workers.RecordingTask(batch.key_of(recording), recording, recording.path.read_bytes())
    there = batch.kept_of(batch.Work(models, workers.pool, settings, ""), recording)
    shutil.rmtree(away)
    assert transcriber(task) == there
