"""The tab's view of a transcription, from the empty page to the scored result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from smile.own import held as marks
from smile.transcription.lengths import only_beginning
from smile.transcription.result import Transcript
from smile.transcription.segments import sides
from smile.ui.parts.components import stage
from smile.ui.parts.scores import judge, score_block, verdict
from smile.ui.transcribe.cards import card
from smile.ui.transcribe.neighbours import neighbours

if TYPE_CHECKING:
    from smile.own.jobs import Job
    from smile.settings import Settings
    from smile.transcription.result import Result
    from smile.ui.sounds import Address

ALONE = ("vanilla", "Whisper alone")
EXAMPLES = ("smile", "With examples (SMILE)")
OTHERS = {  # by level
    "context": EXAMPLES,
    "acoustic": ("smile", "With the pool's acoustic model"),
    "combined": ("smile", "Examples and acoustic model combined"),
}
FITTED = Markup(
    '<p class="note made">Fitted to the pool, with an n-gram of its texts; Whisper is as it was.</p>'
)
WELCOME = "Record, upload or choose a recording, then press Transcribe."
UNTRAINED = Markup(
    '<p class="note made">This side is not meta-trained: it is the same Whisper with examples in its '
    "prompt.</p>"
)
NO_POOL = Markup('<p class="note">There is no pool of this language, so there are no examples.</p>')
EARLIER = "Made with {}. You have chosen something else since; press Transcribe to redo it."
HEADS = "the pool's acoustic model"
UNWRITTEN = "Nothing was written."
UNFINISHED = "Not finished: this is what was written before it ended."
PROVISIONAL = "Provisional, by examples alone: the final text follows as soon as the pool is ready."
NOT_FINAL = "Provisional, by examples alone: the final text was not written."
PROBLEM = Markup('<p class="note problem">{}</p>')
NOT_YET = Markup('<p class="note provisional">{}</p>')
TRAINED = Markup('<p class="note made">Meta-trained: adapter {}.</p>')
TRAINED_ON = Markup('<p class="note made">Meta-trained to use examples, on {}.</p>')


class View(NamedTuple):
    """The outputs of the tab: their components, or new values for them; what is not named stays as it is."""

    stage: Any = gr.skip()
    vanilla: Any = gr.skip()
    smile: Any = gr.skip()
    neighbours: Any = gr.skip()
    outcome: Any = gr.skip()  # Finished, Failed, Unfinished, or None before there is any of them
    download: Any = gr.skip()
    start: Any = gr.skip()
    stop: Any = gr.skip()
    key: Any = gr.skip()  # of the visitor's folder, where a long transcription is kept

    @property
    def cards(self) -> dict[str, Any]:
        """Return both cards by their names."""
        return {"vanilla": self.vanilla, "smile": self.smile}


@dataclass(frozen=True)
class Asked:
    """What a transcription was asked for with."""

    pool: str | None  # its key
    settings: Settings
    name: str = ""  # of the pool, for a person


@dataclass(frozen=True)
class Finished:
    """A transcription that can be scored, or as much of one as was written before it ended."""

    result: Result
    language: str  # ISO 639-3, empty where it is not known
    cut: bool = False  # the recording was longer than what was read
    asked: Asked | None = None  # None where that is not known
    seen: tuple[float, tuple[int, ...]] | None = None  # of the recording: its length, s, and its outline


@dataclass(frozen=True)
class Failed:
    """A transcription that went wrong, what to tell the visitor, and what was written before."""

    sentence: str
    written: Finished | None = None


class Unfinished:
    """A transcription under way; its engine notes here what is `written`, so that a cancel finds it."""

    def __init__(self) -> None:
        self.written: Finished | None = None
        self.job: Job | None = None  # where it is kept, once it is
        self.resumed = False  # whether what is kept of it is on the page
        self.cancelled = False

    def cancel(self) -> None:
        """Note that the visitor ends it, so that it does not go on by itself, neither now nor later."""
        self.cancelled = True
        if self.job:
            marks.stop(self.job.folder)


class Resumed:
    """A transcription that goes on; what is kept of it is on the page, and stays there as it begins."""


Outcome = Finished | Failed | Unfinished | Resumed | None


def buttons(working: bool) -> dict[str, Any]:
    """Return start and stop as they are while the engine works, or does not."""
    return {"start": gr.update(interactive=not working), "stop": gr.update(visible=working)}


def empty() -> View:
    """Return the page before anything was transcribed."""
    return View(
        stage=stage(WELCOME),
        vanilla=card((*ALONE, "no examples"), Transcript()),
        smile=card((*EXAMPLES, "examples of the language in its prompt"), Transcript()),
        neighbours="",
        outcome=None,
        download=gr.update(visible=False),
        **buttons(working=False),
    )


def started(outcome: Outcome = None) -> View:
    """Return the page as a transcription begins; one that goes on leaves what is written on it."""
    if isinstance(outcome, Resumed):
        return View(outcome=Unfinished(), download=gr.update(visible=False), **buttons(working=True))
    return empty()._replace(
        stage=stage("Waiting for the engine", "working"), outcome=Unfinished(), **buttons(working=True)
    )


def kept(job: Job, ended: bool = False) -> View:
    """Return both cards with what is kept of a transcription, which goes on unless it has `ended`."""
    alone, other = sides(job.segments)
    settings = job.asked.settings
    note = Markup() if job.asked.pool else NO_POOL
    grows = bool(other.segments) and not ended
    return View(
        vanilla=card((*ALONE, "no examples"), alone, busy=not ended),
        smile=card((*OTHERS[settings.level], how(settings)), other, busy=grows, below=note),
    )


def stopped(text: str, kind: str = "", written: Finished | None = None) -> View:
    """Return the page after a transcription ended early: what was written stays, and is offered."""
    page = View(stage=stage(text, kind), outcome=None, **buttons(working=False))
    if written is None:
        return page
    result, some = written.result, bool(written.result.vanilla.segments)
    result = replace(result, waiting=UNWRITTEN, problem=_said(result.problem, UNFINISHED if some else ""))
    kept = replace(result, problem=_said(NOT_FINAL if result.provisional else "", result.problem))
    return page._replace(
        vanilla=vanilla_card(result, ended=True),
        smile=smile_card(result, ended=True),
        outcome=replace(written, result=kept) if some else None,
    )


def _said(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def snapshot(result: Result, so_far: str = "") -> View:
    """Return stage and both cards; `examples` follow apart, so that their players go on playing.

    `so_far` is how far a long recording is.
    """
    said = ": ".join(filter(None, (result.stage, so_far)))
    return View(
        stage=stage(said, "done" if result.done else "working"),
        vanilla=vanilla_card(result),
        smile=smile_card(result),
    )


def examples(result: Result, synthetic: bool, address: Address) -> str:
    """Return the examples in the prompt as HTML."""
    return neighbours(result, synthetic, address)


def scored(finished: Finished, reference: str) -> View:
    """Return stage and both cards of a finished transcription, scored where there is a reference."""
    result = finished.result
    vanilla = judge(reference, result.vanilla.text, finished.language)
    smile = judge(reference, result.smile.text, finished.language)
    said = verdict(vanilla, smile, result.settings.level)
    name = finished.asked.name if finished.asked and result.vanilla.segments else ""
    ended = f"{result.stage}: {name}." if name else f"{result.stage}."
    sentences = [ended, said, only_beginning(finished.cut)]
    return View(
        stage=stage(" ".join(filter(None, sentences)), "done"),
        vanilla=vanilla_card(result, score_block(vanilla)),
        smile=smile_card(result, score_block(smile)),
    )


def earlier(finished: Finished, pool: str | None, settings: Settings) -> str:
    """Return the stage of a result that was made with something else than is chosen; else nothing."""
    asked = finished.asked
    if asked is None or (asked.pool, asked.settings) == (pool, settings):
        return ""
    made = _made_with(asked.settings) if finished.result.pool else "Whisper alone"
    return stage(EARLIER.format(", ".join(filter(None, (asked.name, made)))))


def _made_with(settings: Settings) -> str:
    """Return what the other side was written with, for a person."""
    examples = shots(settings)
    return {"context": examples, "acoustic": HEADS, "combined": f"{examples} and {HEADS}"}[settings.level]


def vanilla_card(result: Result, score: str = "", ended: bool = False) -> str:
    """Return the card of Whisper alone; one that has `ended` grows no more."""
    busy = not (ended or result.done or result.examples or result.waiting)
    waiting = result.waiting if ended else ""
    return card((*ALONE, "no examples"), result.vanilla, busy=busy, below=score, waiting=waiting)


def smile_card(result: Result, score: str = "", ended: bool = False) -> str:
    """Return the other side than Whisper alone, and what was trained or fitted for it."""
    note = _made_by(result) if result.pool else NO_POOL
    note += PROBLEM.format(result.problem) if result.problem else Markup()
    return card(
        (*OTHERS[result.settings.level], how(result.settings)),
        result.smile,
        busy=not (ended or result.done) and _grows(result),
        below=score + note,
        waiting=result.waiting,
        above=_first(result, ended),
    )


def _first(result: Result, ended: bool) -> Markup:
    """Return what is to be known before the text with examples is read."""
    if result.provisional and result.smile.segments:
        return NOT_YET.format(NOT_FINAL if ended else PROVISIONAL)
    return PROBLEM.format(result.warning) if result.warning else Markup()


def _grows(result: Result) -> bool:
    """Whether text with examples is being written; a whole one that is provisional waits for the pool."""
    segments = result.smile.segments
    return bool(segments) and not (result.provisional and segments[-1].decoded.stopped)


def _made_by(result: Result) -> Markup:
    """Return what is behind the other side: an adapter, a head, or both."""
    fitted = FITTED if result.settings.level != "context" else Markup()
    return fitted if result.settings.level == "acoustic" else fitted + _adapter(result)


def _adapter(result: Result) -> Markup:
    adapter, on = result.recognizer.adapter, result.recognizer.trained_on
    if not adapter:
        return UNTRAINED
    return TRAINED_ON.format(on) if on else TRAINED.format(adapter)


def how(settings: Settings) -> str:
    """Return by what the other side is written: examples of a number, or a head on a number of clips."""
    return "no examples in the prompt" if settings.level == "acoustic" else shots(settings)


def shots(settings: Settings) -> str:
    """Return how many examples were asked for, such as "2 nearest examples"."""
    return f"{settings.shots} {settings.sampler} example{'s' if settings.shots != 1 else ''}"
