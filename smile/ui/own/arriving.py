"""The tab as the page opens, or as it goes over to another language: what is there, and what to do next."""

from __future__ import annotations

from smile.datatypes import PoolError
from smile.own import checked, transcripts
from smile.own.workspace import Workspace
from smile.ui.own import choice
from smile.ui.own.page import CHECK, Page, fresh, guarded
from smile.ui.own.service import VisitorService


@guarded
def arrived(service: VisitorService, key: str | None) -> Page:
    """Return the tab as the page opens: what a visitor left here is there again.

    Where the language that was open last is gone, another one of the same key is opened.
    """
    visitors = service.visitors
    here = key if visitors.has(key) else next(iter(visitors.languages(key)), None)
    if here is None:
        return fresh(None)._replace(key="")
    page = found(service, here)
    return page if here == key else page._replace(key=here)


def found(service: VisitorService, address: str) -> Page:
    """Return all that is at an address, and say how things stand.

    What is damaged is an empty tab that says so, so that it can be deleted and left.

    Raises:
        PoolError: there is nothing at it.
    """
    workspace = service.visitors.open(address)
    try:
        return fresh(workspace).says(_where_things_stand(workspace))
    except PoolError as error:
        if not service.visitors.has(address):
            raise
        return fresh(None)._replace(**choice.shown(workspace)).says(str(error), "error")


def _where_things_stand(workspace: Workspace) -> str:
    """Return what is there, and what to do next."""
    pool, language = workspace.pool(), workspace.state().language
    if not language:
        return "Begin with the name of your language."
    if not pool:
        return f"Your language is {language.name}; add examples next."
    examples = "1 example" if len(pool) == 1 else f"{len(pool)} examples"
    said = f"Welcome back: {examples} of {language.name} are here."
    begun = [item for item in transcripts.items(workspace) if item.begun]
    if begun:
        how = (
            "begin it anew, as the examples, the settings or SMILE have changed" if begun[0].anew else "go on"
        )
        return f"{said} A transcription was broken off; press Transcribe to {how}."
    stopped = checked.broken_off(workspace.folder, pool)
    check = f"Their check was broken off; press “{CHECK}” to go on." if stopped else ""
    next_steps = " ".join(filter(None, (_waiting(workspace), check)))
    return f"{said} {next_steps or 'Add more, or transcribe recordings.'}"


def _waiting(workspace: Workspace) -> str:
    """Return how many recordings have no transcript, and what to press; empty where all have one."""
    count = len(transcripts.waiting(workspace))
    if not count:
        return ""
    wait = "1 recording waits" if count == 1 else f"{count} recordings wait"
    return f"{wait} to be transcribed; press Transcribe."
