"""A write that fails half-way leaves the old file whole, and nothing of its own behind."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smile import exporting
from smile.audio import io as audio
from smile.datatypes import SmileError
from smile.evaluation import rows
from smile.pools.export import as_folder, as_superb
from smile.pools.pool import Pool
from smile.results import packing
from smile.util import storage as workfolder
from smile.util.arrays import Arrays, read_array, write_array, write_arrays
from smile.util.storage import rename_folder, work_folder, write_bytes, write_json, write_text
from tests.conftest import ROOT
from tests.support.small_pools import NOISE, contents, small_pool

FULL = OSError(errno.ENOSPC, "No space left on device")


WRITERS: dict[str, Callable[[Path, Pool], Any]] = {
    "bytes": lambda f, pool: write_bytes(f / "out", bytes(200_000)),
    "text": lambda f, pool: write_text(f / "out", "a" * 200_000),
    "json": lambda f, pool: write_json(f / "out", ["a" * 200_000]),
    "array": lambda f, pool: write_array(f / "out", np.ones(50_000)),
    "arrays": lambda f, pool: write_arrays(f / "out", {"a": np.ones(50_000), "b": np.ones(3)}),
    "packed arrays": lambda f, pool: write_arrays(f / "out", {"a": np.random.rand(50_000)}, compressed=True),
    "wav": lambda f, pool: audio.write(f / "out.wav", np.tile(NOISE, 10)),
    "flac": lambda f, pool: audio.write(f / "out.flac", np.tile(NOISE, 10)),
    "ogg": lambda f, pool: audio.write(f / "out.ogg", np.tile(NOISE, 20)),
    "rows": lambda f, pool: rows.write_lines(f / "out", ({"a": "b" * 1000} for _ in range(200))),
    "transcripts": lambda f, pool: exporting.export(
        [exporting.TieredTranscript("x.wav", 1.0, (("text", (exporting.Span(0.0, 1.0, "a" * 200_000),)),))],
        "csv",
        f,
    ),
    "zip": lambda f, pool: as_folder(pool, f / "out.zip"),
    "superb": lambda f, pool: as_superb(pool, f / "out.zip"),
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("pools") / "mdw")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB; where none may be mounted, a file may not grow beyond that."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], capture_output=True
        ).returncode
    )
    if mounted:
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(kind: str, full_disk: Path, pool: Pool) -> None:
    names = ("out", "out.wav", "out.flac", "out.ogg", "out.zip", "transcripts.csv")
    for name in names:
        (full_disk / name).write_bytes(b"old")
    with pytest.raises((OSError, SmileError)) as told:
        WRITERS[kind](full_disk, pool)
    if isinstance(told.value, OSError):
        assert told.value.errno in (errno.ENOSPC, errno.EFBIG), "a person is told why"
    assert contents(full_disk) == dict.fromkeys(names, b"old")


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_written_appears_under_its_name_alone(
    kind: str, tmp_path_factory: pytest.TempPathFactory, pool: Pool
) -> None:
    folder = tmp_path_factory.mktemp("written")
    WRITERS[kind](folder, pool)
    (name,) = contents(folder)
    assert name.startswith(("out", "transcripts"))


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_an_error_before_the_name_is_given_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    (tmp_path / "out").write_bytes(b"old")

    def full(*args: object) -> None:
        raise FULL

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "out", "new")
    monkeypatch.undo()
    assert contents(tmp_path) == {"out": b"old"}


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = workfolder.sync, os.replace
    monkeypatch.setattr(
        workfolder, "sync", lambda p: (done.append("folder" if p.is_dir() else "file"), sync(p))
    )
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("name"), replace(a, b)))
    write_text(tmp_path / "out", "new")
    assert done == ["file", "name", "folder"]


def test_a_file_system_that_cannot_sync_folders_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def odd(number: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{number}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(number)

    monkeypatch.setattr(os, "fsync", odd)
    write_text(tmp_path / "out", "new")
    assert contents(tmp_path) == {"out": b"new"}


def test_a_folder_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new" / "deep" / "a").write_text("a")
    synced: list[str] = []
    monkeypatch.setattr(workfolder, "sync", lambda p: synced.append(p.name))
    monkeypatch.setattr(os, "rename", lambda a, b: synced.append("named"))
    rename_folder(tmp_path / "new", tmp_path / "out")
    assert synced == ["new", "a", "deep", "named", tmp_path.name]


def test_a_folder_that_cannot_be_synced_leaves_the_older_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "data").write_text("old")

    def full(path: Path) -> None:
        raise FULL

    with work_folder(tmp_path / "out", ("data",)) as work:
        work.new.mkdir(parents=True)
        (work.new / "data").write_text("new")
        monkeypatch.setattr(workfolder, "sync", full)
        with pytest.raises(OSError, match="No space"):
            work.publish()
    monkeypatch.undo()
    with work_folder(tmp_path / "out", ("data",)):
        assert (tmp_path / "out" / "data").read_text() == "old"


def test_a_process_that_is_killed_while_it_writes_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    ask = (
        "import os, signal, sys; from pathlib import Path; from smile.util.storage import replacing\n"
        "with replacing(Path(sys.argv[1])) as new:\n"
        "    new.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", ask, str(tmp_path / "out")], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "out").read_text() == "old"
    assert [p.suffix for p in tmp_path.iterdir() if p.name != "out"] == [".tmp"]


def test_rows_of_a_writer_that_fails_are_not_half_written(tmp_path: Path) -> None:
    rows.write_lines(tmp_path / "x.jsonl", [{"a": 1}])

    def broken() -> Iterator[dict[str, int]]:
        yield {"a": 2}
        raise FULL

    with pytest.raises(OSError, match="No space"):
        rows.write_lines(tmp_path / "x.jsonl", broken())
    assert contents(tmp_path) == {"x.jsonl": b'{"a": 1}\n'}


def test_rows_that_are_too_large_leave_the_packed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pd.DataFrame([dict.fromkeys(packing.TEXTS, "")])
    monkeypatch.setattr(packing, "read_rows_of", lambda folder: made)
    monkeypatch.setattr(packing, "read_manifest", lambda folder: {"conditions": {}, "runs": []})
    packing.pack([tmp_path], tmp_path / "out")
    before = contents(tmp_path)
    monkeypatch.setattr(packing, "MOST_BYTES", 10)
    with pytest.raises(SmileError, match="larger than"):
        packing.pack([tmp_path], tmp_path / "out")
    assert contents(tmp_path) == before


def test_arrays_come_back(tmp_path: Path) -> None:
    made = {"a": np.arange(6).reshape(2, 3), "b": np.array("text"), "c": np.zeros((0, 4), np.float32)}
    for compressed in (False, True):
        write_arrays(tmp_path / "x.npz", made, compressed=compressed)
        with Arrays(tmp_path / "x.npz") as stored:
            for name, array in made.items():
                np.testing.assert_array_equal(stored[name], array)
                assert stored[name].dtype == array.dtype
    for array in (made["a"], np.asfortranarray(made["a"]), made["c"]):
        write_array(tmp_path / "x.npy", array)
        np.testing.assert_array_equal(read_array(tmp_path / "x.npy"), array)
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), array)
