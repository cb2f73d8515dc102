"""Pools at a URL: fetched whole, once to the cache and once by a worker, with what was made of them here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from smile.datatypes import PoolError, SmileError
from smile.pools import fetched
from smile.pools.carried import CarriedPool
from smile.pools.fetched import PoolAt
from smile.pools.pool import open_pool
from smile.util.urls import url_of
from smile.util.workers.carried import forget
from tests.support.small_pools import contents, indexed
from tests.support.store import Store, asked, store


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    with store() as made:
        yield made


@pytest.fixture
def bucket(running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with asked(running, monkeypatch) as ours:
        yield ours


def put(bucket: Store, folder: Path, prefix: str) -> PoolAt:
    indexed(folder)
    bucket.put_folder(folder, prefix)
    return PoolAt.at(url_of(f"s3://speech/{prefix}"))


def test_a_pool_is_fetched_once_for_each_version(bucket: Store, tmp_path: Path) -> None:
    at = put(bucket, tmp_path / "a", "pools/one")
    folder = at.kept_in(tmp_path / "cache")
    assert (folder.name, contents(folder)) == ("one", contents(tmp_path / "a"))
    assert at.unchanged(folder) == {path for path in folder.rglob("*") if path.is_file()}
    bucket.fetched.clear()
    assert PoolAt.at(url_of("s3://speech/pools/one")).kept_in(tmp_path / "cache") == folder
    assert bucket.fetched == []
    bucket.put("pools/one/audio/a.wav", b"another")
    other = PoolAt.at(url_of("s3://speech/pools/one")).kept_in(tmp_path / "cache")
    assert (other.name, other == folder, (other / "audio" / "a.wav").read_bytes()) == (
        "one",
        False,
        b"another",
    )


def test_a_worker_fetches_what_lies_there_and_is_sent_what_was_made_or_changed(
    bucket: Store, tmp_path: Path
) -> None:
    at = put(bucket, tmp_path / "a", "pools/two")
    folder = at.kept_in(tmp_path / "cache")
    (folder / "tokens-made.npz").write_bytes(b"made here")
    (folder / "embeddings.npy").write_bytes((folder / "embeddings.npy").read_bytes())  # newer than there
    carried = CarriedPool.of(open_pool(folder), at)
    assert [name for name, _ in carried.files.files] == ["embeddings.npy", "tokens-made.npz"]
    bucket.fetched.clear()
    try:
        pool = carried.opened()
        assert contents(pool.folder) == contents(folder)
        assert np.array_equal(pool.embeddings, open_pool(folder).embeddings)
        assert set(bucket.fetched) == {
            f"pools/two/{name}" for name, _ in at.files if name != "embeddings.npy"
        }
    finally:
        forget()


def test_what_is_not_fetched_whole_is_no_pool(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = put(bucket, tmp_path / "a", "pools/three")
    bucket.put("pools/three/audio/b.wav", b"changed")
    with pytest.raises(SmileError, match=r"audio/b\.wav has changed since it was listed"):
        at.kept_in(tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.name == "three"]
    again = PoolAt.at(url_of("s3://speech/pools/three"))
    monkeypatch.setattr(fetched, "MOST", 10)
    with pytest.raises(SmileError, match="at most 1e-08 are taken"):
        again.kept_in(tmp_path / "cache")


@pytest.mark.parametrize("name", ["../out.csv", "audio/../../x", "a//b", "./x"])
def test_names_that_lead_out_are_refused(bucket: Store, name: str) -> None:
    bucket.put("pools/four/pool.json", b"{}")
    bucket.put(f"pools/four/{name}", b"x")
    try:
        with pytest.raises(PoolError, match="leads out of the pool"):
            PoolAt.at(url_of("s3://speech/pools/four"))
    finally:
        bucket.client.delete_object(Bucket="speech", Key=f"pools/four/{name}")


def test_a_folder_without_a_header_is_no_pool(bucket: Store) -> None:
    bucket.put("pools/five/clips.csv", b"x")
    with pytest.raises(
        PoolError, match=r"There is no pool at s3://speech/pools/five; name the folder that has"
    ):
        PoolAt.at(url_of("s3://speech/pools/five"))


def test_what_was_interrupted_goes_on_and_what_was_torn_is_fetched_again(
    bucket: Store, tmp_path: Path
) -> None:
    at = put(bucket, tmp_path / "a", "pools/six")
    sent = bucket.client.get_object(Bucket="speech", Key="pools/six/pool.json")["Body"].read()
    bucket.client.delete_object(Bucket="speech", Key="pools/six/pool.json")
    with pytest.raises(SmileError, match=r"pool\.json cannot be read: there is nothing of this name"):
        at.kept_in(tmp_path / "cache")
    (new,) = (path / "new" for path in (tmp_path / "cache").rglob("*.part"))
    for name, whole in (("audio/a.wav", True), ("audio/b.wav", False)):
        (new / name).write_bytes((tmp_path / "a" / name).read_bytes() if whole else b"torn")
        if whole:
            os.utime(new / name, ns=(fetched.FETCHED, fetched.FETCHED))
    bucket.put("pools/six/pool.json", sent)
    bucket.fetched.clear()
    assert contents(at.kept_in(tmp_path / "cache")) == contents(tmp_path / "a")
    assert "pools/six/audio/b.wav" in bucket.fetched
    assert "pools/six/audio/a.wav" not in bucket.fetched
    assert not list((tmp_path / "cache").rglob("*.part"))
