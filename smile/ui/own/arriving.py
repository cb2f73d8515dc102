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
    stopped = checked.broken_off(workspace.folder, pool)
    check = f"Their check was broken off; press “{CHECK}” to go on." if stopped else ""
    left = filter(None, (_begun(workspace), _waiting(workspace), check, _outdated(workspace)))
    return f"{said} {' '.join(left) or 'Add more, or transcribe recordings.'}"


def _begun(workspace: Workspace) -> str:
    """Return that a transcription was broken off, and what to press; empty where none was."""
    begun = [item for item in transcripts.items(workspace) if item.begun]
    if not begun:
        return ""
    how = "begin it anew, as the examples, the settings or SMILE have changed" if begun[0].anew else "go on"
    return f"A transcription was broken off; press Transcribe to {how}."


def _outdated(workspace: Workspace) -> str:
    """Return how many recordings would be transcribed otherwise now, and what to press; empty where none."""
    count = len(transcripts.outdated(workspace))
    if not count:
        return ""
    were = "1 recording was" if count == 1 else f"{count} recordings were"
    return f"{were} transcribed with other examples or settings; press “Transcribe again” to have that anew."


def _waiting(workspace: Workspace) -> str:
    """Return how many recordings have no transcript, and what to press; empty where all have one."""
    count = len(transcripts.waiting(workspace))
    if not count:
        return ""
    wait = "1 recording waits" if count == 1 else f"{count} recordings wait"
    return f"{wait} to be transcribed; press Transcribe."
