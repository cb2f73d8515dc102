"""Objects of a store: listed with their versions, fetched whole or not at all."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from fsspec.implementations.local import LocalFileSystem

from smile.datatypes import SmileError
from smile.util import objects
from smile.util.objects import RemoteObject, beginnings, fetch, fetch_all, listed
from smile.util.urls import Url, url_of
from tests.support.store import SECRET, Store, asked, store

DATA = bytes(range(256)) * 400
MOST = 10**9


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    with store() as made:
        yield made


@pytest.fixture
def bucket(running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with asked(running, monkeypatch) as ours:
        yield ours


def only(url: str) -> RemoteObject:
    (found,) = listed(url_of(url))
    return found


def local(path: Path) -> RemoteObject:
    return only(f"file://{path}")


def test_an_object_is_fetched_as_it_is(bucket: Store, tmp_path: Path) -> None:
    bucket.put("one/a b%20/ü.wav", DATA)
    found = only("s3://speech/one")
    assert (found.url, found.size) == (Url("s3", "speech/one/a b%20/ü.wav"), len(DATA))
    assert found == only("s3://speech/one/a b%20/ü.wav")
    fetch(found, tmp_path / "x", MOST)
    assert (tmp_path / "x").read_bytes() == DATA
    assert list(beginnings([found], 4)) == [DATA[:4]]


def test_another_content_or_place_is_another_key(bucket: Store) -> None:
    bucket.put("two/a.wav", DATA)
    before = only("s3://speech/two").key
    bucket.put("two/a.wav", DATA)
    assert only("s3://speech/two").key == before
    bucket.put("two/a.wav", DATA[::-1])
    assert only("s3://speech/two").key != before
    bucket.put("three/a.wav", DATA)
    assert only("s3://speech/three").key != before


def test_a_connection_that_is_cut_is_tried_again(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PIECE", 1 << 14)
    bucket.put("cut/a.wav", DATA)
    cuts = iter([False, True, True, False, True])
    bucket.before = lambda key: next(cuts, False)
    fetch(only("s3://speech/cut"), tmp_path / "x", MOST)
    assert (tmp_path / "x").read_bytes() == DATA
    assert next(cuts, None) is None


def test_what_goes_on_failing_is_a_sentence_and_no_file(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "WAIT", 0.0)
    monkeypatch.setattr("s3fs.core.S3FileSystem.retries", 1)
    bucket.put("cut/a.wav", DATA)
    found = only("s3://speech/cut")
    bucket.before = lambda key: True
    with pytest.raises(
        SmileError, match=r"s3://speech/cut/a\.wav cannot be read: the connection or the store"
    ):
        fetch(found, tmp_path / "x", MOST)
    assert len(bucket.fetched) >= objects.TRIES
    assert not list(tmp_path.iterdir())


def test_what_changes_while_it_is_read_is_told(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PIECE", 1 << 14)
    bucket.put("changing/a.wav", DATA)
    found, pieces = only("s3://speech/changing"), []

    def change(key: str) -> bool:
        pieces.append(key)
        if len(pieces) == 3:
            bucket.put("changing/a.wav", DATA[::-1])
        return False

    bucket.before = change
    with pytest.raises(SmileError, match="has changed since it was listed"):
        fetch(found, tmp_path / "x", MOST)
    assert len(pieces) == 3
    bucket.before = lambda key: False
    with pytest.raises(SmileError, match="has changed since it was listed"):
        fetch(found, tmp_path / "x", MOST)
    assert not list(tmp_path.iterdir())


def test_what_is_gone_denied_too_large_or_nowhere_is_told(bucket: Store, tmp_path: Path) -> None:
    bucket.put("gone/a.wav", DATA)
    found = only("s3://speech/gone")
    with pytest.raises(SmileError, match=r"has 0\.0 GB; at most 1e-06 are taken"):
        fetch(found, tmp_path / "x", 1000)
    bucket.client.delete_object(Bucket="speech", Key="gone/a.wav")
    with pytest.raises(SmileError, match="cannot be read: there is nothing of this name"):
        fetch(found, tmp_path / "x", MOST)
    with pytest.raises(SmileError, match="There is nothing at s3://speech/gone; check how"):
        listed(url_of("s3://speech/gone"))
    with pytest.raises(SmileError, match="s3://no-such/gone cannot be read: there is no such bucket"):
        listed(url_of("s3://no-such/gone"))
    bucket.denied = True
    for ask in (lambda: listed(url_of("s3://speech/one")), lambda: fetch(found, tmp_path / "x", MOST)):
        with pytest.raises(SmileError, match="cannot be read: access is denied; check what") as raised:
            ask()
        assert SECRET not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_without_room_on_the_disk_nothing_is_fetched(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("room/a.wav", DATA)
    found = only("s3://speech/room")
    monkeypatch.setattr(objects, "SPARE", 10**18)
    with pytest.raises(SmileError, match="name another folder with TMPDIR"):
        fetch(found, tmp_path / "x", MOST)
    assert bucket.fetched == []


def test_without_credentials_it_is_told(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SmileError, match="the environment has no whole credentials for it"):
        listed(url_of("s3://speech/one"))


def test_files_of_this_machine_are_objects_too(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.wav").write_bytes(DATA)
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    os.mkfifo(tmp_path / "in" / "queue.wav")
    found = local(tmp_path / "in")
    assert (found.url.path, found.size) == (f"{tmp_path}/in/deep/a.wav", len(DATA))
    fetch(found, tmp_path / "x", MOST)
    assert (tmp_path / "x").read_bytes() == DATA
    os.utime(tmp_path / "in" / "deep" / "a.wav", ns=(1, 1))
    assert local(tmp_path / "in").key != found.key
    with pytest.raises(SmileError, match="has changed since it was listed"):
        fetch(found, tmp_path / "y", MOST)
    with pytest.raises(SmileError, match=r"nowhere cannot be read: there is nothing of this name"):
        listed(Url("file", f"{tmp_path}/nowhere"))


def test_what_keeps_changing_its_length_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(DATA)
    found = local(path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SmileError, match="has changed since it was listed"):
        fetch(found, tmp_path / "y", MOST)


def test_what_a_key_says_of_versions_is_a_part_of_it(bucket: Store, tmp_path: Path) -> None:
    bucket.put("versions/a", DATA)
    bucket.put("versions/a?versionId=1.wav", DATA[::-1])
    (found,) = [one for one in listed(url_of("s3://speech/versions")) if "?" in one.url.path]
    fetch(found, tmp_path / "x", MOST)
    assert (tmp_path / "x").read_bytes() == DATA[::-1]


def test_a_bucket_that_no_store_could_have_is_told(bucket: Store) -> None:
    with pytest.raises(
        SmileError, match=r"s3://spe\*h/x cannot be read: no bucket or object can be called so"
    ):
        listed(url_of("s3://spe*h/x"))


def test_files_whose_names_are_no_text_have_keys(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff.wav"))
    path.write_bytes(DATA)
    found = local(tmp_path / "in")
    assert len(found.key) == 64
    assert str(found.url).endswith(r"/in/\udcff.wav")
    fetch(found, tmp_path / "x", MOST)
    assert (tmp_path / "x").read_bytes() == DATA


def test_a_file_that_goes_while_a_folder_is_listed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(DATA)
    info = LocalFileSystem.info

    def going(self: LocalFileSystem, path: str, **more: object) -> object:
        if path.endswith("a.wav"):
            os.unlink(path)
        return info(self, path, **more)

    monkeypatch.setattr(LocalFileSystem, "info", going)
    assert only(f"file://{tmp_path}").url.path.endswith("/b.wav")


def test_a_disk_that_fills_up_is_told_as_it_is_and_not_tried_again(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("full/a.wav", DATA)
    found = only("s3://speech/full")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(DATA) // 2, hard))

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limited()
    try:
        with pytest.raises(OSError, match="File too large"):
            fetch(found, tmp_path / "x", MOST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert bucket.fetched == ["full/a.wav"]
    assert not list(tmp_path.iterdir())


def test_a_store_that_sends_more_than_was_asked_for_is_told(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("long/a.wav", DATA)
    found = only("s3://speech/long")
    monkeypatch.setattr(objects, "PIECE", len(DATA) // 2)
    monkeypatch.setattr("s3fs.core.S3File._fetch_range", lambda self, start, end: DATA)
    with pytest.raises(SmileError, match="has changed since it was listed"):
        fetch(found, tmp_path / "x", MOST)
    assert not list(tmp_path.iterdir())


def test_where_one_of_many_fails_the_others_are_given_up(bucket: Store, tmp_path: Path) -> None:
    for number in range(60):
        bucket.put(f"many/{number:02}.wav", DATA)
    found = listed(url_of("s3://speech/many"))
    bucket.client.delete_object(Bucket="speech", Key="many/00.wav")
    with pytest.raises(SmileError, match=r"00\.wav cannot be read: there is nothing of this name"):
        list(fetch_all([(one, tmp_path / one.url.path[-6:]) for one in found], MOST))
    assert len(bucket.fetched) < 40
    with closing(fetch_all([(one, tmp_path / f"b{one.url.path[-6:]}") for one in found[1:]], MOST)) as some:
        assert next(some).read_bytes() == DATA
    assert len(list(tmp_path.glob("b*"))) < 40


def test_many_are_not_begun_that_have_no_room_together(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        bucket.put(f"together/{number}.wav", DATA)
    free = objects.SPARE + 2 * len(DATA)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    wanted = [(one, tmp_path / one.url.path[-5:]) for one in listed(url_of("s3://speech/together"))]
    with pytest.raises(SmileError, match=r"make room, or name another folder .* with SMILE_CACHE"):
        list(fetch_all(wanted, MOST))
    assert bucket.fetched == []
