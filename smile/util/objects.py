"""Objects in a store, such as S3: listed, told apart by their versions, and fetched whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
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
        return hashlib.sha256(f"{self.url}\0{self.size}\0{self.version}".encode()).hexdigest()


def listed(url: Url) -> list[RemoteObject]:
    """Return all objects at and below a URL, in no order that means anything; folders are none.

    Raises:
        SmileError: there is nothing, no access, or no package for the protocol.
    """
    with telling(url):
        store = filesystem(url.protocol)
        infos = _local(store, url.path) if url.protocol == "file" else _found(store, url.path)
        found = [
            RemoteObject(Url(url.protocol, info["name"]), int(info["size"]), _version(info)) for info in infos
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


def fetch_all(wanted: Sequence[tuple[RemoteObject, Path]], most: int) -> None:
    """Fetch objects of one protocol into new files, a few at a time; raises as `fetch` does."""
    if not wanted:
        return
    store = filesystem(wanted[0][0].url.protocol)
    with ThreadPoolExecutor(TOGETHER) as threads:
        for done in [threads.submit(fetch, remote, path, most, store) for remote, path in wanted]:
            done.result()


def fetch(remote: RemoteObject, path: Path, most: int, store: Any = None) -> None:
    """Write an object's bytes into a new file, by a `store` that is there or another; remove what fails.

    A connection that fails is tried again, and goes on where it stopped.

    Raises:
        SmileError: it has more than `most` bytes or than the disk has room for, is gone, may not be read,
            has changed since it was listed, or the connection failed time and again.
        OSError: the disk fails.
    """
    _check_room(remote, path.parent, most)
    try:
        with path.open("xb") as file:
            _filled(remote, file, store or filesystem(remote.url.protocol))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _filled(remote: RemoteObject, file: BinaryIO, store: Any) -> None:
    for number in range(TRIES):
        try:
            return _go_on(remote, file, store)
        except Exception as error:  # of fsspec, botocore, aiohttp and others
            if isinstance(error, SmileError):
                raise
            if type(error).__name__ == "FileExpired":  # as s3fs calls it
                raise SmileError(CHANGED.format(remote.url)) from error
            if lasting(error) or number == TRIES - 1:
                raise SmileError(f"{remote.url} cannot be read: {reason_of(error)}.") from error
            time.sleep(WAIT * 2**number)


def _go_on(remote: RemoteObject, file: BinaryIO, store: Any) -> None:
    """Append what a file lacks of an object, if that is still as it was listed, then and afterwards."""
    _check_version(store, remote)
    with store.open(remote.url.path, "rb", block_size=PIECE, cache_type="none") as source:
        source.seek(file.tell())
        while (missing := remote.size - file.tell()) > 0:
            data = source.read(min(PIECE, missing))
            if not data:
                raise SmileError(CHANGED.format(remote.url))
            file.write(data)
    _check_version(store, remote)


def _check_version(store: Any, remote: RemoteObject) -> None:
    info = store.info(remote.url.path)
    if (int(info["size"]), _version(info)) != (remote.size, remote.version):
        raise SmileError(CHANGED.format(remote.url))


def _check_room(remote: RemoteObject, folder: Path, most: int) -> None:
    if remote.size > most:
        raise SmileError(f"{remote.url} has {remote.size / 1e9:.1f} GB; at most {most / 1e9:g} are taken.")
    free = shutil.disk_usage(folder).free - SPARE
    if remote.size > free:
        raise SmileError(
            f"{remote.url} has {remote.size / 1e9:.1f} GB and the disk room for {max(free, 0) / 1e9:.1f}; "
            "make room, or name another folder with TMPDIR."
        )


def _found(store: Any, path: str) -> Iterator[dict[str, Any]]:
    """What a store tells of the objects at and below a path; an empty one that ends in "/" is a folder."""
    for info in store.find(path, detail=True).values():
        if info["type"] == "file" and (info["size"] or not info["name"].endswith("/")):
            yield info


def _local(store: Any, path: str) -> Iterator[dict[str, Any]]:
    """What is told of the regular files at and below a path of this machine; links to folders stay closed."""
    for name in [path] if os.path.isfile(path) else _walked(path):
        if os.path.isfile(name):
            yield store.info(name)


def _walked(path: str) -> Iterable[str]:
    if not os.path.isdir(path):
        raise FileNotFoundError(path)
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names)


def _version(info: dict[str, Any]) -> str:
    """What tells an object from what it was before, as far as its store says."""
    tags = [str(info[name]) for name in TAGS if info.get(name)]
    times = [f"{info[name]} {info.get('ino', '')}".strip() for name in TIMES if info.get(name)]
    return (tags or times or [""])[0]
