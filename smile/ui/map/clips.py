"""A recording becomes the query: a visitor's own, a test recording, or the last clip of Transcribe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from smile.audio.io import Recording, reading
from smile.datatypes import SAMPLE_RATE, SmileError, Utterance
from smile.ui.guard import sentence
from smile.ui.map.atlas import ABSENT, Atlas, Points, Query
from smile.ui.map.callbacks import HIDDEN, Page, Sight, answer
from smile.ui.transcribe.callbacks import BUSY, READING, heard
from smile.ui.transcribe.view import stage
from smile.util.timing import telling

WAITING = "Waiting for the engine"
CANCELLED = "Cancelled. Clips that were indexed stay so, and the next recording goes on from there."


def next_turn(turn: int) -> int:
    """Another clip was chosen: the change of the turn places it."""
    return turn + 1


def another(turn: int) -> tuple[int, None]:
    """The same, and nothing for the clip chosen in the other way."""
    return turn + 1, None


def begun() -> Page:
    """The page once a clip is chosen, also while others are served first."""
    return Page(stage=stage(WAITING, "working"), heard=None, stop=gr.update(visible=True))


def hear(atlas: Atlas, audio: str | None, test: str | None, name: str | None) -> Iterator[Page]:
    """Encode a recording, or one of the test recordings, for a map; yields the page as it changes.

    It ends with the query in `heard`. Closing it stops the work.
    """
    try:
        chosen = find_test(atlas, name, test)
        steps = reading(chosen.audio) if chosen else heard(audio)
        recording = yield from telling(steps, Page(stage=stage(READING, "working")))
        yield from _hear(atlas, recording, chosen.audio if chosen else Path(str(audio)), chosen, name)
    except Exception as error:
        yield _failed(sentence(error, "Placing a clip"))


def _failed(why: str) -> Page:
    return Page(stage=stage(why, "error"), heard=None, stop=HIDDEN)


def _hear(
    atlas: Atlas, recording: Recording, path: Path, chosen: Utterance | None, name: str | None
) -> Iterator[Page]:
    points = atlas.open(name)
    for line in _ready(atlas, points):
        yield Page(stage=stage(line, "working"), stop=gr.update(visible=True))
    yield Page(stage=stage("Encoding the clip", "working"))
    embedding = atlas.engine.embed(recording.samples, points.map.entry.encoder)
    seconds = len(recording.samples) / SAMPLE_RATE
    text, code = (chosen.text, chosen.language) if chosen else ("", "")
    yield Page(heard=Query(code, "", text, seconds, path, embedding), stop=HIDDEN)


def _ready(atlas: Atlas, points: Points) -> Iterator[str]:
    """Load Whisper and index the pools of a map where that is still to be done; yields what is being done.

    Raises:
        SmileError: the recordings of a pool are not on this server.
    """
    keys = points.keys
    if None in keys:
        raise SmileError(ABSENT)
    for number, key in enumerate(keys, start=1):
        far = f" · language {number} of {len(keys)}" if len(keys) > 1 else ""
        for line in atlas.engine.prepare(key):
            yield line + far


def place_heard(atlas: Atlas, query: Query | None, *sight: Any) -> Page:
    """What was heard becomes the query, as the map is looked at by now."""
    if query is None:
        return Page()
    look = Sight(*sight)
    try:
        return answer(atlas, atlas.open(look.map), query, look)
    except SmileError as error:
        return Page(stage=stage(sentence(error), "error"))


def cancelling() -> Page:
    """The page from the click on Cancel on."""
    return Page(stage=stage("Cancelling", "working"), heard=None)


def cancelled() -> Page:
    """The page after it."""
    return Page(stage=stage(CANCELLED), stop=HIDDEN)


def test_choices(atlas: Atlas, name: str | None) -> list[tuple[str, str]]:
    """(label, name) of the test recordings of a map's pools; none of them is a point."""
    try:
        points = atlas.open(name)
    except SmileError:
        return []
    several = len(points.keys) > 1
    return [
        (f"{known.name}: {u.text}" if several else u.text, f"{key}/{u.id}")
        for key, known in zip(points.keys, points.languages, strict=True)
        for u in atlas.engine.queries(key)
    ]


def find_test(atlas: Atlas, name: str | None, test: str | None) -> Utterance | None:
    """A test recording by its name among `test_choices`."""
    if not test:
        return None
    keys = atlas.open(name).keys
    return next((u for key in keys for u in atlas.engine.queries(key) if f"{key}/{u.id}" == test), None)


def arrive(atlas: Atlas, key: str | None, example: str | None, audio: str | None) -> tuple[Any, ...]:
    """The last clip of the tab Transcribe: opens this tab with the map of its pool, if there is one.

    Gives the tab, the map's name, the test recordings and the recording.
    """
    name = atlas.named(key)
    tests = show_tests(atlas, name, f"{key}/{example}") if name else gr.update(value=None)
    return gr.Tabs(selected="map"), name or gr.skip(), tests, None if tests["value"] else audio


def refused() -> Page:
    """The page after the server did not take a clip on."""
    return _failed(BUSY)


def show_tests(atlas: Atlas, name: str | None, test: str | None) -> Any:
    """Another map, other test recordings; the chosen one stays where it is among them."""
    choices = test_choices(atlas, name)
    known = test in {choice for _, choice in choices}
    return gr.update(choices=choices, value=test if known else None, visible=bool(choices))
