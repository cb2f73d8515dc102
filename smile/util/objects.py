"""Objects in a store, such as S3: listed, told apart by their versions, and fetched whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from smile.datatypes import SmileError
from smile.util.urls import Url, filesystem, lasting, reason_of, telling

TRIES = 4  # times that an object is fetched in all, each going on where the one before stopped
WAIT = 0.5  # seconds before the second time, twice as many before the third, and so on
PIECE = 16 << 20  # bytes that are asked for and held at a time
SPARE = 1 << 30  # bytes that stay free on the disk
TOGETHER = 8  # small objects that are fetched at a time
BEGINNINGS = 500  # objects whose first bytes are asked for at a time
TAGS = ("ETag", "etag", "md5Hash", "content_md5")  # what stores call what changes with an object's content
TIMES = ("LastModified", "last_modified", "updated", "mtime")  # where there is none of these
CHANGED = "{} has changed since it was listed; the same command takes it as it is now."


@dataclass(frozen=True)
class RemoteObject:
    """An object as it was listed.

    Attributes:
        url: where it is.
        size: bytes.
        version: its ETag, or where its store has none when it was changed.
    """

    url: Url
    size: int
    version: str

    @property
    def key(self) -> str:
        """Return 64 hex digits that tell it from other objects and from its own other versions."""
        told = f"{self.url.protocol}://{self.url.path}\0{self.size}\0{self.version}"
        return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def listed(url: Url) -> list[RemoteObject]:
    """Return all objects at and below a URL, in no order that means anything; folders are none.

    Raises:
        SmileError: there is nothing, no access, or no package for the protocol.
    """
    with telling(url):
        store = filesystem(url.protocol)
        infos = _local(store, url.path) if url.protocol == "file" else _found(store, url.path)
        found = [
            RemoteObject(Url(url.protocol, info["name"]), int(info["size"]), version_of(info))
            for info in infos
        ]
    if not found:
        raise SmileError(f"There is nothing at {url}; check how bucket and folder are called.")
    return found


def beginnings(objects: Sequence[RemoteObject], count: int) -> Iterator[bytes | None]:
    """Yield the first bytes of objects of one protocol, in order; None where they cannot be read."""
    todo = iter(objects)
    while some := list(islice(todo, BEGINNINGS)):
        store, paths = filesystem(some[0].url.protocol), [one.url.path for one in some]
        ends = [min(count, one.size) for one in some]
        with telling(some[0].url):
            read = store.cat_ranges(paths, [0] * len(some), ends, on_error="return")
        yield from (data if isinstance(data, bytes) else None for data in read)


def fetch_all(wanted: Sequence[tuple[RemoteObject, Path]], most: int) -> Generator[Path]:
    """Fetch objects of one protocol into new files, a few at a time; yield each path when it is whole.

    Where one fails, or the iterator is closed, the others are given up; raises as `fetch` does.
    """
    if not wanted:
        return
    _check_disk(wanted[0][0].url, sum(remote.size for remote, _ in wanted), wanted[0][1].parent)
    store, given_up = filesystem(wanted[0][0].url.protocol), Event()
    with ThreadPoolExecutor(TOGETHER) as threads:
        try:
            doing = {threads.submit(fetch, one, path, most, store, given_up): path for one, path in wanted}
            for done in as_completed(doing):
                done.result()
                yield doing[done]
        except BaseException:
            given_up.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def fetch(
    remote: RemoteObject, path: Path, most: int, store: Any = None, given_up: Event | None = None
) -> None:
    """Write an object's bytes into a new file, by a `store` that is there or another; remove what fails.

    A connection that fails is tried again, and goes on where it stopped.

    Raises:
        SmileError: it has more than `most` bytes or than the disk has room for, is gone, may not be read,
            has changed since it was listed, or the connection failed time and again.
        OSError: the disk fails.
    """
    if remote.size > most:
        raise SmileError(f"{remote.url} has {remote.size / 1e9:.1f} GB; at most {most / 1e9:g} are taken.")
    _check_disk(remote.url, remote.size, path.parent)
    try:
        with path.open("xb") as file:
            _filled(remote, file, store or filesystem(remote.url.protocol), given_up or Event())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


class _DiskError(Exception):
    """Of this machine; it is raised from what the disk said."""


def _filled(remote: RemoteObject, file: BinaryIO, store: Any, given_up: Event) -> None:
    for number in range(TRIES):
        try:
            return _go_on(remote, file, store, given_up)
        except _DiskError as error:
            raise error.__cause__ or error from None
        except Exception as error:  # of fsspec, botocore, aiohttp and others
            if isinstance(error, SmileError):
                raise
            if type(error).__name__ == "FileExpired":  # as s3fs calls it
                raise SmileError(CHANGED.format(remote.url)) from error
            if lasting(error) or number == TRIES - 1:
                raise SmileError(f"{remote.url} cannot be read: {reason_of(error)}.") from error
            given_up.wait(WAIT * 2**number)


def _go_on(remote: RemoteObject, file: BinaryIO, store: Any, given_up: Event) -> None:
    """Append what a file lacks of an object, if that is still as it was listed, then and afterwards."""
    _check_version(store, remote)
    with store.open(remote.url.path, "rb", block_size=PIECE, cache_type="none") as source:
        source.seek(file.tell())
        while (missing := remote.size - file.tell()) > 0:
            if given_up.is_set():
                raise SmileError(f"{remote.url} was given up.")
            data = source.read(asked := min(PIECE, missing))
            if not 0 < len(data) <= asked:  # more: a store that does not know of ranges
                raise SmileError(CHANGED.format(remote.url))
            _write(file, data)
    _check_version(store, remote)


def _write(file: BinaryIO, data: bytes) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise _DiskError from error


def _check_version(store: Any, remote: RemoteObject) -> None:
    info = store.info(remote.url.path)
    if (int(info["size"]), version_of(info)) != (remote.size, remote.version):
        raise SmileError(CHANGED.format(remote.url))


def _check_disk(url: Url, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free - SPARE
    if size > free:
        raise SmileError(
            f"{url} has {size / 1e9:.1f} GB and the disk room for {max(free, 0) / 1e9:.1f} beside 1 GB that "
            "stays free; make room, or name another folder with TMPDIR, or for a pool with SMILE_CACHE."
        )


def _found(store: Any, path: str) -> Iterator[dict[str, Any]]:
    """What a store tells of the objects at and below a path; an empty one that ends in "/" is a folder."""
    for info in store.find(path, detail=True).values():
        if info["type"] == "file" and (info["size"] or not info["name"].endswith("/")):
            yield info


def _local(store: Any, path: str) -> Iterator[dict[str, Any]]:
    """What is told of the regular files at and below a path of this machine; links to folders stay closed."""
    for name in [path] if os.path.isfile(path) else _walked(path):
        with suppress(FileNotFoundError):  # one that was removed meanwhile
            if os.path.isfile(name):
                yield store.info(name)


def _walked(path: str) -> Iterable[str]:
    if not os.path.isdir(path):
        raise FileNotFoundError(path)
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names)


def version_of(info: dict[str, Any]) -> str:
    """Return what tells an object from what it was before, as far as its store says."""
    tags = [str(info[name]) for name in TAGS if info.get(name)]
    times = [f"{info[name]} {info.get('ino', '')}".strip() for name in TIMES if info.get(name)]
    return (tags or times or [""])[0]
