"""The session at hand, and bounds on what the server keeps of one: little state, and few unread answers."""

from __future__ import annotations

import time
from asyncio import Queue as AsyncQueue
from types import SimpleNamespace
from typing import Any

from gradio import state_holder
from gradio.context import LocalContext
from gradio.utils import LRUCache

KEPT = 400  # sessions whose state is kept; the one that was used longest ago is forgotten first
LISTENING = 256  # sessions for which answers wait
UNREAD = 30  # messages that wait for one of them; an event has about four
BUSY = "Answers to earlier requests have not been read; read them first."


def page_at_hand() -> str:
    """Return the session of the page whose event is being done; empty where none is."""
    return str(getattr(LocalContext.request.get(None), "session_hash", None) or "")


def asked_since(queue: Any, session: str, seconds: float) -> bool:
    """Return whether a session has put anything into a queue in so many last seconds that has not ended."""
    since = time.monotonic() - seconds
    events = list(queue.event_ids_to_events.values())
    return any(event.session_hash == session and event.enqueue_time > since for event in events)


class _Session(state_holder.SessionState):
    """A session that knows of the page only what has changed in it.

    Gradio copies the description of every component into each, half a megabyte, for links that this page
    does not have.
    """

    def __init__(self, blocks: Any):
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))  # type: ignore[arg-type]


def keep_sessions_small() -> None:
    """Make gradio keep sessions of this kind."""
    state_holder.SessionState = _Session  # type: ignore[misc]


class _Waiting(LRUCache[str, Any]):
    """Answers by session; those of a session that had to make way go nowhere."""

    def __missing__(self, session: str) -> Any:
        return AsyncQueue()


def bound_answers(queue: Any) -> None:
    """Make a queue refuse events of a session that does not read the answers to earlier ones."""
    waiting = _Waiting(LISTENING)
    queue.pending_messages_per_session, push = waiting, queue.push

    async def bounded(body: Any, *args: Any, **kwargs: Any) -> Any:
        unread = waiting.get(body.session_hash)
        if unread is not None and unread.qsize() > UNREAD:
            return False, BUSY, "queue_full"
        return await push(body, *args, **kwargs)

    queue.push = bounded
