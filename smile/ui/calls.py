"""Calls of tools by MCP, looked through before the server of that protocol, which fails at odd values."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smile.datatypes import SmileError
from smile.ui import values
from smile.ui.cancelled import named
from smile.ui.files import discard

PLACE = "/gradio_api/mcp"
INVALID = -32602  # of JSON-RPC: the parameters are none that can be taken


class Calls:
    """Middleware that refuses calls whose values no event of the page takes, with the page's sentence."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it once its body is here."""
        if scope["type"] != "http" or scope["method"] != "POST" or not _is_call(scope["path"]):
            await self._app(scope, receive, send)
            return
        messages = await _messages(receive)
        refusal = _refusal(b"".join(message.get("body", b"") for message in messages))
        if refusal and messages[-1]["type"] == "http.request":
            await refusal(scope, receive, send)
            return

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)


def _is_call(path: str) -> bool:
    return path == PLACE or path.startswith(f"{PLACE}/")


async def _messages(receive: Receive) -> list[Message]:
    """The body in pieces, as they come; the last is another message where the sender has gone away."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _refusal(body: bytes) -> JSONResponse | None:
    """The answer to a call that is refused; what is no JSON is left to the protocol's own server."""
    try:
        call = json.loads(body)
    except RecursionError:
        return _answer(None, values.TOO_DEEP.format(values.MOST_DEEP))
    except ValueError:
        return None
    try:
        values.check(call, len(body))  # a recording in base64 is long; what is none is looked at again
    except SmileError as error:
        discard(named(call))
        return _answer(call, str(error))
    return None


def _answer(call: Any, sentence: str) -> JSONResponse:
    """A sentence as the result of a tool, as other errors of events are, or as the protocol's own error."""
    asked = call if isinstance(call, dict) else {}
    number = asked.get("id")
    if not _is_id(number):
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID, "message": sentence}}
        return JSONResponse(error, 400)
    if asked.get("method") == "tools/call":
        result = {"content": [{"type": "text", "text": sentence}], "isError": True}
        return JSONResponse({"jsonrpc": "2.0", "id": number, "result": result})
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": INVALID, "message": sentence}})


def _is_id(number: Any) -> bool:
    """Whether a call can be answered under its id."""
    if isinstance(number, str):
        return number.isprintable() and len(number) < 200
    return isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**53
