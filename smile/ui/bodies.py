"""Bounds on what is sent to the server: in one request, and in uploads that lie there together."""

from __future__ import annotations

import os
import shutil
from asyncio import wait_for
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

    def admit(self, size: int) -> None:
        """Make sure that so many bytes more may lie there.

        Raises:
            SmileError: there is no room.
        """
        folder = root()
        folder.mkdir(parents=True, exist_ok=True)
        if not self._fits(folder, size):
            sweep(UNUSED)
        if shutil.disk_usage(folder).free - size < self._quota.free:
            raise SmileError(DISK_FULL)
        if not self._fits(folder, size):
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
        with uploading():
            await self._app(scope, self._watched(receive), send)

    def _watched(self, receive: Receive) -> Receive:
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
                await to_thread.run_sync(self._uploads.admit, 0)
            return message

        return watched


def _length(headers: Headers) -> int | None:
    """The length that a request declares, which the server holds it to; None where it declares none."""
    if "transfer-encoding" in headers:
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
