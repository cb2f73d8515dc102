"""Live text below a recorder: where it appears, and the event that begins it when somebody records."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.datatypes import PoolError, SmileError
from smile.ui.guard import sentence
from smile.ui.live import LiveSessions
from smile.ui.parts.components import PLAIN, QUICK

if TYPE_CHECKING:
    from smile.acoustic.head import Head
    from smile.pools.pool import Pool
    from smile.ui.engine import Engine
    from smile.whisper.model import Model

REGION = "{}-live"  # the name of the region of a recorder in the page
LISTENING = "Live text by the acoustic model appears here as you speak."
SLOW = "The server cannot keep up with live text just now: where … stands, some seconds were left out."
LOST = "Live text has stopped; the recording goes on, and all of it is transcribed when it has ended."
NO_POOL = "Live text needs the acoustic model of a language; choose one."
LOADING = "Live text can begin when Whisper is loaded, in some seconds; the recording goes on."
DROP = "() => window.smileUnrecorded('{}')"  # the text of a recorder
PANEL = Markup(
    '<div class="live" data-live="{name}">'
    '<p class="live-text" dir="auto"><span class="committed" role="log" aria-live="polite"></span>'
    '<span class="tentative" aria-hidden="true"></span></p>'
    '<p class="note" data-when="listening">{listening}</p>'
    '<p class="note" data-when="slow" hidden>{slow}</p>'
    '<p class="note" data-when="ended" hidden>{ended}</p>'
    '<p class="note" data-when="lost" hidden>{lost}</p></div>'
)
NEEDED = Markup('<p class="note live-needed" role="status" data-number="{number}">{text}</p>')
Heard = tuple["Model", "Head"]  # what writes live text


class Words(NamedTuple):
    """What is said of live text and depends on the tab."""

    ended: str = "This was the live text; the full transcript takes its place."
    unfitted: str = (
        "Live text needs an acoustic model, and this language has none yet: choose a level with one under "
        "“Written by” and transcribe once, which fits it in a few minutes."
    )


WORDS = Words()


def live_region(recorder: str) -> gr.HTML:
    """Return where the live text of a recorder of that name will appear; it is not laid out yet."""
    return gr.HTML("", elem_id=REGION.format(recorder), render=False, **PLAIN)


def connect_live(
    sessions: LiveSessions,
    audio: gr.Audio,
    region: gr.HTML,
    heard: Callable[[Any], Heard],
    of: gr.components.Component,
    words: Words = WORDS,
) -> None:
    """Begin live text when somebody records; `heard` returns what writes it of the value of a component."""

    def begin(value: Any, request: gr.Request) -> str:
        return begun(sessions, request.session_hash or "", partial(heard, value), words)

    audio.start_recording(begin, of, region, **QUICK)


def begun(sessions: LiveSessions, owner: str, heard: Callable[[], Heard], words: Words = WORDS) -> str:
    """Return the region as a recording begins: with the name of its session, or with what is needed."""
    from smile.acoustic.live import LiveTranscriber

    try:
        name = sessions.begin(owner, LiveTranscriber(*heard()))
    except SmileError as error:
        return NEEDED.format(text=sentence(error), number=secrets.token_hex(4))
    return PANEL.format(name=name, listening=LISTENING, slow=SLOW, ended=words.ended, lost=LOST)


def heard_with(engine: Engine, pool: str | None) -> Heard:
    """Return what writes live text with a pool on offer; nothing is fitted, loaded or waited for.

    Raises:
        SmileError: it is not ready; says what is needed.
    """
    if engine.choice(pool) is None:
        raise SmileError(NO_POOL)
    model = loaded(engine)
    return model, head_of(engine.pool(pool, model.info.encoder), model)


def loaded(engine: Engine) -> Model:
    """Return the model, where it is loaded; begins to load it where nobody has.

    Raises:
        SmileError: it is not loaded yet, or cannot be.
    """
    loading = engine.warm()
    if not loading.done():
        raise SmileError(LOADING)
    return loading.result().smile


def head_of(pool: Pool | None, model: Model, words: Words = WORDS) -> Head:
    """Return the first head of a pool.

    Raises:
        SmileError: it has none yet.
    """
    from smile.acoustic.states import StatesId
    from smile.acoustic.store import open_head

    if pool is None:
        raise SmileError(words.unfitted)
    try:
        return open_head(pool, StatesId.of(model))
    except PoolError:
        raise SmileError(words.unfitted) from None
