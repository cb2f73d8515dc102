"""The endpoint `align` for programs, also as an MCP tool: times for a text that exists already."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from smile.settings import Settings
from smile.transcription.lengths import PAGE, only_beginning
from smile.ui.cancelled import consuming
from smile.ui.components import Audio
from smile.ui.engine import Engine
from smile.ui.files import discarding
from smile.ui.parts.components import TURNS
from smile.ui.parts.recordings import recording_of
from smile.ui.programs import prepared
from smile.ui.tools import tool
from smile.util.timing import finished

UNITS = ("lines", "sentences")
TIMES = {"utterances": "", "words": "words", "characters": "characters"}


def publish(engine: Engine) -> None:
    """Add the endpoint `align` to the page that is being built."""
    keys = [pool.key for pool in engine.pools()]
    gr.Button(visible=False).click(
        tool("align", align, engine),
        [
            Audio(type="filepath", visible=False, label="recording"),
            gr.Textbox(visible=False, label="text"),
            gr.Dropdown(keys, value=keys[0] if keys else None, visible=False, label="pool"),
            gr.Radio(UNITS, value=UNITS[0], visible=False, label="unit"),
            gr.Radio(list(TIMES), value="words", visible=False, label="times"),
        ],
        gr.JSON(visible=False),
        api_name="align",
        **TURNS,
    )


@consuming
def align(
    engine: Engine,
    recording: str | None,
    text: str = "",
    pool: str | None = None,
    unit: str = "lines",
    times: str = "words",
) -> dict[str, Any]:
    """Find when each line, word or character of a text is spoken in a recording of it. Lines that are not
    spoken have no times, and speech that is not in the text is told apart.

    Args:
        recording: an audio file with speech; of one longer than 10 minutes the first 10 are read.
        text: what is said in it.
        pool: the language's key, as `languages` gives it; its acoustic model is fitted if it has none.
        unit: lines or sentences of the text, which have a time each.
        times: utterances only, words in them, or characters in these too.
    """
    from smile.transcription.aligning import Wanted, as_dict, found_in, utterances
    from smile.transcription.times import TIMES as KINDS

    with discarding([recording]):
        read = finished(recording_of(recording))
    lines = utterances(text or "", "sentences" if unit == "sentences" else "lines")
    model, opened = prepared(engine, pool, Settings(level="acoustic"))
    kind = next((one for one in KINDS if one == TIMES.get(times, "words")), KINDS[0])
    wanted = Wanted(Path(str(recording)), lines, Path(), times=kind)
    with engine.scheduler.visit():
        steps = found_in(model, opened, read.samples, wanted)
        with closing(engine.scheduler.each(_with_result(steps))) as paced:
            *_, aligned = paced
    return as_dict(aligned) | {"problem": only_beginning(read.cut, PAGE) if read.cut else ""}


def _with_result(steps: Any) -> Any:
    """Yield what steps yield, and at last what they come to."""
    yield (yield from steps)
