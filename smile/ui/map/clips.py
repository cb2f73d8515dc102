"""The ways of a recording to the query: a visitor's own, a test recording, the last clip of Transcribe."""

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
from smile.ui.parts.components import BUSY, stage
from smile.ui.parts.recordings import READING, recording_of
from smile.util.timing import telling

WAITING = "Waiting for the engine"
CANCELLED = "Cancelled. Clips that were indexed stay so, and the next recording goes on from there."


def next_turn(turn: int) -> int:
    """Count another clip that was chosen: the change of the turn places it."""
    return turn + 1


def another(turn: int) -> tuple[int, None]:
    """Count another clip, and empty the clip that was chosen in the other way."""
    return turn + 1, None


def begun() -> Page:
    """Return the page once a clip is chosen, also while others are served first."""
    return Page(stage=stage(WAITING, "working"), encoded=None, stop=gr.update(visible=True))


def encode_clip(atlas: Atlas, audio: str | None, test: str | None, name: str | None) -> Iterator[Page]:
    """Encode a recording, or one of the test recordings, for a map; yield the page as it changes.

    It ends with the query in `encoded`. Closing it stops the work.
    """
    try:
        chosen = find_test(atlas, name, test)
        steps = reading(chosen.audio) if chosen else recording_of(audio)
        recording = yield from telling(steps, Page(stage=stage(READING, "working")))
        yield from _encode(atlas, recording, chosen.audio if chosen else Path(str(audio)), chosen, name)
    except Exception as error:
        yield _failed(sentence(error, "Placing a clip"))


def _failed(why: str) -> Page:
    return Page(stage=stage(why, "error"), encoded=None, stop=HIDDEN)


def _encode(
    atlas: Atlas, recording: Recording, path: Path, chosen: Utterance | None, name: str | None
) -> Iterator[Page]:
    points = atlas.open(name)
    for line in _ready(atlas, points):
        yield Page(stage=stage(line, "working"), stop=gr.update(visible=True))
    yield Page(stage=stage("Encoding the clip", "working"))
    embedding = atlas.engine.embed(recording.samples, points.map.entry.encoder)
    seconds = len(recording.samples) / SAMPLE_RATE
    text, code = (chosen.text, chosen.language) if chosen else ("", "")
    yield Page(encoded=Query(code, "", text, seconds, path, embedding), stop=HIDDEN)


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


def place_encoded(atlas: Atlas, query: Query | None, *sight: Any) -> Page:
    """Make the encoded recording the query, as the map is looked at by now."""
    if query is None:
        return Page()
    look = Sight(*sight)
    try:
        return answer(atlas, atlas.open(look.map), query, look)
    except SmileError as error:
        return Page(stage=stage(sentence(error), "error"))


def cancelling() -> Page:
    """Return the page from the click on Cancel on."""
    return Page(stage=stage("Cancelling", "working"), encoded=None)


def cancelled() -> Page:
    """Return the page after a cancel."""
    return Page(stage=stage(CANCELLED), stop=HIDDEN)


def test_choices(atlas: Atlas, name: str | None) -> list[tuple[str, str]]:
    """Return (label, name) of the test recordings of a map's pools; none of them is a point."""
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
    """Return a test recording by its name among `test_choices`."""
    if not test:
        return None
    keys = atlas.open(name).keys
    return next((u for key in keys for u in atlas.engine.queries(key) if f"{key}/{u.id}" == test), None)


def taken(atlas: Atlas, key: str | None) -> tuple[str] | None:
    """Return the map of a pool on offer; None where there is none."""
    return (name,) if (name := atlas.named(key)) else None


def arrive(atlas: Atlas, key: str | None, example: str | None, audio: str | None) -> tuple[Any, ...]:
    """Open this tab with the last clip of the tab Transcribe, and the map of its pool if there is one.

    Gives the tab, the map's name, the test recordings and the recording.
    """
    name = atlas.named(key)
    tests = show_tests(atlas, name, f"{key}/{example}") if name else gr.update(value=None)
    return gr.Tabs(selected="map"), name or gr.skip(), tests, None if tests["value"] else audio


def refused() -> Page:
    """Return the page after the server did not take a clip on."""
    return _failed(BUSY)


def show_tests(atlas: Atlas, name: str | None, test: str | None) -> Any:
    """Return another map's test recordings; the chosen one stays where it is among them."""
    choices = test_choices(atlas, name)
    known = test in {choice for _, choice in choices}
    return gr.update(choices=choices, value=test if known else None, visible=bool(choices))
