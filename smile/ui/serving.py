"""How the page is served: addresses of its own that only read, who may ask, and what errors say."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smile.own.quota import Quota
from smile.ui import guard, values
from smile.ui.bodies import Bodies, Uploads
from smile.ui.fetching import fetch_within_bounds
from smile.ui.files import keep_uploads_apart
from smile.ui.sounds import SOUND, Sounds

PLOTLY = "smile/plotly.min.js"  # relative to the page
SESSIONS = 64  # whose state is kept; the one that was used longest ago is forgotten first
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
CLOSED = "There is nothing here."
FOREIGN = "This server does not answer to that name; name it with --hosts (SMILE_HOSTS) where that is meant."


def plotly() -> Path:
    """Return the script that draws the map; the Python package that it comes with is not imported."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


async def _script(request: Request) -> Response:
    return FileResponse(plotly(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


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
        name = (urlsplit(f"//{host}").hostname or "") if host else ""
        return any(self._fits(name, known) for known in ("localhost", *self._names)) or _numeric(name)

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
    """Refuses requests under foreign names, from foreign pages, and to addresses that the page does not need.

    It also says who may show the page in a frame.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, names: Collection[str] = ()):
        self._app, self._hosts, self._names = app, hosts, {*names, BY_NUMBER}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif status := self._refusal(Headers(scope=scope)):
            await PlainTextResponse(FOREIGN, status)(scope, receive, send)
        elif not self._open(scope["path"]):
            await PlainTextResponse(CLOSED, 404)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _open(self, path: str) -> bool:
        """Return whether an address is one that the page or a program needs."""
        found = OPEN.fullmatch(path)
        return found is not None and (found["name"] is None or found["name"] in self._names)

    def _refusal(self, headers: Headers) -> int:
        """Return the status of a refusal, 0 where there is nothing to refuse."""
        try:
            if not self._hosts.answer_to(headers.get("host", "")):
                return 421
            origin = headers.get("origin")
            return 0 if origin is None or self._hosts.answer_to(urlsplit(origin).netloc) else 403
        except ValueError:
            return 400


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


class Dashboard(gr.Blocks):
    """Blocks with addresses of their own, behind a gate, whose errors are sentences."""

    sounds, quota = Sounds(()), Quota()

    def launch(self, *, hosts: Sequence[str] = (), **options: Any) -> Any:  # type: ignore[override]
        """Serve the page; `hosts` are the names under which it answers, see `Hosts`."""
        keep_uploads_apart()
        uploads = Uploads(self.quota)
        fetch_within_bounds(uploads)
        routes = [Route(f"/{SOUND}/{{name:path}}", self.sounds.respond), Route(f"/{PLOTLY}", _script)]
        names = [str(fn.api_name) for fn in self.fns.values() if fn.api_visibility != "private"]
        gate = Middleware(Gate, hosts=Hosts(hosts), names=names)
        doors = [gate, Middleware(Bodies, uploads=uploads)]
        served: dict[str, Any] = {"routes": routes, "middleware": doors}
        return super().launch(
            **{
                "ssr_mode": False,  # its server in front would not know these addresses
                "run_history": False,
                "enable_monitoring": False,
                "state_session_capacity": SESSIONS,
                "app_kwargs": served,
                **options,
            }
        )

    async def process_api(self, block_fn: Any, inputs: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Do what an event asks for; whatever goes wrong becomes a sentence, which programs get too."""
        try:
            values.check(inputs)
            return await super().process_api(block_fn, inputs, *args, **kwargs)
        except Exception as error:
            raise guard.told(error, _named(block_fn)) from None


def _named(block_fn: Any) -> str:
    function = getattr(block_fn, "fn", None)
    return str(getattr(getattr(function, "func", function), "__name__", ""))
