"""A session's long runs: which are under way, how each ended, and the page after it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Literal, cast

import gradio as gr
from markupsafe import Markup

from smile.datatypes import SmileError
from smile.own import transcripts
from smile.own.addresses import address
from smile.own.workspace import Workspace
from smile.ui.cancelled import consuming
from smile.ui.own.correcting import ADDED
from smile.ui.own.editing import DRAFT
from smile.ui.own.page import CHECK as CHECK_BUTTON
from smile.ui.own.page import Page, fresh, guarded, listed, marked
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import cancelling
from smile.ui.values import facts

CANCELLED = "Cancelled. What was finished before stays."
WAITING = "Cancelled. {} recordings wait to be transcribed; press Transcribe to go on."
ONE_WAITS = "Cancelled. 1 recording waits to be transcribed; press Transcribe to go on."
CHECK = f"Cancelled. Press “{CHECK_BUTTON}” to go on with the clips that are left."
TEXT = "Cancelled. Choose the recording again to go on with its text."
REMEMBERED = 100  # keys that a session has left
FOLLOWS = {"check_new": "add_files"}  # runs that come by themselves, by those whose success they follow
LISTS = ("run", "run_again", "resume")  # runs of the list of recordings
UPLOADS = {"add_files": "uploads", "find_text": "text_files"}  # what stays in view of runs that take it
BRINGING = ("add_files", "add_typed", "bring", "find_text")  # runs that take what was uploaded
How = Literal["well", "badly", "left"]
FAILED = "The server did not take this on; wait a minute and try again, or reload the page."


class Runs:
    """The long runs of one session by name, from their beginning until their end has been shown."""

    def __init__(self) -> None:
        self._ended: dict[str, How | None] = {}  # None while it is under way, or was cancelled
        self._left: dict[str, None] = {}  # keys that the page has gone over from, the last one at the end
        self._lines: dict[str, str] = {}  # what each said last of those that are or were at work together
        self._arrival: tuple[object, Any] = "", gr.skip()  # a key that was gone over to, and the stage then
        self.cancelled = False  # whether Cancel was pressed since the last one began
        self.resumed = False  # whether it has gone on by itself with a list that another page has left

    def begin(self, name: str) -> None:
        """Note that one begins; what was said at the end of others is no longer news."""
        self._lines = {
            other: self._lines[other] for other in self._lines if self._ended.get(other, "") is None
        }
        self._ended[name], self.cancelled = None, False
        self.say()

    def end(self, name: str, how: How) -> None:
        """Note how one has come to its end; one that was cancelled comes to none, one left stays so."""
        if not self.was_left(name):
            self._ended[name] = how

    def take(self, name: str) -> How | None:
        """Return how one ended, and forget it but where it was left; None if cancelled or never begun."""
        how = "left" if self.was_left(name) else self._ended.pop(name, None)
        if how != "well":
            self._lines.pop(name, None)  # something else is said of its end
        return how

    def together(self, name: str, page: Page) -> Page:
        """Return a page of one run with the lines of all that are at work, or ended meanwhile."""
        if not isinstance(page.stage, str):
            return page
        self._lines[name] = page.stage
        return page._replace(stage=Markup().join(map(Markup, self._lines.values())))

    def was_left(self, name: str) -> bool:
        """Return whether the page went over to another key while the last run of a name was at work."""
        return self._ended.get(name) == "left"

    def go_over(self, left: object, to: str) -> None:
        """Note that the page goes over from one key to another; what is at work for the first is left.

        What was left long ago is forgotten, and what no page has is not noted.
        """
        for name in [name for name, how in self._ended.items() if how is None]:
            self.end(name, "left")
        if here := address(left):
            self._left.pop(str(here), None)
            self._left[str(here)] = None
        self._left.pop(to, None)
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]

    def arrive(self, key: object, stage: Any) -> None:
        """Note what is said as the page goes over to a key."""
        self._arrival = key, stage

    def say(self) -> None:
        """Note that something else was said since."""
        self._arrival = "", gr.skip()

    def said(self, key: object) -> Any:
        """Return the stage as the page went over to a key; nothing new where something was said since."""
        return self._arrival[1] if self._arrival[0] == key else gr.skip()

    def has_left(self, key: object) -> bool:
        """Return whether the page has gone over from a key."""
        return isinstance(key, str) and key in self._left

    @property
    def under_way(self) -> bool:
        """Return whether there is something to cancel."""
        return None in self._ended.values()

    def has_at_work(self, names: Iterable[str]) -> bool:
        """Return whether one of these is under way."""
        return any(self._ended.get(name, "") is None for name in names)

    @property
    def bringing(self) -> bool:
        """Return whether what was uploaded is being taken in."""
        return self.has_at_work(BRINGING)


def counted(
    function: Callable[..., Iterator[Page]], service: VisitorService
) -> Callable[..., Iterator[Page]]:
    """Return a callback whose last input, beside its own, is the session's `Runs`, which count it.

    It changes nothing where it follows a run by itself that was left for another key. That is said, too:
    gradio empties all outputs of a callback that yields nothing, and repeats what one has yielded last.
    """
    name = function.__name__

    def steps(*inputs: Any) -> Iterator[Page]:
        *given, runs = inputs
        if runs.has_left(given[0]) or runs.was_left(FOLLOWS.get(name, "")):
            yield Page()
            return
        runs.begin(name)
        page = Page()
        with closing(cast("Generator[Page]", function(service, *given))) as pages:
            for page in pages:
                if runs.has_left(given[0]):
                    runs.end(name, "left")
                    yield Page()  # nothing is said of it on the page of another key
                    return
                yield runs.together(name, page)
        runs.end(name, "badly" if "stage error" in str(page.stage) else "well")

    steps.__name__ = name
    return consuming(steps) if getattr(function, "consuming", False) else steps


def marking(function: Callable[..., Page], service: VisitorService) -> Callable[..., Page]:
    """Return a callback whose last inputs, beside its own, are what is open, and the session's runs.

    A transcript and an example are open; they stay marked in the lists. Once the page has gone over to
    another language, nothing changes in what the session takes for open.
    """

    def page(key: str | None, *inputs: Any) -> Page:
        *given, part, example, runs = inputs
        made = function(service, key, *given)
        runs.say()
        return Page() if runs.has_left(key) else marked(service, made, key, part, example)

    page.__name__ = function.__name__  # by `wraps` gradio would count the inputs of the function inside
    return guarded(page)


def clicked(
    function: Callable[[str | None, Mapping[str, Any]], Page],
) -> Callable[[str | None, Runs, gr.EventData], Page]:
    """Return a callback that opens what was clicked, unless the page has gone over to another language since.

    The page would not show it, but the session would take it for what is open.
    """

    def page(key: str | None, runs: Runs, event: gr.EventData) -> Page:
        made = function(key, facts(event))
        runs.say()
        return Page() if runs.has_left(key) else made

    return page


def cancel(runs: Runs) -> str:
    """Return the stage from the click on Cancel until the work has stopped, and note the click."""
    runs.cancelled = True
    return cancelling()


def ended(service: VisitorService, name: str, key: str | None, runs: Runs, *editing: Any) -> Page:
    """Return the page after a run: Cancel stays while there is another, and nothing is half said.

    `editing` is what is open, and stays marked in its list: a transcript, and an example.
    """
    if runs.has_left(key):
        return Page(stop=gr.update(visible=runs.under_way))
    how = runs.take(name)
    if how == "left":
        part, example = (*editing, None, None)[:2]
        return shown_again(service, key, part, example, runs)
    page = Page() if how == "well" else _as_it_is(service, name, key, how is None)
    if how is None:
        page = runs.together(name, page)  # Cancel ends all that are at work
    if how is None and name in UPLOADS:
        page = page._replace(**{UPLOADS[name]: None})  # they were discarded
    if how != "well" and name == "learn" and editing and editing[0]:
        page = page._replace(part_saved=_not_opening(service, key, editing[0]))
    if not runs.under_way:
        page = guarded(listed)(service, page, key, *(editing or (None,)))
    return page._replace(stop=gr.update(visible=runs.under_way))


@guarded
def shown_again(
    service: VisitorService,
    key: str | None,
    part: Sequence[Any] | None,
    example: str | None,
    runs: Runs,
) -> Page:
    """Return the page of a key once more, over what was still on its way as the page went over to it."""
    if runs.has_left(key):
        return Page()
    page = fresh(service.visitors.open(key) if service.visitors.has(key) else None)
    page = marked(service, page, key, part, example)
    return page if runs.under_way else page._replace(stage=runs.said(key))


def failed(service: VisitorService, name: str, key: str | None, runs: Runs, *editing: Any) -> Page:
    """Return the page after a run that the server did not take on; gradio tells of cancels here, too."""
    if runs.cancelled:
        return Page()
    return ended(service, name, key, runs, *editing).says(FAILED, "error")


def _not_opening(service: VisitorService, key: str | None, part: Sequence[Any]) -> Any:
    """What is said below a transcript that stays open: that it was added, where it was, and no more."""
    with suppress(SmileError, OSError):
        workspace = service.visitors.open(key)
        if transcripts.placed(workspace, str(part[0]), int(part[1]), part[2:]).corrected is not None:
            return DRAFT.format(ADDED)
    return gr.skip()


@guarded
def _as_it_is(service: VisitorService, name: str, key: str | None, cancelled: bool) -> Page:
    """Return what there is after a run that was cancelled, or failed and has said why."""
    if not service.visitors.has(key):
        return Page().says(CANCELLED) if cancelled else Page()
    workspace = service.visitors.open(key)
    page = fresh(workspace)
    return page.says(_left(workspace, name)) if cancelled else page


def _left(workspace: Workspace, name: str) -> str:
    """Return what is still to be done after a cancel, for a person."""
    if name in ("check", "check_new", "find_text"):
        return TEXT if name == "find_text" else CHECK
    waiting = len(transcripts.waiting(workspace)) if name in LISTS else 0
    if not waiting:
        return CANCELLED
    return ONE_WAITS if waiting == 1 else WAITING.format(waiting)
