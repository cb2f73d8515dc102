"""The serving of the page: addresses of its own that only read, who may ask, and what errors say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from smile.datatypes import SmileError
from smile.own.held import Claims
from smile.own.quota import Quota
from smile.ui import gone, guard, values, waves
from smile.ui.bodies import Bodies, Uploads
from smile.ui.calls import Calls
from smile.ui.cancelled import discard_cancelled, discard_of
from smile.ui.doors import Gate, Hosts
from smile.ui.fetching import fetch_within_bounds
from smile.ui.files import keep_uploads_apart
from smile.ui.fonts import FONTS, Letters
from smile.ui.i18n import french, gradio, marked, reading, said, translated_answer, unmarked, wordings
from smile.ui.live import LIVE, LiveSessions
from smile.ui.scheduler import Scheduler
from smile.ui.sessions import KEPT, asked_since, bound_answers, keep_sessions_small
from smile.ui.sounds import SOUND, Sounds

PLOTLY = "smile/plotly.min.js"  # relative to the page


def plotly() -> Path:
    """Return the script that draws the map; the Python package that it comes with is not imported."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


async def _script(request: Request) -> Response:
    return FileResponse(plotly(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


BY_ITSELF = "The page does this by itself; there is nothing to ask the server for."


class Dashboard(gr.Blocks):
    """Blocks with addresses of their own, behind a gate, whose errors are sentences."""

    sounds, quota, live = Sounds(()), Quota(), LiveSessions(Scheduler())
    claims = Claims()
    _wordings: Mapping[str, str] = MappingProxyType({})  # what the browser translates with, once it is served

    def launch(self, *, hosts: Sequence[str] = (), **options: Any) -> Any:  # type: ignore[override]
        """Serve the page; `hosts` are the names under which it answers, see `Hosts`."""
        keep_uploads_apart()
        uploads = Uploads(self.quota)
        fetch_within_bounds(uploads)
        keep_sessions_small()
        bound_answers(self._queue)
        discard_cancelled(self._queue)
        routes = [
            Route(f"/{SOUND}/{{name:path}}", self.sounds.respond),
            Route(f"/{PLOTLY}", _script),
            Route(f"/{FONTS}/{{name}}", Letters().respond),
            Route(f"/{waves.WAVES}/{{name}}", waves.respond),
            Route(f"/{LIVE}/{{name}}", self.live.respond, methods=["POST", "DELETE"]),
        ]
        names = [str(fn.api_name) for fn in self.fns.values() if fn.api_visibility != "private"]
        gate = Middleware(Gate, hosts=Hosts(hosts), names=names)
        leaving = Middleware(gone.Gone, end=self._end)
        doors = [gate, leaving, Middleware(Bodies, uploads=uploads), Middleware(Calls)]
        served: dict[str, Any] = {"routes": routes, "middleware": doors}
        self._wordings = wordings(self.config, french())
        return super().launch(
            **{
                "ssr_mode": False,  # its server in front would not know these addresses
                "run_history": False,
                "enable_monitoring": False,
                "state_session_capacity": KEPT,
                "i18n": gr.I18n(fr={**self._wordings, **gradio.texts()}),
                "app_kwargs": served,
                **options,
            }
        )

    async def _end(self, session: str) -> bool:
        """End what a page that has gone had asked for, and was about to ask for; not yet what is new."""
        if asked_since(self._queue, session, gone.GRACE):
            return False
        self.claims.release(session)
        await self._queue.clean_events(session_hash=session)
        return True

    def get_config_file(self) -> Any:
        """Describe the page for browsers, which translate what they have another text for."""
        told = {**super().get_config_file(), "most_at_once": self.quota.at_once}
        return marked(told, self._wordings)

    def get_api_info(self, *args: Any, **kwargs: Any) -> Any:
        """Describe the endpoints for programs, in the same words in every language."""
        return unmarked(super().get_api_info(*args, **kwargs))

    async def process_api(self, block_fn: Any, inputs: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Do what an event asks for; raise whatever goes wrong as a sentence, which programs get too.

        The page is answered in the visitor's language, programs in English.
        """
        request = kwargs.get("request", args[1] if len(args) > 1 else None)
        with reading(None if _is_public(block_fn) else request):
            try:
                _check(block_fn, inputs)
                return await super().process_api(block_fn, inputs, *args, **kwargs)
            except Exception as error:
                raise guard.guarded_error(error, _named(block_fn), said) from None

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Return what an event answers with, in the language of its request."""
        data = await super().postprocess_data(block_fn, _copied(predictions), state)
        return translated_answer(block_fn.outputs, data)


def _copied(predictions: Any) -> Any:
    """Copy what a callback returned as far as gradio changes it: it takes values out of updates."""
    if isinstance(predictions, dict):
        return dict(predictions)
    if isinstance(predictions, list | tuple):
        return [dict(value) if isinstance(value, dict) else value for value in predictions]
    return predictions


def _check(block_fn: Any, inputs: Any) -> None:
    """Refuse values that no page sends, and the uploads that come with them."""
    if getattr(block_fn, "fn", None) is None:
        raise SmileError(BY_ITSELF)
    try:
        values.check(inputs)
    except SmileError:
        discard_of(block_fn, inputs)
        raise


def _is_public(block_fn: Any) -> bool:
    return getattr(block_fn, "api_visibility", "") == "public"


def _named(block_fn: Any) -> str:
    function = getattr(block_fn, "fn", None)
    return str(getattr(getattr(function, "func", function), "__name__", ""))
