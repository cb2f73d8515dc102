"""Clips encoded side by side: the pool is to the bit the one that one process makes."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smile.pools import indexing
from smile.pools.clip_encoder import Encoder, digest
from smile.pools.encoding_workers import ClipsEncoder, ClipsTask, EncodingWorkers
from smile.pools.pool import HEADER, open_pool
from smile.util.log import Log
from smile.util.workers import Placement
from smile.whisper import model
from smile.whisper.carried import CarriedModels
from tests.support.commanded import begun, commanded
from tests.support.small_pools import contents
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper
from tests.support.two_nodes import two_nodes

CLIPS = 40


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, a corpus with a broken clip, and the pool that one process makes of it."""
    folder = tmp_path_factory.mktemp("encoding")
    tiny_whisper(folder / "tiny")
    superb(folder / "corpus", train=CLIPS, test=1)
    sorted((folder / "corpus" / "gle" / "wav").iterdir())[3].write_bytes(b"no sound")
    assert commanded(folder / "tiny", *line_of(folder, folder / "one")) == 0
    return folder


def line_of(given: Path, out: Path, *more: str) -> list[str]:
    return ["index", str(given / "corpus" / "gle"), "--out", str(out), *more]


def made(pool: Path) -> dict[str, bytes]:
    """A pool's files, but for the header, which says when it was made."""
    return {name: data for name, data in contents(pool).items() if name != HEADER}


def arguments(given: Path) -> dict[str, Any]:
    return {"model": str(given / "tiny"), "precision": "float32", "adapter": None}


def test_processes_make_the_same_pool(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commanded(given / "tiny", *line_of(given, tmp_path / "two", "--jobs", "2")) == 0
    assert made(tmp_path / "two") == made(given / "one")
    assert open_pool(tmp_path / "two").header.guesses == open_pool(given / "one").header.guesses
    said = capsys.readouterr()
    assert f"{CLIPS - 1} examples" in said.out
    assert "cannot be decoded" in said.err


def test_what_was_encoded_is_not_encoded_again(given: Path, tmp_path: Path) -> None:
    models = model.load_models(**arguments(given))
    clips = [u.audio for u in open_pool(given / "one").utterances][:4]
    told: list[tuple[int, int]] = []

    workers = EncodingWorkers(Placement(1), arguments(given))
    log = Log(tmp_path / "log", Encoder(models).settings)
    workers.encode(clips[:2], log, lambda done, of: told.append((done, of)))
    before = (tmp_path / "log").read_bytes()
    workers.encode([*clips, clips[0]], log, lambda done, of: told.append((done, of)))
    log.close()
    after = (tmp_path / "log").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == 1 + 4
    assert told == [(2, 2), (2, 5)]


def test_a_task_carries_its_clips(given: Path, tmp_path: Path) -> None:
    models = model.load_models(**arguments(given))
    audio = open_pool(given / "one").utterances[0].audio
    key, gone = digest(audio), tmp_path / "gone" / audio.name
    there = Encoder(models)(audio).to_json()
    encoder = ClipsEncoder(CarriedModels.of(arguments(given), one_machine=False))
    assert encoder(ClipsTask({key: gone}, {key: audio.read_bytes()})) == {key: there}
    assert encoder(ClipsTask({key: gone}, {})) == {}


def test_a_node_killed_in_the_middle_changes_nothing(given: Path, tmp_path: Path) -> None:
    shutil.copytree(given / "corpus", tmp_path / "corpus")
    log = tmp_path / "out.part" / "done.jsonl"
    with two_nodes() as cluster:
        line = line_of(tmp_path, tmp_path / "out", "--jobs", "2", "--cluster", cluster.address)
        run = begun(given / "tiny", line, cluster.environment)
        cluster.killed_in(run, lambda: log.exists() and log.read_bytes().count(b"\n") > 8)
    assert made(tmp_path / "out") == made(given / "one")


def test_a_node_killed_while_the_datastore_is_read_changes_nothing(given: Path, tmp_path: Path) -> None:
    shutil.copytree(given / "corpus", tmp_path / "corpus")
    assert commanded(given / "tiny", *line_of(tmp_path, tmp_path / "one", "--knn")) == 0
    with two_nodes() as cluster:
        line = line_of(tmp_path, tmp_path / "out", "--knn", "--jobs", "2", "--cluster", cluster.address)
        run = begun(given / "tiny", line, cluster.environment)
        logs = partial((tmp_path / "out").glob, "tokens-*.part/read.jsonl")
        cluster.killed_in(run, lambda: any(log.read_bytes().count(b"\n") > 1 for log in logs()))
    assert [name for name in made(tmp_path / "out") if name.startswith("tokens-")]
    assert made(tmp_path / "out") == made(tmp_path / "one")


def test_a_pool_indexed_again_by_workers_is_the_same(given: Path, tmp_path: Path) -> None:
    models = model.load_models(**arguments(given))
    side = indexing.SideBySide(models, EncodingWorkers(Placement(1), arguments(given)))
    assert made(indexing.index(given / "one", tmp_path / "again", side).pool.folder) == made(given / "one")
