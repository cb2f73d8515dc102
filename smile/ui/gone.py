"""Pages that have gone: what they had asked for ends, also where they had not begun to read the answers.

Gradio ends the events of a page as its stream of answers breaks off. A page that goes between its request
and that stream would leave an event behind which works to its end for nobody.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

GRACE = 3.0  # seconds that a page has to come again, and a last request of it to come in
HEARTBEAT = re.compile(r"/gradio_api/heartbeat/(?P<session>[^/]+)/?")
ANSWERS = "/gradio_api/queue/data"
End = Callable[[str], Awaitable[bool]]  # the events of a session; False where it has just asked for one


class Gone:
    """Middleware that ends the events of a session once neither its page nor a reader is connected.

    Programs, which have no heartbeat, may read their answers when they like. A page that has lost nothing but
    its heartbeat, and asks for something, has time to begin to read.
    """

    def __init__(self, app: ASGIApp, end: End, grace: float | None = None):
        self._app, self._end, self._grace = app, end, GRACE if grace is None else grace
        self._connected: Counter[str] = Counter()  # pages and readers by session
        self._leaving: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and note which session's page or reader it is for as long as it lasts."""
        page = HEARTBEAT.fullmatch(scope["path"]) if scope["type"] == "http" else None
        session = page["session"] if page else _read_by(scope)
        if not session:
            await self._app(scope, receive, send)
            return
        self._connected[session] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._left(session)
            if page:
                leaving = asyncio.ensure_future(self._end_unless_back(session))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)

    def _left(self, session: str) -> None:
        self._connected[session] -= 1
        if not self._connected[session]:
            del self._connected[session]

    async def _end_unless_back(self, session: str) -> None:
        await asyncio.sleep(self._grace)
        while session not in self._connected and not await self._end(session):
            await asyncio.sleep(self._grace)


def _read_by(scope: Scope) -> str:
    """The session whose answers a request reads; none where it reads nobody's."""
    if scope["type"] != "http" or scope["path"].rstrip("/") != ANSWERS:
        return ""
    return (parse_qs(scope["query_string"].decode("latin-1")).get("session_hash") or [""])[0]
