"""How much may be sent to the server: in one request, and in uploads that lie there together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from smile.datatypes import SmileError
from smile.own.quota import DISK_FULL, Quota, said, used
from smile.ui.files import root, sweep, uploading

UPLOAD = "/gradio_api/upload"
MOST_FILES = 1_000_000_000  # bytes of the files of one upload
MOST_VALUES = 4_000_000  # bytes of any other request
MOST_ENTRIES = 3000  # folders of uploads
UNUSED = 3600.0  # seconds after which an upload that nobody has used makes way for another
NO_LENGTH = "The request does not say how long it is; send a Content-Length."
TOO_LONG = "The request is longer than the {} that are taken; send less."
FULL = "Too many uploads wait here to be used; please try again later."


class Uploads:
    """The bytes of uploads that are there or under way, for as many as may be."""

    def __init__(self, quota: Quota):
        self._quota, self._under_way, self._lock = quota, 0, Lock()

    @contextmanager
    def reserved(self, size: int) -> Iterator[None]:
        """Keep room for an upload until it is there.

        Raises:
            SmileError: there is none.
        """
        self._reserve(size)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= size

    def _reserve(self, size: int) -> None:
        folder = root()
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if not self._fits(folder, size):
            sweep(UNUSED)
        with self._lock:
            if free - self._under_way - size < self._quota.free:
                raise SmileError(DISK_FULL)
            if not self._fits(folder, size):
                raise SmileError(FULL)
            self._under_way += size

    def _fits(self, folder: Path, size: int) -> bool:
        many = sum(1 for _ in os.scandir(folder)) > MOST_ENTRIES
        return not many and used(folder) + self._under_way + size <= self._quota.uploads


class Bodies:
    """Refuses requests that are too long, and uploads for which there is no room."""

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
        reservation = self._uploads.reserved(size)
        try:
            await to_thread.run_sync(reservation.__enter__)
        except SmileError as error:
            await PlainTextResponse(str(error), 507)(scope, receive, send)
            return
        try:
            with uploading():
                await self._app(scope, receive, send)
        finally:
            reservation.__exit__(None, None, None)


def _length(headers: Headers) -> int | None:
    """The length that a request declares, which the server holds it to; None where it declares none."""
    if "transfer-encoding" in headers:
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
