"""A transcript as a card of HTML. Every text is escaped by `Markup.format`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

from smile.transcription.options import choices
from smile.ui.parts.copying import copy_button
from smile.ui.parts.doubtful import legend
from smile.ui.parts.so_far import clock
from smile.ui.parts.terms import term
from smile.ui.parts.words import marked

if TYPE_CHECKING:
    from smile.transcription.result import Segment, Transcript

PROBABLY_SILENT = 0.6  # Whisper's own threshold on its no-speech probability
STOPPED = {
    "loop": "A repetition was cut",
    "length": "Cut: longer than the examples' pace allows",
    "max_new_tokens": "Cut: the prompt left no more room",
}
CARD = Markup(
    '<section class="card {kind}" aria-label="{title}">'
    "<header><h3>{title}</h3><span>{subtitle}</span>{copy}</header>{body}</section>"
)
LINE = Markup('<li><time>{}</time><span dir="auto">{}</span></li>')
FACT = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
MORE = Markup('<details class="more-facts"><summary>Details</summary><dl class="facts">{}</dl></details>')
METER = Markup('<span class="meter" aria-hidden="true"><i style="width:{:.0f}%"></i></span>{:.0f} %')


def card(
    head: tuple[str, str, str],
    written: Transcript,
    *,
    busy: bool = False,
    below: str = "",
    waiting: str = "",
    above: str = "",
) -> str:
    """Return one side, of a kind, title and subtitle: a transcript, its facts, and HTML `above` and `below`.

    `busy` says that its text is growing, `waiting` what it waits for before there is any.
    """
    body = Markup().join(
        [
            Markup(above),
            transcript(written, busy, waiting),
            shades(written),
            flags(written),
            facts(written) if written.segments else "",
            Markup(below),
        ]
    )
    kind, title, subtitle = head
    copy = Markup() if busy else copy_button(_lines(written), f"the text of {title}")
    return CARD.format(kind=kind, title=title, subtitle=subtitle, copy=copy, body=body)


def _lines(written: Transcript) -> str:
    """The text as it is copied: a line a segment, without times."""
    return "\n".join(segment.text for segment in written.segments) or written.text


def transcript(written: Transcript, busy: bool, waiting: str = "") -> Markup:
    """Return the text, with times where there are several lines, and a caret where it still grows.

    `waiting` stands in its place while there is none.
    """
    caret = Markup('<span class="caret" aria-hidden="true"></span>') if busy else Markup()
    if len(written.segments) > 1:
        lines = Markup().join(LINE.format(_times(one), _shaded(one)) for one in written.segments)
        return Markup('<ol class="transcript lines">{}</ol>{}').format(lines, caret)
    if written.text:
        shown = _shaded(written.segments[0]) if written.segments else written.text
        return Markup('<p class="transcript" dir="auto">{}{}</p>').format(shown, caret)
    ended = written.done or any(segment.decoded.stopped for segment in written.segments)
    return Markup('<p class="transcript nothing">{}</p>').format(
        "No text." if ended else waiting or "Nothing yet."
    )


def _shaded(segment: Segment) -> Markup | str:
    """The text of a segment, whose words are shaded where they have a confidence."""
    return marked(segment.text, [word for word in segment.words if word.confidence is not None])


def shades(written: Transcript) -> Markup:
    """Return what the shades of a transcript's words mean, with the way to the next doubtful one."""
    return legend(word for segment in written.segments for word in segment.words)


def facts(written: Transcript) -> Markup:
    """Return time taken and the model's probability as HTML; below, folded, the prompts' language tokens."""
    percent = 100 * written.probability
    rows = [
        FACT.format("Time", f"{written.seconds:.1f} s"),
        FACT.format("Model's probability", METER.format(percent, percent)),
    ]
    shown = Markup('<dl class="facts">{}</dl>').format(Markup().join(rows))
    if not any(segment.language for segment in written.segments):
        return shown
    token = FACT.format(term("Language token", "language token"), language_tokens(written.segments))
    return shown + MORE.format(token)


def language_tokens(segments: Iterable[Segment]) -> Markup:
    """Return the language tokens in the prompts, each once, and what Whisper made of those segments."""
    by_token: dict[str, dict[str, float]] = {}
    for segment in segments:
        guesses, detection = by_token.setdefault(segment.language, {}), segment.detection
        guesses[detection.language] = max(guesses.get(detection.language, 0.0), detection.probability)
    return Markup().join(
        Markup("<div>{}<small>{}</small></div>").format(language_name(token), _guessed(token, guesses))
        for token, guesses in by_token.items()
    )


def _guessed(token: str, guesses: dict[str, float]) -> str:
    """Return Whisper's guesses at the segments of a token, the surest first."""
    ranked = sorted(guesses, key=lambda code: -guesses[code])
    if ranked == [token]:
        return f"Whisper's guess, {100 * guesses[token]:.0f}\u00a0%"
    if len(ranked) == 1:
        return f"Whisper guesses {language_name(ranked[0])}, {100 * guesses[ranked[0]]:.0f}\u00a0%"
    more = f" and {len(ranked) - 3} more" if len(ranked) > 3 else ""
    return f"Whisper guesses {', '.join(language_name(code) for code in ranked[:3])}{more}"


def language_name(code: str) -> str:
    """Return a Whisper code with its English name, such as "Swahili (sw)"."""
    known: dict[str, str] = choices("language_token")
    return known.get(code, code)


def flags(written: Transcript) -> Markup:
    """Return what a reader should know before trusting the text, as HTML."""
    remarks = [
        STOPPED[segment.decoded.stopped] for segment in written.segments if segment.decoded.stopped in STOPPED
    ]
    silent = max((segment.detection.no_speech_prob for segment in written.segments), default=0.0)
    if silent > PROBABLY_SILENT:
        remarks.append(f"Perhaps no speech ({100 * silent:.0f} %)")
    items = Markup().join(Markup("<li>{}</li>").format(text) for text in dict.fromkeys(remarks))
    return Markup('<ul class="flags">{}</ul>').format(items) if items else Markup()


def _times(segment: Segment) -> str:
    """Return where a segment lies, in whole seconds, at least one."""
    end = max(int(segment.end), int(segment.start) + 1)
    return f"{clock(segment.start)}\u2013{clock(end)}"
