"""What happens on an event: plain values in, new values for the components out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from smile.datatypes import SmileError
from smile.settings import OPTIONS
from smile.transcription.lengths import of_tracks, told
from smile.transcription.result import as_dict
from smile.ui.cancelled import consuming
from smile.ui.files import discarding, playable
from smile.ui.guard import sentence
from smile.ui.parts import pools
from smile.ui.parts.address import Untold
from smile.ui.parts.components import BUSY, cancelling, stage
from smile.ui.parts.pools import default_pool, example_choices, matched, pool_name
from smile.ui.parts.recordings import READING, recording_of
from smile.ui.parts.so_far import SoFar
from smile.ui.parts.waveform import seen
from smile.ui.sounds import Sounds
from smile.ui.transcribe import view
from smile.ui.transcribe.controls import from_query, settings_of
from smile.ui.transcribe.view import Asked, Failed, Finished, Outcome, Unfinished, View
from smile.util.timing import finished, telling

if TYPE_CHECKING:
    from smile.audio.io import Recording
    from smile.settings import Settings
    from smile.transcription.result import Result
    from smile.ui.engine import Engine
    from smile.ui.transcribe.keeping import Keeper

FILE_NAME = "smile.json"
PACE = 0.08  # seconds between two snapshots of one stage
CANCELLED = "Cancelled. What was written so far stays."
NOTHING = "Cancelled. Nothing had been written yet."


def restore(engine: Engine, query: Mapping[str, str] | None) -> tuple[Any, ...]:
    """Return pool, example, audio, reference, settings and filled-in text that an address asks for.

    What the address does not name stays as it is: on a slow line the visitor may have chosen already.
    """
    query = query or {}
    asked = matched(engine, query.get("pool"))
    key = asked or default_pool(engine)
    chosen = next((u for u in engine.queries(key) if u.id == query.get("example")), None)
    settings = from_query(query)
    other = chosen is not None or asked is not None
    return (
        gr.update(value=key) if other else gr.skip(),
        gr.update(**example_choices(engine, key), value=chosen.id if chosen else None)
        if other
        else gr.skip(),
        playable(chosen.audio) if chosen else gr.skip(),
        chosen.text if chosen else gr.skip(),
        *(settings.get(name, gr.skip()) for name in OPTIONS),
        chosen.text if chosen else gr.skip(),
    )


def untold(engine: Engine, query: Mapping[str, str]) -> list[Untold]:
    """Return what an address asks for and the tab does not offer."""
    taken = from_query(query)
    settings = [(name, query[name]) for name in OPTIONS if name in query and name not in taken]
    return [*pools.untold(engine, "example", query), *settings]


def pick(engine: Engine, pool: str | None, example: str | None, outcome: Outcome = None) -> tuple[Any, ...]:
    """Return a recording of the pool: its audio, its text as reference and as filled in, an empty view."""
    _left(outcome)
    chosen = next((u for u in engine.queries(pool) if u.id == example), None)
    if chosen is None:
        return (gr.skip(), gr.skip(), gr.skip(), *View())
    return (playable(chosen.audio), chosen.text, chosen.text, *view.empty())


def own_recording(reference: str, filled: str, outcome: Outcome = None) -> tuple[Any, ...]:
    """Show that a clip of the visitor's own has no example chosen, and no example's text as its reference.

    One change of the recording may come here twice, with the reference as it was before both.
    """
    _left(outcome)
    return (None, "" if reference == filled else gr.skip(), *view.empty())


def _left(outcome: Outcome) -> None:
    """Note that another clip ends what is under way, as a click on Cancel does."""
    if isinstance(outcome, Unfinished):
        outcome.cancel()


def run(
    keeper: Keeper, audio: str | None, pool: str | None, key: str | None = "", **choices: Any
) -> Iterator[View]:
    """Transcribe; yield the page as it changes. Closing it stops the engine.

    A long recording is kept under the visitor's key until it is done, and goes on where it was broken off.
    """
    noted = Unfinished()
    yield View(outcome=noted)
    try:
        yield from _run(keeper, key, audio, pool, settings_of(choices), noted)
    except Exception as error:
        yield View(outcome=Failed(sentence(error, "A transcription"), noted.written))


def _run(
    keeper: Keeper,
    key: str | None,
    audio: str | None,
    pool: str | None,
    settings: Settings,
    noted: Unfinished,
) -> Iterator[View]:
    recording = yield from telling(recording_of(audio), View(stage=stage(READING, "working")))
    kept = yield from keeper.begun(key, audio, recording, pool, settings)
    with kept.under_way(noted):
        for line in keeper.engine.load():
            yield View(stage=stage(line, "working"))
        kept.open(keeper.engine.facts(pool, settings))
        if kept.job and kept.job.reached and not kept.anew:
            noted.resumed = True
            yield view.kept(kept.job)
        results = keeper.engine.transcribe(recording.samples, pool, settings, kept.segments)
        shown = (of_tracks(kept.told(result), recording.tracks) for result in paced(results))
        choice = keeper.engine.choice(pool)
        asked = Asked(pool, settings, pool_name(choice) if choice else "")
        yield from _written(keeper.engine, shown, asked, recording, noted)
        kept.finish()
    yield View(outcome=noted.written)


def _written(
    engine: Engine, results: Iterator[Result], asked: Asked, recording: Recording, noted: Unfinished
) -> Iterator[View]:
    """Show results as they come, and note what is written; what is kept stays until it comes, too."""
    choice, sounds = engine.choice(asked.pool), Sounds(engine.audio_folders())
    code, shown = choice.language.code if choice else "", None
    outline, so_far = seen(recording.samples), SoFar(cut=recording.cut)
    for result in results:
        page = view.snapshot(result, so_far.said(result))
        if noted.resumed and not (result.vanilla.segments or result.done):
            yield View(stage=page.stage)
            continue
        noted.written = Finished(result, code, recording.cut, asked, outline)
        if result.examples != shown:
            shown = result.examples
            page = page._replace(
                neighbours=view.examples(result, bool(choice and choice.synthetic), sounds.address)
            )
        yield page


def paced(results: Iterator[Result], pace: float = PACE) -> Iterator[Result]:
    """Yield the snapshots that begin or end a stage, and of the others one every `pace` seconds."""
    last, due = "", 0.0
    for result in results:
        if result.done or result.stage != last or time.monotonic() >= due:
            last, due = result.stage, time.monotonic() + pace
            yield result


def cancel(outcome: Outcome) -> str:
    """Return the stage from the click on Cancel until the engine has stopped, and note the click."""
    if isinstance(outcome, Unfinished):
        outcome.cancel()
    return cancelling()


def refused(outcome: Outcome) -> View:
    """Return the page after the server took no transcription on; gradio tells of cancels here, too."""
    if not isinstance(outcome, Unfinished) or outcome.cancelled:
        return View()
    return view.stopped(BUSY, "error")._replace(outcome=gr.skip())


def settle(outcome: Outcome, reference: str) -> View:
    """Return the page after a transcription: scored, or with the error's sentence, or cancelled.

    Where another clip has taken its place there is no outcome, and the page stays as that one made it.
    """
    if isinstance(outcome, Finished):
        return view.scored(outcome, reference)._replace(**view.buttons(working=False))
    if isinstance(outcome, Failed):
        return view.stopped(outcome.sentence, "error", outcome.written)
    if isinstance(outcome, Unfinished):
        written = outcome.written
        if outcome.resumed and outcome.job and not written:
            return view.stopped(CANCELLED)._replace(**view.kept(outcome.job, ended=True).cards)
        some = written and written.result.vanilla.segments
        return view.stopped(CANCELLED if some else NOTHING, written=written)
    return View(**view.buttons(working=False))


def rescore(outcome: Outcome, reference: str) -> View:
    """Score both transcripts against another reference; decode nothing, and score nothing unfinished."""
    if isinstance(outcome, Finished) and outcome.result.done:
        return view.scored(outcome, reference)
    return View()


def mark(outcome: Outcome, reference: str, pool: str | None, *chosen: Any) -> Any:
    """Return the stage of a result beside what is chosen now: a pool, and the values of `OPTIONS`."""
    if not (isinstance(outcome, Finished) and outcome.result.done):
        return gr.skip()
    return _earlier(outcome, pool, chosen) or view.scored(outcome, reference).stage


def mark_scored(outcome: Outcome, pool: str | None, *chosen: Any) -> Any:
    """Return the same for a result whose score stands there: nothing new where it is of what is chosen."""
    if not (isinstance(outcome, Finished) and outcome.result.done):
        return gr.skip()
    return _earlier(outcome, pool, chosen) or gr.skip()


def _earlier(finished: Finished, pool: str | None, chosen: Sequence[Any]) -> str:
    try:
        settings = settings_of(dict(zip(OPTIONS, chosen, strict=True)))
    except (SmileError, ValueError):
        return ""  # which is said when it is to be transcribed with
    return view.earlier(finished, pool, settings)


def download(outcome: Outcome, reference: str) -> Any:
    """Offer the result, whole or unfinished, as JSON; give the button its file."""
    if not isinstance(outcome, Finished):
        return gr.skip()
    scored = reference if outcome.result.done else ""  # a part is not scored against all
    text = json.dumps(
        as_dict(told(outcome.result, outcome.cut), scored or None), ensure_ascii=False, indent=2
    )
    return gr.update(value=save_bytes_to_cache(text.encode(), FILE_NAME, get_upload_folder()), visible=True)


def onward(outcome: Outcome) -> Any:
    """Open the way to the map once there is a result."""
    return gr.update(visible=isinstance(outcome, Finished))


@consuming
def transcribe_json(
    engine: Engine, audio: str | None, reference: str | None = None, pool: str | None = None, **choices: Any
) -> dict[str, Any]:
    """Transcribe a recording without and with examples; the answer has vanilla, smile and neighbours.

    Of a recording longer than 10 minutes only the first 10 are transcribed, and "problem" says so."""
    with discarding([audio]):
        recording, settings = finished(recording_of(audio)), settings_of(choices)
    for _ in engine.load():
        pass
    for result in engine.transcribe(recording.samples, pool, settings, provisional=False):  # noqa: B007
        pass
    return as_dict(told(of_tracks(result, recording.tracks), recording.cut), reference or None)
