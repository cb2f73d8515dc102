"""A transcript against a reference: error rates, the aligned difference, and which side is better."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from smile.settings import Level
from smile.text.normalisers import normalise
from smile.text.scoring import Score, score
from smile.ui.diff import LEGEND, difference
from smile.ui.parts.capitals import capitals_note
from smile.ui.parts.terms import term

NORMALISER = "plain"
NOTHING = Markup('<p class="note">The reference has no letters to compare with.</p>')
RATES = Markup(
    '<p class="rates"><span>{cer_is} <b>{cer}</b></span><span>{wer_is} <b>{wer}</b></span>'
    '<span class="counted">{counted}</span><span class="counted">{normaliser_is} {normaliser}</span></p>'
)
RATE = "CER, WER"  # of the glossary


@dataclass(frozen=True)
class Judged:
    """A transcript's score, and both texts as they were compared."""

    score: Score
    reference: str
    hypothesis: str
    capitals: Markup = Markup()


def judge(reference: str, hypothesis: str, language: str) -> Judged | None:
    """Score a transcript; None without a reference. `language` is ISO 639-3."""
    if not reference.strip():
        return None
    expected, written = (normalise(text, NORMALISER, language) for text in (reference, hypothesis))
    unmarked = capitals_note(reference, hypothesis)
    return Judged(score(reference, hypothesis, NORMALISER, language), expected, written, unmarked)


def score_block(judged: Judged | None) -> Markup:
    """Return error rates and the difference as HTML; empty without a reference."""
    if judged is None:
        return Markup()
    score = judged.score
    if score.cer is None or score.wer is None:
        return NOTHING
    rates = RATES.format(
        cer=percent(score.cer),
        wer=percent(score.wer),
        counted=errors_in(score.edits, score.length, "character"),
        normaliser=score.normaliser,
        cer_is=term("CER", RATE),
        wer_is=term("WER", RATE),
        normaliser_is=term("normaliser", "normaliser"),
    )
    shown = difference(judged.reference, judged.hypothesis)
    return Markup('<div class="score">{}{}{}{}</div>').format(rates, shown, LEGEND, judged.capitals)


def errors_in(edits: float, length: float, unit: str) -> str:
    """Return a count of errors in so many units, such as "1 error in 36 characters"."""
    errors, units = ("" if round(count) == 1 else "s" for count in (edits, length))
    return f"{edits:.0f} error{errors} in {length:.0f} {unit}{units}"


WITH = {
    "context": "With examples",
    "acoustic": "With the pool's acoustic model",
    "combined": "With both combined",
}


def verdict(vanilla: Judged | None, smile: Judged | None, level: Level = "context") -> str:
    """Return what a level did to the character error rate, in a sentence; empty where it is not known."""
    before, after = (judged.score.cer if judged else None for judged in (vanilla, smile))
    if before is None or after is None:
        return ""
    if percent(before) == percent(after):
        return f"{WITH[level]} the character error rate stays at {percent(after)}."
    change = "falls" if after < before else "rises"
    return f"{WITH[level]} the character error rate {change} from {percent(before)} to {percent(after)}."


def percent(rate: float) -> str:
    """Return a rate as a percentage with one decimal, such as "34.2 %"."""
    return f"{100 * rate:.1f}\u00a0%"
