"""The server's door: who may ask, under which name, for what; and headers that every answer has."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import socket
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from gradio.route_utils import FnIndexInferError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smile.datatypes import SmileError

LOG = logging.getLogger(__name__)
FRAMES = ("'self'", "https://huggingface.co", "https://*.hf.space")  # pages that may show this one in a frame
HEADERS = {
    "Content-Security-Policy": f"frame-ancestors {' '.join(FRAMES)}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
OPEN = re.compile(
    r"/|/(?:config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|openapi\.json)/?"
    r"|/(?:assets|static|svelte|pwa_icon|smile)(?:/.*)?"
    r"|/gradio_api/(?:info|openapi\.json|theme\.css|app_id|login_check|user|token|startup-events|cancel|reset)/?"
    r"|/gradio_api/(?:upload|upload_progress|queue/(?:join|data|status)|heartbeat/[^/]+)/?"
    r"|/gradio_api/(?:call(?:/v2)?|run)/(?P<name>[^/]+)(?:/[^/]+)?/?"
    r"|/gradio_api/(?:file=/.+|mcp(?:/.*)?)"
)
"""The addresses that the page and its endpoints need; gradio has others, for apps of other kinds."""
BY_NUMBER = "predict"  # the name under which the page itself calls an event by its number
HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
MALFORMED = (LookupError, ValueError, TypeError, AttributeError, FnIndexInferError)
"""What gradio raises for a request that is none."""
NO_REQUEST = "The request is not one that this server can answer; see /gradio_api/info for those that are."
CLOSED = "There is nothing here."
FOREIGN = "This server does not answer to that name; name it with --hosts (SMILE_HOSTS) where that is meant."


class Hosts:
    """The names under which the server answers.

    Args:
        named: names, or "*" for any, or "*.example.org" for all below one; none: this machine's own, and
            of a Space that which it is given. An address in numbers is no name that could be rebound, and
            is always answered to.
    """

    def __init__(self, named: Sequence[str] = ()):
        space = os.environ.get("SPACE_HOST", "")
        own = ("localhost", socket.gethostname().lower(), *([space.lower()] if space else []))
        self._names = tuple(name.strip().lower() for name in named) or own

    def answer_to(self, host: str) -> bool:
        """Return whether a name, perhaps with a port, is one of these."""
        match = HOST.fullmatch(host.lower())
        name = (match["address"] or match["name"]) if match else ""
        return bool(name) and (
            _numeric(name) or any(self._fits(name, known) for known in ("localhost", *self._names))
        )

    @staticmethod
    def _fits(name: str, known: str) -> bool:
        return known == "*" or name == known or (known.startswith("*.") and name.endswith(known[1:]))


def _numeric(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """Middleware that refuses foreign names, foreign pages, and addresses that the page does not need.

    It also says who may show the page in a frame, and answers for requests that gradio fails at.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, names: Collection[str] = ()):
        self._app, self._hosts, self._names = app, hosts, {*names, BY_NUMBER}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        if refusal := self._refusal(scope):
            await refusal(scope, receive, answer)
            return
        try:
            await self._app(self._trimmed(scope), receive, answer)
        except Exception as error:
            LOG.warning("A request to %s came to nothing: %s", _known(scope), type(error).__name__)
            if not answer.begun:
                await _refused(error)(scope, receive, answer)
            elif not answer.ended:
                await answer({"type": "http.response.body", "body": b"", "more_body": False})

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Return the answer to a request that is refused."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if not self._hosts.answer_to(headers.get("host", "")):
            return PlainTextResponse(FOREIGN, 421)
        if origin is not None and not self._hosts.answer_to(_netloc(origin)):
            return PlainTextResponse(FOREIGN, 403)
        match = OPEN.fullmatch(scope["path"])
        if match is None or (match["name"] is not None and match["name"] not in self._names):
            return PlainTextResponse(CLOSED, 404)
        return None

    def _trimmed(self, scope: Scope) -> Scope:
        """The request without what would make gradio take another server for this one."""
        forwarded = Headers(scope=scope).get("x-forwarded-host", "")
        known = all(self._hosts.answer_to(name.strip()) for name in forwarded.split(","))
        dropped = {b"x-gradio-server"} | (set() if known else {b"x-forwarded-host"})
        return {**scope, "headers": [(k, v) for k, v in scope["headers"] if k.lower() not in dropped]}


class _Answer:
    """An answer on its way, with the headers that all have; knows how far it is."""

    def __init__(self, send: Send):
        self._send, self.begun, self.ended = send, False, False

    async def __call__(self, message: Message) -> None:
        """Send a piece of it."""
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
        await self._send(message)


def _refused(error: Exception) -> PlainTextResponse:
    """The answer to a request that came to nothing."""
    if isinstance(error, SmileError):
        return PlainTextResponse(str(error), 507)
    return PlainTextResponse(NO_REQUEST, 400 if isinstance(error, MALFORMED) else 500)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _known(scope: Scope) -> str:
    """The address of a request for the log, without what a visitor may have put into it."""
    return "/".join(scope["path"].split("/")[:4])[:60]
