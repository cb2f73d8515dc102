"""Bounds on what is sent to the server: in one request, and in uploads that lie there together."""

from __future__ import annotations

import os
import shutil
from asyncio import wait_for
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smile.datatypes import SmileError
from smile.own.quota import DISK_FULL, Quota, said, used
from smile.ui.files import root, sweep, uploading

UPLOAD = "/gradio_api/upload"
MOST_FILES = 1_000_000_000  # bytes of the files of one upload
MOST_VALUES = 4_000_000  # bytes of any other request
MOST_ENTRIES = 3000  # folders of uploads
UNUSED = 300.0  # seconds after which an upload that nobody has used makes way for another
STALLED = 60.0  # seconds between two pieces of an upload
CHECKED = 500_000  # bytes that arrive between two looks at the room
NO_LENGTH = "The request does not say how long it is; send a Content-Length."
TOO_LONG = "The request is longer than the {} that are taken; send less."
FULL = "Too many uploads wait here to be used; please try again later."


class Uploads:
    """The room for uploads that nobody has used yet; those that wait for long make way for others."""

    def __init__(self, quota: Quota):
        self._quota = quota
        self._numbers = count()
        self._under_way: dict[int, list[Path]] = {}  # the files of each, in the order in which they began

    @contextmanager
    def arriving(self) -> Iterator[int]:
        """Count an upload as under way until it is whole or gone; yield its number."""
        number = next(self._numbers)
        try:
            with uploading() as self._under_way[number]:
                yield number
        finally:
            self._under_way.pop(number, None)

    def admit(self, size: int) -> None:
        """Make sure that an upload of so many bytes may begin.

        Raises:
            SmileError: there is no room.
        """
        self._make_sure(size, 0)

    def go_on(self, number: int) -> None:
        """Make sure that an upload may go on; where there is room for some only, the later ones give way.

        Raises:
            SmileError: there is no room.
        """
        numbers = list(self._under_way)
        later = numbers[numbers.index(number) + 1 :]
        self._make_sure(0, sum(_size(part) for other in later for part in self._under_way.get(other, ())))

    def _make_sure(self, more: int, less: int) -> None:
        folder = root()
        folder.mkdir(parents=True, exist_ok=True)
        if not self._fits(folder, more - less):
            sweep(UNUSED)
        if shutil.disk_usage(folder).free - more < self._quota.free:
            raise SmileError(DISK_FULL)
        if not self._fits(folder, more - less):
            raise SmileError(FULL)

    def _fits(self, folder: Path, size: int) -> bool:
        many = sum(1 for _ in os.scandir(folder)) > MOST_ENTRIES
        return not many and used(folder) + size <= self._quota.uploads


class Bodies:
    """Middleware that refuses requests that are too long, and uploads for which there is no room."""

    def __init__(self, app: ASGIApp, uploads: Uploads):
        self._app, self._uploads = app, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it before its body is read."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        files = scope["path"].rstrip("/").endswith(UPLOAD)
        size, most = _length(Headers(scope=scope)), MOST_FILES if files else MOST_VALUES
        if size is None:
            await PlainTextResponse(NO_LENGTH, 411)(scope, receive, send)
        elif size > most:
            await PlainTextResponse(TOO_LONG.format(said(most)), 413)(scope, receive, send)
        elif files:
            await self._take(size, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _take(self, size: int, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await to_thread.run_sync(self._uploads.admit, size)
        except SmileError as error:
            await PlainTextResponse(str(error), 507)(scope, receive, send)
            return
        with self._uploads.arriving() as number:
            await self._app(scope, self._watched(receive, number), send)

    def _watched(self, receive: Receive, number: int) -> Receive:
        """Receive a body that must move on, and for which there must be room as it comes."""
        arrived = 0

        async def watched() -> Message:
            nonlocal arrived
            try:
                message = await wait_for(receive(), STALLED)
            except TimeoutError:
                return {"type": "http.disconnect"}
            before, arrived = arrived, arrived + len(message.get("body", b""))
            if before // CHECKED != arrived // CHECKED:
                await to_thread.run_sync(self._uploads.go_on, number)
            return message

        return watched


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:  # whole by now, or gone
        return 0


def _length(headers: Headers) -> int | None:
    """The length that a request declares, which the server holds it to; None where it declares none."""
    if "transfer-encoding" in headers:
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
