"""Callbacks that look for examples whose texts do not fit their sound, and take a person's word for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from smile.own import doubts
from smile.ui.own import adding, misfits
from smile.ui.own.page import Page, fresh, guarded, guarded_steps, opened, working
from smile.ui.own.service import VisitorService

LOOKING = "Looking for texts that do not fit"
NONE_FOUND = "No text was found that does not fit its sound."
FOUND = "The {} texts that fit worst are below the examples; most of them may be right."
ONE_FOUND = "The text that fits worst is below the examples; it may be right."


@guarded_steps
def look(service: VisitorService, key: str | None) -> Iterator[Page]:
    """Judge every example's text by models that were fitted to others, and list the worst."""
    workspace = opened(service, key)
    work = service.work(LOOKING, partial(doubts.look, workspace), share=True, on=workspace.folder.name)
    count = yield from working(work)
    said = FOUND.format(count) if count > 1 else ONE_FOUND if count else NONE_FOUND
    yield fresh(workspace).says(said, "done")


def pick(service: VisitorService, key: str | None, event: Mapping[str, Any]) -> Page:
    """Open the example that was clicked, or note that its text is right."""
    name = str(event.get("name", ""))
    return (
        right(service, key, name) if event.get("right") is True else adding.open_example(service, key, name)
    )


@guarded
def right(service: VisitorService, key: str | None, name: str) -> Page:
    """Note that the text of an example is right."""
    workspace = opened(service, key)
    doubts.is_right(workspace, name)
    return Page(doubts=misfits.table(workspace, workspace.pool())).says("It is not named again.", "done")
