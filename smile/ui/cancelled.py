"""Uploads of events that use theirs up and never begin: cancelled while they wait, or refused at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from smile.ui.files import discard

Function = TypeVar("Function", bound=Callable[..., Any])


def consuming(function: Function) -> Function:
    """Mark a callback after which nobody needs the uploads that it was given, however it ends."""
    function.consuming = True  # type: ignore[attr-defined]
    return function


def discard_of(block_fn: Any, values: Any) -> None:
    """Discard the uploads that the values of an event name, where the event uses them up."""
    function = getattr(block_fn, "fn", None)
    if getattr(getattr(function, "func", function), "consuming", False):
        discard(named(values))


def named(values: Any) -> Iterator[str]:
    """Yield all texts in the values of a request, however deep; nobody can guess one that names an upload."""
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value


def discard_cancelled(queue: Any) -> None:
    """Make a queue discard the uploads of events that leave it before they are done."""
    process, remove, clean = queue.process_events, queue.remove_from_queue, queue.clean_events

    async def processed(events: Any, *args: Any, **kwargs: Any) -> None:
        done = False
        try:
            await process(events, *args, **kwargs)
            done = True
        finally:
            _discard(event for event in events if not (done and event.alive))

    async def removed(event_id: str) -> None:
        event = queue.event_ids_to_events.get(event_id)
        await remove(event_id)
        if event and event_id not in queue.event_ids_to_events:
            _discard([event])

    async def cleaned(**which: Any) -> None:
        before = _waiting(queue)
        await clean(**which)
        after = set(_waiting(queue))
        _discard(event for number, event in before.items() if number not in after and _is(event, which))

    queue.process_events, queue.remove_from_queue, queue.clean_events = processed, removed, cleaned


def _waiting(queue: Any) -> dict[str, Any]:
    """The events that wait in a queue by their ids."""
    return {event._id: event for one in queue.event_queue_per_concurrency_id.values() for event in one.queue}


def _is(event: Any, which: dict[str, Any]) -> bool:
    """Whether an event is of the session, or has the id, of those that are taken out of the queue."""
    return event.session_hash == which.get("session_hash") or event._id == which.get("event_id")


def _discard(events: Iterable[Any]) -> None:
    """Discard at once: who has gone away waits for nothing, and whoever awaits here is cancelled."""
    for event in events:
        discard_of(event.fn, getattr(event.data, "data", None))
