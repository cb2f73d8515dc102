"""What is no regular file is named in one sentence, and neither read nor waited for."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smile.cli import main as cli
from smile.datatypes import DamagedError, PoolError
from smile.decoding.knn import store as token_store
from smile.evaluation import rows
from smile.maps import store as maps
from smile.pools.pool import open_pool
from smile.results import packing
from smile.util.arrays import Arrays, read_array
from smile.util.opening import open_lock, open_regular
from smile.util.storage import read_json, work_folder
from tests.support.small_pools import MODEL, indexed, read_pool, small_map

Place = Callable[[Path], None]


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # its path may be longer than an address can be
    socket.socket(socket.AF_UNIX).bind(path.name)


PLACES: dict[str, Place] = {
    "queue": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "socket": _socket,
}


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Ends a test that waits for a queue."""
    signal.alarm(60)
    yield
    signal.alarm(0)


@pytest.fixture(params=PLACES)
def put(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Puts something in the place of a file."""
    monkeypatch.chdir(Path.cwd())

    def put(path: Path) -> None:
        path.unlink(missing_ok=True)
        PLACES[request.param](path)

    return put


def test_readers_take_regular_files_only(put: Place, tmp_path: Path) -> None:
    put(tmp_path / "a")
    for read in (open_regular, read_json, read_array, Arrays):
        with pytest.raises(DamagedError):
            read(tmp_path / "a")


def test_a_link_to_a_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "b.json").symlink_to("a.json")
    assert read_json(tmp_path / "b.json") == [1]


@pytest.mark.parametrize("name", ["pool.json", "clips.csv", "queries.csv", "embeddings.npy"])
def test_a_pool(name: str, put: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = indexed(tmp_path / "pool").folder
    put(folder / name)
    assert cli.main(["pool", "export", str(folder), "--out", str(tmp_path / "out.zip")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert name in said


def test_a_datastore_and_a_map(put: Place, tmp_path: Path) -> None:
    pool = read_pool(tmp_path / "pool")
    put(token_store.store_path(pool, MODEL))
    assert not token_store.present(pool, MODEL)
    made = small_map()
    maps.save([made], tmp_path)
    put(tmp_path / "demo.npz")
    with pytest.raises(ValueError, match="make it again with: smile project"):
        maps.load(made.entry, tmp_path)


def test_packed_rows(put: Place, tmp_path: Path) -> None:
    put(tmp_path / packing.RESULTS)
    with pytest.raises(ValueError, match="pack it again with: smile results pack"):
        packing.load(tmp_path)


def test_rows(put: Place, tmp_path: Path) -> None:
    put(tmp_path / "mdw.jsonl")
    with pytest.raises(ValueError, match="remove it, or evaluate into another folder"):
        rows.read_rows(tmp_path / "mdw.jsonl")
    put(tmp_path / rows.NAME)
    with pytest.raises(ValueError, match="is damaged; remove it and run the command again"):
        rows.read_manifest(tmp_path)


def test_a_lock(put: Place, tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    put(tmp_path / "out.part" / "lock")
    with pytest.raises(PoolError, match=r"lock is not the lock that SMILE makes; remove it"):
        open_lock(tmp_path / "out.part" / "lock")
    with pytest.raises(PoolError, match="remove it"), work_folder(tmp_path / "out", ()):
        pass


def test_a_lock_that_is_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("mine")
    (tmp_path / "lock").symlink_to("text")
    with pytest.raises(PoolError, match="remove it"):
        open_lock(tmp_path / "lock")
    assert (tmp_path / "text").read_text() == "mine"


def test_a_file_is_locked_and_a_pool_opens(tmp_path: Path) -> None:
    open_lock(tmp_path / "lock").close()
    open_lock(tmp_path / "lock").close()
    assert len(open_pool(indexed(tmp_path / "pool").folder)) == 2
