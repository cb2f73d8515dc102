"""The tab as the page opens, or as it goes over to another language: what is there, and what to do next."""

from __future__ import annotations

from typing import NamedTuple

from smile.datatypes import PoolError
from smile.own import checked, transcripts
from smile.own.transcripts import Item
from smile.own.workspace import Workspace
from smile.transcription.segments import reached
from smile.ui.own import choice
from smile.ui.own.page import CHECK, Page, fresh, guarded
from smile.ui.own.service import VisitorService
from smile.ui.parts.so_far import clock

STOPPED = "The transcription of {} stopped at {}; press Transcribe to go on."
ANEW = (
    "The transcription of {} stopped at {}; press Transcribe to begin it anew, as the examples, the settings "
    "or SMILE have changed."
)


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
    first = at_work(workspace)
    if not pool:
        begun = _waiting(first) if first and first.item.begun else ""
        return f"Your language is {language.name}; add examples next. {begun}".strip()
    examples = "1 example" if len(pool) == 1 else f"{len(pool)} examples"
    said = f"Welcome back: {examples} of {language.name} are here."
    stopped = checked.broken_off(workspace.folder, pool)
    check = f"Their check was broken off; press “{CHECK}” to go on." if stopped else ""
    left = filter(None, (_waiting(first), check, _outdated(workspace)))
    return f"{said} {' '.join(left) or 'Add more, or transcribe recordings.'}"


class AtWork(NamedTuple):
    """Where a list is: its recording, how far that is written, and how many wait after it."""

    item: Item
    waiting: int

    def told(self, sentence: str) -> str:
        """Return a sentence about its recording and how far that is, and how many wait."""
        base = self.item.recording.segments
        said = sentence.format(self.item.recording.name, clock(reached(base) if base else 0.0))
        return " ".join(filter(None, (said, self._more)))

    @property
    def _more(self) -> str:
        if not self.waiting:
            return ""
        return "1 more recording waits." if self.waiting == 1 else f"{self.waiting} more recordings wait."


def at_work(workspace: Workspace, again: bool = False) -> AtWork | None:
    """Return where a list is of what waits, or of what is made `again`; None where nothing of it is left."""
    wanted = transcripts.outdated(workspace) if again else transcripts.waiting(workspace)
    names = {recording.name for recording in wanted}
    left = [item for item in transcripts.items(workspace) if item.recording.name in names]
    first = next((item for item in left if item.begun), next(iter(left), None))
    return AtWork(first, len(left) - 1) if first else None


def _outdated(workspace: Workspace) -> str:
    """Return how many recordings would be transcribed otherwise now, and what to press; empty where none."""
    count = len(transcripts.outdated(workspace))
    if not count:
        return ""
    were = "1 recording was" if count == 1 else f"{count} recordings were"
    return f"{were} transcribed with other examples or settings; press “Transcribe again” to have that anew."


def _waiting(first: AtWork | None) -> str:
    """Return how many recordings have no transcript, or where that of one stopped, and what to press."""
    if first is None:
        return ""
    if first.item.begun:
        return first.told(ANEW if first.item.anew else STOPPED)
    count = first.waiting + 1
    wait = "1 recording waits" if count == 1 else f"{count} recordings wait"
    return f"{wait} to be transcribed; press Transcribe."
