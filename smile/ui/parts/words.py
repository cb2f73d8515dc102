"""How sure each word of a text is, as shades and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from smile.datatypes import Span

DOUBTFUL, FAIR = 50, 80  # percent, as they are shown, below which a word is doubtful, and fair
WORD = Markup('<span class="word" title="{percent} % sure">{text}</span>')
FAIR_WORD = Markup('<span class="word fair" title="{percent} % sure">{text}</span>')
DOUBT = Markup(
    '<mark class="word doubt" title="{percent} % sure" data-sure="{percent}">{text}'
    '<span class="unseen"> ({percent} % sure)</span></mark>'
)
SHADES = Markup(
    '<span class="word fair">50 to 79 %</span>, <mark class="word doubt">less than 50 %</mark>; '
    "point at a word for its number."
)


def percent(share: float) -> int:
    """Return a share in percent as the page shows it, and as it tells doubtful words from others."""
    return round(100 * share)


def marked(text: str, words: Sequence[Span]) -> Markup | str:
    """Return a text with its words shaded by their confidence; one that is not there is passed over."""
    if not words:
        return text
    made, at = Markup(), 0
    for word in words:
        begins = text.find(word.text, at)
        if begins >= 0:
            end = begins + len(word.text)
            made += Markup("{}{}").format(text[at:begins], _word(word))
            at = end
    return made + Markup("{}").format(text[at:])


def _word(word: Span) -> Markup:
    sure = percent(word.confidence or 0.0)
    kind = DOUBT if sure < DOUBTFUL else FAIR_WORD if sure < FAIR else WORD
    return kind.format(text=word.text, percent=sure)
