"""The tab's outputs, and how they follow from what is in a visitor's folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import gradio as gr

from smile.datatypes import PoolError
from smile.own import asked, checked, order, transcripts
from smile.own.state import State
from smile.own.transcripts import Item, Part
from smile.own.workspace import Workspace
from smile.pools.pool import Pool
from smile.pools.setting import PoolSetting, whole_setting
from smile.settings import Settings
from smile.ui.guard import sentence
from smile.ui.own import choice, curve, misfits, orthography, verdict, view
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import stage
from smile.util.timing import relayed

P = ParamSpec("P")
T = TypeVar("T")
DEFAULT = Settings()
OPENING = "Another one was just being opened; look at it, and press the button again."
CHECK = "Check with my own examples"


class Page(NamedTuple):
    """The outputs of the tab; what is not named stays as it is."""

    key: Any = gr.skip()  # of the visitor's folder, kept in the browser
    stage: Any = gr.skip()
    named: Any = gr.skip()
    examples: Any = gr.skip()
    rejected: Any = gr.skip()
    undo: Any = gr.skip()
    example: Any = gr.skip()  # id of the one that is open
    example_player: Any = gr.skip()
    example_text: Any = gr.skip()
    example_box: Any = gr.skip()
    letters: Any = gr.skip()
    doubts: Any = gr.skip()  # examples whose texts may be wrong
    look: Any = gr.skip()
    verdict: Any = gr.skip()
    check: Any = gr.skip()
    level: Any = gr.skip()
    shots: Any = gr.skip()
    knn: Any = gr.skip()
    characters: Any = gr.skip()
    results: Any = gr.skip()
    again: Any = gr.skip()
    files: Any = gr.skip()
    part: Any = gr.skip()  # recording, number, start and end (s) of the one that is open
    part_player: Any = gr.skip()
    part_text: Any = gr.skip()
    part_box: Any = gr.skip()
    curve: Any = gr.skip()
    taking: Any = gr.skip()
    uploads: Any = gr.skip()  # what a visitor brings; emptied once it is in
    tiers: Any = gr.skip()
    clip: Any = gr.skip()
    clip_text: Any = gr.skip()
    recordings: Any = gr.skip()
    recorded: Any = gr.skip()
    stop: Any = gr.skip()
    timed: Any = gr.skip()  # whether files have the times of words
    part_saved: Any = gr.skip()  # whether what is written over the open transcript is kept
    part_place: Any = gr.skip()  # which transcript the page shows: `part` is of the server, so ahead of it
    example_place: Any = gr.skip()  # and which example
    secret: Any = gr.skip()  # the key, where the visitor asked to see it
    wanted: Any = gr.skip()  # a key that the visitor enters
    languages: Any = gr.skip()  # all of the visitor's, the open one chosen
    languages_box: Any = gr.skip()
    delete_this: Any = gr.skip()  # the language that is open, not the others
    going: Any = gr.skip()  # of which key a list that was left goes on by itself
    text_files: Any = gr.skip()  # a recording and its text, which exists already
    given_text: Any = gr.skip()
    looking: Any = gr.skip()  # the timer, at work as long as another page is at work on the list

    def says(self, text: str, kind: str = "") -> Page:
        """Return the same with a line about what is going on; what is at work can be cancelled."""
        said = self._replace(stage=stage(text, kind))
        return said._replace(stop=gr.update(visible=True)) if kind == "working" else said


def workspace_of(service: VisitorService, key: str | None) -> tuple[Any, Workspace]:
    """Return the page's output of the key, and the visitor's folder; new ones where there are none yet.

    A key that is there already is not told again: the page may have gone over to another one meanwhile.
    """
    if key:
        return gr.skip(), service.visitors.open(key)
    key = service.visitors.new()
    return key, service.visitors.open(key)


def fresh(workspace: Workspace | None) -> Page:
    """Return all that follows from a folder (None: an empty tab), but for what is open for editing."""
    state = workspace.state() if workspace else State()
    pool = workspace.pool() if workspace else None
    setting = (whole_setting(pool.folder) if pool else None) or PoolSetting(DEFAULT.shots, DEFAULT.knn)
    items = transcripts.items(workspace) if workspace else []
    tried = verdict.kept_html(checked.table(workspace.folder), pool) if workspace else ""
    page = _of_pool(state, pool, setting)._replace(doubts=misfits.table(workspace, pool))
    parts = transcripts.parts_of(items, workspace) if workspace else []
    page = page._replace(verdict=page.verdict + tried, **_of_transcripts(workspace, items, parts))
    return page._replace(**choice.shown(workspace))


def _of_pool(state: State, pool: Pool | None, setting: PoolSetting) -> Page:
    last = state.versions[-1].what if state.versions else ""
    return Page(
        named=view.named(state.language),
        examples=view.examples(pool.utterances if pool else ()),
        undo=gr.update(value=f"Take back: {last}", visible=bool(last)),
        letters=orthography.letters(pool.utterances if pool else ()),
        verdict=verdict.sentence(setting, pool),
        check=gr.update(interactive=bool(pool) and len(pool or ()) > 1),
        look=gr.update(interactive=bool(pool) and len(pool or ()) > 1),
        level=setting.level,
        shots=setting.shots,
        knn=setting.knn > 0,
        characters=state.characters,
        taking=gr.update(visible=bool(pool)),
    )


def after_choice(workspace: Workspace) -> Page:
    """Return what follows from settings that have been chosen: the list, and what can be made again."""
    items = transcripts.items(workspace)
    made = _of_transcripts(workspace, items, transcripts.parts_of(items, workspace))
    return Page(results=made["results"], again=made["again"])


def marked(
    service: VisitorService,
    page: Page,
    key: str | None,
    part: Sequence[Any] | None,
    example: str | None = None,
) -> Page:
    """Return a page whose lists, where they are new, mark what stays open: a transcript, an example."""
    new_parts = isinstance(page.results, str) and page.part == gr.skip()
    new_examples = isinstance(page.examples, str) and page.example == gr.skip()
    return listed(service, page, key, part if new_parts else None, example if new_examples else None)


def listed(
    service: VisitorService,
    page: Page,
    key: str | None,
    part: Sequence[Any] | None,
    example: str | None = None,
) -> Page:
    """Return a page with the lists of what is open as they are now.

    Args:
        service: where visitors' folders are.
        page: what is shown beside them.
        key: the visitor's.
        part: recording and number of the transcript that is open; None leaves that list as the page has it.
        example: the id of the example that is open; None as well.
    """
    if not ((part or example) and service.visitors.has(key)):
        return page
    workspace = service.visitors.open(key)
    pool = workspace.pool() if example else None
    if pool:
        page = page._replace(examples=view.examples(pool.utterances, example))
    if part:
        items = transcripts.items(workspace)
        parts, chosen = transcripts.parts_of(items, workspace), (str(part[0]), int(part[1]))
        page = page._replace(results=table(workspace, items, parts, chosen))
    return page


def table(
    workspace: Workspace | None,
    items: Sequence[Item],
    parts: Sequence[Part],
    chosen: tuple[str, int] | None = None,
) -> str:
    """Return the list of transcripts with those named first, and the chosen one marked."""
    return view.transcripts(items, parts, chosen, first=order.first(workspace, parts) if workspace else ())


def _of_transcripts(
    workspace: Workspace | None, items: Sequence[Item], parts: Sequence[Part]
) -> dict[str, Any]:
    state = workspace.state() if workspace else State()
    language = state.language
    return {
        "results": table(workspace, items, parts),
        "again": gr.update(visible=any(part.stale for part in parts)),
        "files": gr.update(visible=bool(parts)),
        "timed": gr.update(visible=any(part.words for part in parts)),
        "curve": curve.update(state.corrections, language.code if language else ""),
    }


def settings(workspace: Workspace) -> Settings:
    """Return how this visitor's recordings are transcribed."""
    return asked.settings(workspace, workspace.pool())


def place(part: Sequence[Any]) -> str:
    """Return which transcript or example is open, as a page has it."""
    return json.dumps(list(part))


def seen(part: Sequence[Any], shown: str | None) -> None:
    """Make sure that a page has `shown` what is open; None where nobody says so.

    Raises:
        PoolError: it was still showing another one.
    """
    if shown is not None and shown != place(part):
        raise PoolError(OPENING)


def opened(service: VisitorService, key: str | None) -> Workspace:
    """Return the folder of a visitor who has one.

    Raises:
        PoolError: there is none.
    """
    if not key:
        raise PoolError("There is nothing here yet; name your language and add examples first.")
    return service.visitors.open(key)


def closed(workspace: Workspace) -> Page:
    """Return the tab as it follows from a folder, with no example open."""
    return fresh(workspace)._replace(example=None, example_player="", example_box=gr.update(visible=False))


def working(steps: Generator[str, None, T]) -> Generator[Page, None, T]:
    """Yield the lines of some work as the stage, and return its result. Closing it closes the work."""
    return (yield from relayed(steps, lambda line: Page().says(line, "working")))


def guarded(function: Callable[P, Page]) -> Callable[P, Page]:
    """Wrap a callback so that its errors become the stage's sentence."""

    @wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> Page:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return Page().says(sentence(error, function.__name__), "error")

    return safe


def guarded_steps(function: Callable[P, Iterator[Page]]) -> Callable[P, Iterator[Page]]:
    """Wrap a callback that yields the page as it changes, as `guarded` does."""

    @wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> Iterator[Page]:
        try:
            yield Page(stop=gr.update(visible=True))
            yield from function(*args, **kwargs)
        except Exception as error:
            yield Page().says(sentence(error, function.__name__), "error")

    return safe
