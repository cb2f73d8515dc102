"""A folder of this machine whose files also lie at a URL, where each appears whole."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smile.util.objects import TRIES, WAIT
from smile.util.storage import replacing
from smile.util.urls import Url, filesystem, lasting, telling

EVERY = 30.0  # seconds between two times that what is at work is put there


class RemoteFolder:
    """Files of a folder here, put under the same names at a URL, where it is made.

    A store such as S3 shows an object when all of it has been put; a folder of this machine shows a file when
    it is whole.

    Args:
        url: of a folder; its bucket has to be there.
        folder: on this machine.
    """

    def __init__(self, url: Url, folder: Path):
        self.url, self.folder = url, folder
        self._put: dict[str, tuple[int, int]] = {}  # size and time of change of each file that was put
        self._last = time.monotonic()

    def take(self, name: str) -> None:
        """Fetch a file into the folder here; where there is none, put an empty one, and so learn if one may.

        Raises:
            SmileError: the URL cannot be read or written.
        """
        path, place = self.folder / name, self._place(name)
        with telling(place):
            store = filesystem(self.url.protocol)
            if _is_there(store, place.path):
                _again(lambda: store.get_file(place.path, str(path)))
            else:
                path.touch()
        self.put(name)

    def put(self, *names: str) -> None:
        """Put those files there that have changed since they were put.

        Raises:
            SmileError: the URL cannot be written, tried time and again.
        """
        for name in names:
            path = self.folder / name
            told = path.stat()
            if self._put.get(name) != (told.st_size, told.st_mtime_ns):
                self._put_one(path, self._place(name))
                self._put[name] = told.st_size, told.st_mtime_ns
        self._last = time.monotonic()

    def put_now_and_then(self, *names: str) -> None:
        """Put files there, if the last time was some while ago."""
        if time.monotonic() - self._last >= EVERY:
            self.put(*names)

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


def _is_there(store: Any, path: str) -> bool:
    """Whether there is such a file; fsspec's own `exists` takes any failure for an answer."""
    try:
        _again(lambda: store.info(path))
    except FileNotFoundError:
        return False
    return True


def _again(do: Callable[[], Any]) -> None:
    """Do something, and do it again where the connection fails."""
    for number in range(TRIES):
        try:
            do()
            return
        except Exception as error:  # of fsspec, botocore, aiohttp and others
            if lasting(error) or number == TRIES - 1:
                raise
            time.sleep(WAIT * 2**number)
