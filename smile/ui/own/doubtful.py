"""How sure each word of a transcript is, in shades and numbers."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from smile.datatypes import Span
from smile.own.transcripts import Part
from smile.ui.parts import doubtful
from smile.ui.parts.words import marked, percent


def judged(part: Part) -> list[Span]:
    """Return the words of a transcript that have a confidence; none of one that a person wrote."""
    return [] if part.corrected is not None else [w for w in part.words if w.confidence is not None]


def said(part: Part) -> str:
    """Return how sure a transcript is, where that is calibrated, or else the model's own probability."""
    if part.confidence is not None:
        return f"{percent(part.confidence)}\u00a0% sure"
    return "" if part.probability is None else f"model's probability {percent(part.probability)}\u00a0%"


def legend(parts: Iterable[Part]) -> Markup:
    """Return what shades mean, and the button to the next doubtful word; nothing where no word has any."""
    return doubtful.legend(word for part in parts for word in judged(part))


def shaded(part: Part) -> Markup | str:
    """Return the text of a part with its words shaded; as it is where none has a confidence."""
    return marked(part.text, judged(part))
