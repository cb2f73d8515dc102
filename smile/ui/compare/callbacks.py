"""Callbacks of the tab: plain values in, new values for the components out."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from smile.audio.io import Recording
from smile.datatypes import SAMPLE_RATE, SmileError
from smile.evaluation.compare import FIRST_GUESS, Grid, ways
from smile.evaluation.compared import as_rows
from smile.settings import Settings
from smile.transcription.lengths import only_beginning
from smile.ui.cancelled import consuming
from smile.ui.compare import ahead
from smile.ui.compare.detail import detail
from smile.ui.compare.table import Compared, compare_html, title
from smile.ui.files import discarding, playable
from smile.ui.guard import sentence
from smile.ui.parts import pools
from smile.ui.parts.address import Untold, read, unoffered
from smile.ui.parts.components import stage
from smile.ui.parts.pools import default_pool, example_choices, matched, show_examples
from smile.ui.parts.recordings import READING, recording_of
from smile.ui.sounds import Sounds
from smile.util.spreadsheet import BOM, guarded_row
from smile.util.timing import finished, telling

if TYPE_CHECKING:
    from smile.ui.engine import Engine
    from smile.ui.sources import PoolChoice

WELCOME = "Choose a recording, numbers of examples and ways to find them, then press Compare."
CANCELLED = "Cancelled. The cells that were written stay."
NO_POOL = "There are no examples to compare; choose a language first."
USUAL_SECONDS = 6.0  # of a recording that has not been chosen yet


class Asked(NamedTuple):
    """The comparison that is asked for: components, or a visitor's choices."""

    pool: Any
    audio: Any
    shots: Any
    ways: Any
    seeds: Any
    knn: Any
    acoustic: Any
    controlled: Any = False
    untrained: Any = False

    def grid(self) -> Grid:
        """Return the cells that the choices come to."""
        rows = self.acoustic, self.controlled, self.untrained
        if not all(isinstance(one, bool) for one in (self.knn, *rows)):
            raise SmileError("The settings knn, acoustic, controlled and untrained are true or false.")
        base, counts = Settings(knn=1.0 if self.knn else 0.0), tuple(int(n) for n in self.shots)
        return Grid(counts, ways(list(self.ways), int(self.seeds)), base, *rows)


class View(NamedTuple):
    """The outputs of the tab; what is not named stays as it is."""

    stage: Any = gr.skip()
    table: Any = gr.skip()
    detail: Any = gr.skip()
    compared: Any = gr.skip()
    opened: Any = gr.skip()
    files: Any = gr.skip()
    start: Any = gr.skip()
    stop: Any = gr.skip()


def planned(*asked: Any, engine: Engine | None = None) -> str:
    """Return the stage: how many cells the choices come to and how long they may take, or what is wrong.

    With an engine it also says what has to be done with the pool first.
    """
    try:
        wanted = Asked(*asked)
        grid = wanted.grid()
        count = len(grid.places())
        first = ahead.said(engine, wanted.pool, grid) if engine else ""
    except SmileError as error:
        return stage(sentence(error), "error")
    seconds = count * FIRST_GUESS * USUAL_SECONDS
    cells = f"{count} cells, about {seconds:.0f} s for a recording of {USUAL_SECONDS:.0f} s."
    return stage(" ".join(filter(None, (cells, first, WELCOME))))


def started() -> View:
    """Return the tab as a comparison begins."""
    return View(
        stage=stage("Waiting for the engine", "working"),
        table="",
        detail="",
        compared=Compared(),
        opened=None,
        files=gr.update(visible=False),
        start=gr.update(interactive=False),
        stop=gr.update(visible=True),
    )


def run(engine: Engine, reference: str, *asked: Any) -> Iterator[View]:
    """Compare; yield the grid as it fills. Closing it stops the engine."""
    try:
        yield from _run(engine, reference, Asked(*asked))
    except Exception as error:
        yield View(stage=stage(sentence(error, "A comparison"), "error"))


def _run(engine: Engine, reference: str, asked: Asked) -> Iterator[View]:
    steps = checked(engine, asked)
    grid, recording, choice = yield from telling(steps, View(stage=stage(READING, "working")))
    places = tuple(grid.places())
    compared = Compared(places, (), choice.language.code, choice.synthetic)
    yield View(table=compare_html(compared), compared=compared)
    for line in engine.prepare(asked.pool, *grid.settings(), untrained=grid.untrained_settings()):
        yield View(stage=stage(line, "working"))
    began = time.monotonic()
    for cell in engine.compare(recording.samples, asked.pool, grid):
        cells = (*compared.cells, cell)
        compared = Compared(places, cells, choice.language.code, choice.synthetic, len(cells) == len(places))
        spent = time.monotonic() - began
        yield View(
            stage=stage(*_progress(compared, spent, recording, engine.problem(asked.pool))),
            table=compare_html(compared, reference),
            compared=compared,
        )


def checked(engine: Engine, asked: Asked) -> Generator[None, None, tuple[Grid, Recording, PoolChoice]]:
    """Return grid, recording and pool that are asked for; yields while the recording is decoded.

    Raises:
        SmileError: no recording, no pool, or a grid that is too small or too large.
    """
    grid, recording, choice = asked.grid(), (yield from recording_of(asked.audio)), engine.choice(asked.pool)
    grid.places()
    if choice is None:
        raise SmileError(NO_POOL)
    return grid, recording, choice


def _progress(compared: Compared, spent: float, recording: Recording, problem: str) -> tuple[str, str]:
    done, total = len(compared.cells), len(compared.places)
    if compared.done:
        seconds = len(recording.samples) / SAMPLE_RATE
        said = f"Done: {total} transcripts of {seconds:.1f} s in {spent:.1f} s. Open a cell for more."
        notes = [said, only_beginning(recording.cut), recording.tracks.said(), problem]
        return " ".join(filter(None, notes)), "done"
    left = spent / done * (total - done)
    return f"{done} of {total}, next {title(compared.places[done])}; about {left:.0f} s left", "working"


def settle(compared: Compared | None) -> View:
    """Return the tab after a comparison has ended, also early; what was written stays."""
    there = bool(compared and compared.cells)
    cut_short = compared is not None and compared.places and not compared.done
    return View(
        stage=stage(CANCELLED) if cut_short and there else gr.skip(),
        files=gr.update(visible=there),
        start=gr.update(interactive=True),
        stop=gr.update(visible=False),
    )


def refused(why: str) -> View:
    """Return the tab after the server did not take the comparison on."""
    return settle(None)._replace(stage=stage(why, "error"))


def rescored(engine: Engine, compared: Compared | None, opened: int | None, reference: str) -> View:
    """Score the grid against another reference; decode nothing."""
    if not compared:
        return View()
    address = Sounds(engine.audio_folders()).address
    shown = detail(compared, opened, address, reference)
    return View(table=compare_html(compared, reference, opened), detail=shown)


def opened(engine: Engine, compared: Compared | None, reference: str, index: int) -> View:
    """Open a cell."""
    return rescored(engine, compared, index, reference)._replace(opened=index)


def pick(engine: Engine, pool: str | None, example: str | None) -> tuple[Any, Any]:
    """Return one of the pool's recordings: its audio, and its text as reference."""
    chosen = next((u for u in engine.queries(pool) if u.id == example), None)
    return (playable(chosen.audio), chosen.text) if chosen else (gr.skip(), gr.skip())


def restore(engine: Engine, rows: Mapping[str, Any], query: Mapping[str, str]) -> tuple[Any, ...]:
    """Return pool, examples, audio, reference, the choices of `rows` by name, and the stage for an address.

    What it does not name stays as it is.
    """
    asked = matched(engine, query.get("pool"))
    key = asked or default_pool(engine)
    clip = next((u for u in engine.queries(key) if u.id == query.get("clip")), None)
    values = read(rows, query)
    first: tuple[Any, ...] = (gr.skip(),) * 4
    if asked or clip:
        shown = gr.update(**example_choices(engine, key), value=clip.id if clip else None)
        first = (key, shown, *((playable(clip.audio), clip.text) if clip else (gr.skip(), gr.skip())))
    wanted = [values.get(name, component.value) for name, component in rows.items()]
    said = planned(key, None, *wanted) if values else gr.skip()
    return (*first, *(values.get(name, gr.skip()) for name in rows), said)


def untold(engine: Engine, rows: Mapping[str, Any], query: Mapping[str, str]) -> list[Untold]:
    """Return what an address asks for and the tab does not offer."""
    return pools.untold(engine, "clip", query) + unoffered(rows, query)


def taken(engine: Engine, pool: str | None) -> tuple[Any, Any] | None:
    """Return a pool and its recordings; None where there is no such pool."""
    return (pool, show_examples(engine, pool)) if engine.choice(pool) else None


def arrive(engine: Engine, pool: str | None, audio: str | None, reference: str) -> tuple[Any, ...]:
    """Bring the clip of the tab Transcribe here; return tab, pool, examples, audio and reference."""
    examples = gr.update(**example_choices(engine, pool), value=None)
    return gr.Tabs(selected="compare"), pool, examples, audio, reference


def saved(compared: Compared | None, reference: str, kind: str) -> Any:
    """Return the hidden button with the comparison as its file."""
    if not compared or not compared.cells:
        return gr.skip()
    rows = as_rows(compared.cells, reference, compared.language)
    if kind == "json":
        text = json.dumps({"reference": reference or None, "cells": rows}, ensure_ascii=False, indent=2)
    else:
        text = BOM + as_csv(rows)
    return gr.update(value=save_bytes_to_cache(text.encode(), f"smile-compare.{kind}", get_upload_folder()))


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as comma-separated values, none of them a formula; ids in one field have spaces between."""
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(guarded_row({**row, "neighbours": " ".join(row["neighbours"])}) for row in rows)
    return target.getvalue()


@consuming
def compare_json(engine: Engine, reference: str | None = None, **asked: Any) -> dict[str, Any]:
    """Transcribe a recording under many settings; a row for each number of examples and way to find them.

    Of a recording longer than 10 minutes only the first 10 are transcribed, and "problem" says so.
    """
    wanted = Asked(**asked)
    with discarding([wanted.audio]):
        grid, recording, choice = finished(checked(engine, wanted))
    for _ in engine.prepare(wanted.pool, *grid.settings(), untrained=grid.untrained_settings()):
        pass
    cells = list(engine.compare(recording.samples, wanted.pool, grid))
    rows = as_rows(cells, reference or "", choice.language.code)
    said = [only_beginning(recording.cut), recording.tracks.said(), engine.problem(wanted.pool)]
    problem = " ".join(filter(None, said))
    return {"cells": rows, "problem": problem}
