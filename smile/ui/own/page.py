"""The tab's outputs, and how they follow from what is in a visitor's folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from traceback import format_tb
from typing import Any, NamedTuple, ParamSpec

import gradio as gr

from smile.datatypes import PoolError, SmileError
from smile.own import transcripts
from smile.own.workspace import State, Workspace
from smile.pool import Pool
from smile.pool_setting import PoolSetting, read_setting
from smile.transcription import Settings
from smile.ui.own import curve, orthography, verdict, view
from smile.ui.own.desk import Desk
from smile.ui.transcribe.callbacks import UNEXPECTED
from smile.ui.transcribe.view import stage

LOG = logging.getLogger(__name__)
P = ParamSpec("P")
DEFAULT = Settings()


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
    verdict: Any = gr.skip()
    check: Any = gr.skip()
    shots: Any = gr.skip()
    knn: Any = gr.skip()
    characters: Any = gr.skip()
    results: Any = gr.skip()
    again: Any = gr.skip()
    files: Any = gr.skip()
    part: Any = gr.skip()  # (recording, number) of the one that is open
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

    def says(self, text: str, kind: str = "") -> Page:
        """The same with a line about what is going on."""
        return self._replace(stage=stage(text, kind))


def workspace(desk: Desk, key: str | None) -> tuple[str, Workspace]:
    """The visitor's folder and its key; a new one where there is none yet."""
    if not key:
        key = desk.visitors.new()
    return key, desk.visitors.open(key)


def fresh(found: Workspace | None, chosen: str | None = None) -> Page:
    """All that follows from a folder (None: an empty tab). What is open for editing is not touched."""
    state = found.state() if found else State()
    pool = found.pool() if found else None
    setting = (read_setting(pool.folder) if pool else None) or PoolSetting(DEFAULT.shots, DEFAULT.knn)
    return _of_pool(state, pool, setting, chosen)._replace(**_of_transcripts(found))


def _of_pool(state: State, pool: Pool | None, setting: PoolSetting, chosen: str | None) -> Page:
    last = state.versions[-1].what if state.versions else ""
    return Page(
        named=view.named(state.language),
        examples=view.examples(pool.utterances if pool else (), chosen),
        undo=gr.update(value=f"Take back: {last}", visible=bool(last)),
        letters=orthography.letters(pool.utterances if pool else ()),
        verdict=verdict.sentence(setting, pool),
        check=gr.update(interactive=bool(pool) and len(pool or ()) > 1),
        shots=setting.shots,
        knn=setting.knn > 0,
        characters=state.characters,
        taking=gr.update(visible=bool(pool)),
    )


def _of_transcripts(found: Workspace | None) -> dict[str, Any]:
    items = transcripts.items(found) if found else []
    parts = transcripts.parts(found) if found else []
    corrections = found.state().corrections if found else ()
    stale = [p for p in parts if p.stale and p.corrected is None]
    language = found.state().language if found else None
    return {
        "results": view.transcripts(items, parts),
        "again": gr.update(visible=bool(stale)),
        "files": gr.update(visible=bool(parts)),
        "curve": curve.update(corrections, language.code if language else ""),
    }


def settings(found: Workspace) -> Settings:
    """How this visitor's recordings are transcribed."""
    pool = found.pool()
    setting = read_setting(pool.folder) if pool else None
    chosen = replace(DEFAULT, characters=found.state().characters)
    return setting.applied(chosen) if setting else chosen


def opened(desk: Desk, key: str | None) -> Workspace:
    """The folder of a visitor who has one.

    Raises:
        PoolError: there is none.
    """
    if not key:
        raise PoolError("There is nothing here yet; name your language and add examples first.")
    return desk.visitors.open(key)


def log(what: str, error: Exception) -> None:
    """Log where something went wrong, without the error's own words, which may be a visitor's."""
    places = "".join(format_tb(error.__traceback__))
    LOG.error("My language: %s failed with %s\n%s", what, type(error).__name__, places)


def told(function: Callable[P, Page]) -> Callable[P, Page]:
    """A callback whose errors become the stage's sentence."""

    @wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> Page:
        try:
            return function(*args, **kwargs)
        except SmileError as error:
            return Page().says(str(error), "error")
        except Exception as error:
            log(function.__name__, error)
            return Page().says(UNEXPECTED, "error")

    return safe


def told_each(function: Callable[P, Iterator[Page]]) -> Callable[P, Iterator[Page]]:
    """The same for a callback that yields the page as it changes."""

    @wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> Iterator[Page]:
        try:
            yield Page(stop=gr.update(visible=True))
            yield from function(*args, **kwargs)
        except SmileError as error:
            yield Page().says(str(error), "error")
        except Exception as error:
            log(function.__name__, error)
            yield Page().says(UNEXPECTED, "error")

    return safe


@told
def arrived(desk: Desk, key: str | None) -> Page:
    """The tab as the page opens: what a visitor left here is there again."""
    if not desk.visitors.has(key):
        return fresh(None)._replace(key="")
    return fresh(desk.visitors.open(key))
