"""Bounds on what is sent to the server: in one request, and in uploads that lie there together."""

from __future__ import annotations

import math
import os
import shutil
from asyncio import sleep, wait_for
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smile.datatypes import SmileError
from smile.own.quota import DISK_FULL, Quota, said, used
from smile.ui.files import root, sweep, uploading

UPLOAD = "/gradio_api/upload"
FORM = 1_000_000  # bytes of an upload beside its files: their names, and what parts them
MOST_VALUES = 4_000_000  # bytes of any other request
MOST_ENTRIES = 3000  # folders of uploads
UNUSED = 300.0  # seconds after which an upload that nobody has used makes way for another
STALLED = 60.0  # seconds between two pieces of an upload
CHECKED = 500_000  # bytes that arrive between two looks at the room
LOOKED = 5.0  # seconds after which the next piece of an upload is looked at, however short it is
SHORT = 2 * STALLED  # seconds after which all have been looked at that had to give way, or are gone
PAUSE = 1.0  # seconds between two looks of an upload for which others have to give way
NO_LENGTH = "The request does not say how long it is; send a Content-Length."
TOO_LONG = "The request is longer than the {} that are taken; send less."
FULL = "Too many uploads wait here to be used; please try again later."


@dataclass(frozen=True)
class Arriving:
    """An upload under way: its files, and when it began."""

    files: list[Path]
    began: float

    @property
    def size(self) -> int:
        """Return the bytes that lie there of it."""
        return sum(map(_size, list(self.files)))


class Uploads:
    """The room for uploads that nobody has used yet; those that wait for long make way for others."""

    def __init__(self, quota: Quota):
        self._quota = quota
        self._numbers = count()
        self.at_once = quota.at_once  # bytes of the files of one upload
        self._under_way: dict[int, Arriving] = {}  # in the order in which they began
        self._short = -math.inf  # when there last was too little room

    @contextmanager
    def arriving(self) -> Iterator[int]:
        """Count an upload as under way until it is whole or gone; yield its number."""
        number = next(self._numbers)
        try:
            with uploading() as files:
                self._under_way[number] = Arriving(files, monotonic())
                yield number
        finally:
            self._under_way.pop(number, None)

    def admit(self, size: int) -> None:
        """Make sure that an upload of so many bytes may begin.

        Raises:
            SmileError: there is no room.
        """
        self._make_sure(size, 0)

    def go_on(self, number: int) -> bool:
        """Return whether an upload may go on; not yet where later ones, which give way to it, have not.

        One that takes as long as an upload may lie here unused gives way to whoever needs the room.

        Raises:
            SmileError: it has to give way.
        """
        upload, now = self._under_way[number], monotonic()
        if now - upload.began > UNUSED and now - self._short < SHORT:
            raise SmileError(FULL)
        later = [other for key, other in list(self._under_way.items()) if key > number]
        held = self._make_sure(0, sum(other.size for other in later))
        return held <= self._quota.uploads

    def _make_sure(self, more: int, less: int) -> int:
        """Make sure that there is room for more bytes where some do not count; return how many lie there."""
        folder = root()
        folder.mkdir(parents=True, exist_ok=True)
        held, most = _held(folder), self._quota.uploads
        if held + more - less > most:
            sweep(UNUSED, spared={file.name for upload in self._now() for file in list(upload.files)})
            held = _held(folder)
        if shutil.disk_usage(folder).free - more < self._quota.free:
            raise SmileError(DISK_FULL)
        if held + more - less > most:
            self._short = monotonic()
            raise SmileError(FULL)
        return int(held)

    def _now(self) -> list[Arriving]:
        """What is under way; others may begin and end meanwhile."""
        return list(self._under_way.values())


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
        size, most = _length(Headers(scope=scope)), self._uploads.at_once if files else MOST_VALUES
        if size is None:
            await PlainTextResponse(NO_LENGTH, 411)(scope, receive, send)
        elif size > most + FORM * files:
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
        """Receive a body that must move on, and for which there must be room as it comes, and at its end."""
        arrived, looked = 0, monotonic()

        async def watched() -> Message:
            nonlocal arrived, looked
            try:
                message = await wait_for(receive(), STALLED)
            except TimeoutError:
                return {"type": "http.disconnect"}
            before, arrived = arrived, arrived + len(message.get("body", b""))
            many = before // CHECKED != arrived // CHECKED or monotonic() - looked > LOOKED
            whole = message["type"] == "http.request" and not message.get("more_body", False)
            if many or whole:
                await self._its_turn(number)
                looked = monotonic()
            return message

        return watched

    async def _its_turn(self, number: int) -> None:
        """Wait until an upload may go on, but no longer than others can take to give way."""
        for _ in range(round(SHORT / PAUSE)):
            if await to_thread.run_sync(self._uploads.go_on, number):
                return
            await sleep(PAUSE)
        raise SmileError(FULL)


def _held(folder: Path) -> float:
    """The bytes that lie in the folder of uploads; more than any room where there are too many entries."""
    many = sum(1 for _ in os.scandir(folder)) > MOST_ENTRIES
    return math.inf if many else used(folder)


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
