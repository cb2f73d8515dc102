"""The finished example that the page opens with: the best of the measured samples of the pools on offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from smile.demo.measured import Sample
from smile.ui.diff import difference
from smile.ui.parts.components import PLAIN
from smile.ui.parts.neighbours import SYNTHETIC, player
from smile.ui.parts.pools import shown_first
from smile.ui.parts.scores import judge, percent
from smile.ui.sounds import Sounds
from smile.ui.transcribe.view import ALONE, EXAMPLES

if TYPE_CHECKING:
    from smile.datatypes import Utterance
    from smile.ui.engine import Engine
    from smile.ui.sources import PoolChoice

COMBINED = ("smile", "Combined with an acoustic model")
SHOWCASE = Markup(
    '<section class="showcase" aria-label="A finished example">'
    '<div class="said"><h2>{language}: {known}</h2>{badge}{player}'
    '<p class="transcript" dir="auto">{text}</p>{translation}{voices}</div>'
    '<div class="sides">{vanilla}{smile}{combined}</div>'
    '<p class="reason">{reason}</p></section>'
)
SIDE = Markup(
    '<div class="side {kind}"><h3>{title} <b>{cer}</b></h3>'
    '<p class="transcript" dir="auto">{text}</p>{difference}</div>'
)
UNKNOWN, KNOWN = "Whisper was not trained on it", "Whisper knows it a little"
VOICES = Markup('<p class="note">{}</p>')
TRANSLATION = Markup('<p class="note">In English: {}</p>')
REASON = (
    "Whisper alone writes in the spelling of a language that it knows; with examples it sees how {language} "
    "is spelt, in {examples} transcribed clips, the nearest of {pool}."
)
FITTED = (
    " Combined is the text that Whisper with examples and a small acoustic model, fitted to the {pool} "
    "clips, find likeliest together."
)
RATES = (
    " Percentages are character error rates, measured on {date}; over all {count} recordings to try: {means}."
)
TO_RECORDER = "() => { window.smileShow('#audio'); document.querySelector('#audio button')?.focus(); }"
TO_POOLS = "() => { window.smileShow('#pool'); document.querySelector('#pool input')?.focus(); }"


def showcase(engine: Engine) -> tuple[tuple[gr.Button, str], ...]:
    """Lay out the example, where there is one; return buttons on to one's own, with what each does."""
    sample = shown_first(engine)
    if sample is None:
        return ()
    with gr.Column(elem_id="showcase"):
        gr.HTML(example_html(engine, sample), **PLAIN)
        with gr.Row(elem_classes="files"):
            own = gr.Button("Try your own voice", size="sm", elem_id="to-voice")
            other = gr.Button("Try another language", size="sm", elem_id="to-pools")
    return (own, TO_RECORDER), (other, TO_POOLS)


def example_html(engine: Engine, sample: Sample) -> str:
    """Return a sample with both transcripts and their differences from what was said."""
    choice = next(pool for pool in engine.pools() if pool.key == sample.pool)
    utterance = next(u for u in engine.queries(sample.pool) if u.id == sample.id)
    language = choice.language.name or choice.language.code
    return SHOWCASE.format(
        language=language,
        known=KNOWN if choice.language.whisper else UNKNOWN,
        badge=SYNTHETIC if choice.synthetic else "",
        player=player(Sounds(engine.audio_folders()).address(utterance.audio), "The recording"),
        text=utterance.text,
        translation=TRANSLATION.format(sample.translation) if sample.translation else "",
        voices=VOICES.format(choice.voices) if choice.voices else "",
        vanilla=_side(ALONE, utterance, sample.vanilla, choice),
        smile=_side(EXAMPLES, utterance, sample.smile, choice),
        combined=_side(COMBINED, utterance, sample.combined, choice)
        if sample.combined_cer is not None
        else "",
        reason=_reason(engine, sample, choice),
    )


def _side(head: tuple[str, str], utterance: Utterance, text: str, choice: PoolChoice) -> Markup:
    """Return a transcript's rate and its differences."""
    judged = judge(utterance.text, text, choice.language.code)
    if judged is None or judged.score.cer is None:
        return Markup()
    (kind, title), shown = head, difference(judged.reference, judged.hypothesis)
    return SIDE.format(kind=kind, title=title, cer=percent(judged.score.cer), text=text, difference=shown)


def _reason(engine: Engine, sample: Sample, choice: PoolChoice) -> str:
    """Return why the texts differ, and the rates of all recordings to try, of which this is the best."""
    measured = engine.measured.of(sample.pool)
    all_of_it = [s for s in measured.samples if s.pool == sample.pool] if measured else [sample]
    said = REASON + (FITTED if sample.combined_cer is not None else "") + RATES
    return said.format(
        examples=len(sample.examples),
        language=choice.language.name or choice.language.code,
        pool=choice.examples,
        date=measured.date if measured else "",
        count=len(all_of_it),
        means=_means(all_of_it),
    )


def _means(samples: Sequence[Sample]) -> str:
    """Return the mean rates of samples, level by level."""
    combined = [s.combined_cer for s in samples if s.combined_cer is not None]
    rates = [[s.vanilla_cer for s in samples], [s.smile_cer for s in samples]]
    rates += [combined] if len(combined) == len(samples) else []
    return " \u2192 ".join(percent(sum(level) / len(level)) for level in rates)
