"""A folder of this machine whose files also lie at a URL, where each appears whole."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.util.objects import TRIES, WAIT, version_of
from smile.util.storage import replacing
from smile.util.urls import Url, filesystem, lasting, telling

EVERY = 30.0  # seconds between two times that what is at work is put there


class TakenError(SmileError):
    """Somebody else writes to the same place."""


class RemoteFolder:
    """Files of a folder here, put under the same names at a URL, where it is made.

    A store such as S3 shows an object when all of it has been put; a folder of this machine shows a file when
    it is whole. The file that was taken is put there only while nobody else has written it.

    Args:
        url: of a folder; its bucket has to be there.
        folder: on this machine.
    """

    def __init__(self, url: Url, folder: Path):
        self.url, self.folder = url, folder
        self._put: dict[str, tuple[int, int]] = {}  # size and time of change of each file that was put
        self._taken, self._version = "", ""  # the name of the file that was taken, and what it is there
        self._last = time.monotonic()

    def take(self, name: str) -> None:
        """Fetch a file into the folder here; where there is none, put an empty one, and so learn if one may.

        Raises:
            SmileError: the URL cannot be read or written.
        """
        path, place = self.folder / name, self._place(name)
        with telling(place):
            store = filesystem(self.url.protocol)
            if _version_there(store, place):
                _again(lambda: store.get_file(place.path, str(path)))
            else:
                path.touch()
        self._taken = name
        self.put(name)

    def put(self, *names: str) -> None:
        """Put those files there that have changed since they were put.

        Raises:
            SmileError: the URL cannot be written, tried time and again.
            TakenError: somebody else has written the file that was taken.
        """
        for name in names:
            path = self.folder / name
            told = path.stat()
            if self._put.get(name) != (told.st_size, told.st_mtime_ns):
                if name == self._taken:
                    self._put_taken(path)
                else:
                    self._put_one(path, self._place(name))
                self._put[name] = told.st_size, told.st_mtime_ns
        self._last = time.monotonic()

    def put_now_and_then(self, *names: str) -> None:
        """Put files there, if the last time was some while ago."""
        if time.monotonic() - self._last >= EVERY:
            self.put(*names)

    def check_alone(self) -> None:
        """Make sure that nobody else has written the file that was taken.

        Raises:
            SmileError: the URL cannot be read.
            TakenError: somebody has.
        """
        if self._version and self._version_there() not in ("", self._version):
            raise TakenError(
                f"Another command has written {self._place(self._taken)} meanwhile; wait until it is done, "
                "or name another place with --out."
            )

    def _put_taken(self, path: Path) -> None:
        self.check_alone()
        self._version = ""  # one that fails may yet have come there
        self._put_one(path, self._place(self._taken))
        self._version = self._version_there()

    def _version_there(self) -> str:
        place = self._place(self._taken)
        with telling(place):
            return _version_there(filesystem(place.protocol), place)

    def _place(self, name: str) -> Url:
        return Url(self.url.protocol, f"{self.url.path.rstrip('/')}/{name}".rstrip("/"))

    def _put_one(self, path: Path, place: Url) -> None:
        with telling(place, "written"):
            if place.protocol == "file":
                Path(place.path).parent.mkdir(parents=True, exist_ok=True)
                with replacing(Path(place.path)) as temporary:
                    shutil.copyfile(path, temporary)
            else:
                _again(lambda: filesystem(place.protocol).put_file(str(path), place.path))


def _version_there(store: Any, place: Url) -> str:
    """What tells a file's content there, "" where there is none; fsspec's `exists` takes failures so."""
    try:
        if place.protocol == "file":
            with Path(place.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        return version_of(_again(lambda: store.info(place.path))) or "there"
    except FileNotFoundError:
        return ""


def _again(do: Callable[[], Any]) -> Any:
    """Do something, and do it again where the connection fails; return what comes of it."""
    for number in range(TRIES):
        try:
            return do()
        except Exception as error:  # of fsspec, botocore, aiohttp and others
            if lasting(error) or number == TRIES - 1:
                raise
            time.sleep(WAIT * 2**number)
    raise AssertionError("The last time returns or raises.")
