"""A visitor's pool and transcripts as HTML, from plain values."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup

from smile.audio.io import write
from smile.audio.isolated import read_apart
from smile.datatypes import SAMPLE_RATE, Language, Utterance
from smile.own.transcripts import Item, Part
from smile.transcription.lengths import LISTED
from smile.ui.own import doubtful
from smile.ui.parts.copying import copy_button
from smile.util.advice import on_page

MOST_ROWS = 300  # of a table
SCROLL = Markup('<div class="scroll own-list" tabindex="0" role="region" aria-label="{}">{}</div>')
TABLE = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>")
HEAD = Markup('<th scope="col">{}</th>')
EXAMPLE = Markup(
    '<tr{mark}><td class="number">{number}</td>'
    '<td><button type="button" class="pick-row" data-name="{name}" dir="auto"{pressed}>{text}</button></td>'
    '<td class="number">{seconds:.1f} s</td></tr>'
)
PART = Markup(
    "<tr{mark}><td>{where}</td>"
    '<td><button type="button" class="pick-row" data-name="{name}" data-part="{part}" dir="auto"{pressed}>'
    '{text}</button><p class="state">{state}{copy}</p></td></tr>'
)
FIRST = Markup('<p class="own-first"><span>Least sure, and least like your examples:</span> {}</p>')
FIRST_ONE = Markup(
    '<button type="button" class="pick-first" data-name="{name}" data-part="{part}">{where}</button>'
)
STRETCH = Markup('<bdi translate="no">{}</bdi> <span>{}</span>')
WAITING = Markup('<tr><td>{}</td><td><p dir="auto" class="growing">{}</p><p class="state">{}</p></td></tr>')
PROBLEM = Markup('<tr><td>{}</td><td class="problem">{}</td></tr>')
PLAYER = Markup(
    '<figure class="own-player"><figcaption>{}</figcaption>'
    '<audio controls preload="auto" src="data:audio/flac;base64,{}"></audio></figure>'
)
DRAFT = "a draft of yours is saved"
STRANGER = "not in the text; so the acoustic model has it"
CHOSEN, PRESSED = Markup(' class="chosen"'), Markup(' aria-pressed="true"')


def named(language: Language | None) -> str:
    """Return the language that was named, with what is known of it, as HTML."""
    if language is None:
        return Markup('<p class="note">No language named yet.</p>')
    known = (
        "Whisper was trained on it: examples may still teach it your spelling."
        if language.whisper
        else "Whisper was not trained on it."
    )
    script = f"in {language.script} script" if language.script else ""
    facts = ", ".join(filter(None, (language.family, script)))
    code = f" ({language.code})" if language.code != "mis" else ", which ISO 639-3 does not list"
    return Markup('<p class="own-named"><b>{}</b>{} <small>{}</small></p>').format(
        language.name or language.code, code, ". ".join(filter(None, (facts, known)))
    )


def examples(utterances: Sequence[Utterance], chosen: str | None = None) -> str:
    """Return the examples as HTML, the newest first."""
    if not utterances:
        return Markup(
            '<p class="note">No examples yet. A dozen clips of a few seconds each, with what is said in '
            "them, are a good beginning.</p>"
        )
    minutes = sum(u.seconds for u in utterances) / 60
    rows = Markup().join(
        EXAMPLE.format(
            number=number,
            name=u.id,
            text=u.text,
            seconds=u.seconds,
            mark=CHOSEN if u.id == chosen else "",
            pressed=PRESSED if u.id == chosen else "",
        )
        for number, u in list(enumerate(utterances, 1))[: -MOST_ROWS - 1 : -1]
    )
    count = f"{len(utterances)} example{'s' * (len(utterances) != 1)}, {minutes:.1f} minutes"
    table = TABLE.format(Markup().join(map(HEAD.format, ("#", "Text", "Length"))), rows)
    return Markup('<p class="own-count">{}</p>{}').format(count, SCROLL.format("Examples", table))


def rejected(
    rows: Sequence[tuple[str, str]], empty: int = 0, notes: Sequence[str] = (), added: int = 0
) -> str:
    """Return what could not be used as HTML, with place and reason, after what else is to be said.

    `added` is how many others could be.
    """
    passed = "".join(f"{on_page(note)} " for note in notes)
    passed += f"{empty} annotations without a text, or of silence, were passed over. " if empty else ""
    if not rows:
        return Markup('<p class="note">{}</p>').format(passed) if passed else ""
    shown = Markup().join(
        Markup("<tr><td>{}</td><td>{}</td></tr>").format(place, on_page(reason))
        for place, reason in rows[:MOST_ROWS]
    )
    title = passed + _unused(len(rows), added)
    table = TABLE.format(Markup().join(map(HEAD.format, ("Where", "Why"))), shown)
    return Markup('<p class="own-count">{}</p>{}').format(title, SCROLL.format("Rows not used", table))


def _unused(count: int, added: int) -> str:
    """How many rows could not be used, and how many could."""
    rows = f"{count} row could not be used" if count == 1 else f"{count} rows could not be used"
    if not added:
        return f"{rows}."
    return f"{rows}; the other one is in." if added == 1 else f"{rows}; the other {added} are in."


def transcripts(
    items: Sequence[Item],
    parts: Sequence[Part],
    chosen: tuple[str, int] | None = None,
    at_work: tuple[str, str] | None = None,
    first: Sequence[Part] = (),
) -> str:
    """Return recordings and their transcripts as HTML, part by part.

    `at_work` is the name of one and its growing text; until that comes, what is kept of it stays there.
    `first` are those to correct first.
    """
    if not items:
        return Markup('<p class="note">Nothing to transcribe yet.</p>')
    by_name: dict[str, list[Part]] = {}
    for part in parts:
        by_name.setdefault(part.recording, []).append(part)
    rows = Markup()
    for item in items[:MOST_ROWS]:
        name = item.recording.name
        if at_work and at_work[0] == name:
            rows += WAITING.format(name, at_work[1] or (not item.anew and item.begun) or "…", "writing")
        elif item.transcript:
            rows += Markup().join(_part(p, p.key == chosen) for p in by_name.get(name, [])) or PROBLEM.format(
                name, "No speech was heard."
            )
            rows += PROBLEM.format(name, item.problem) if item.problem else Markup()
        else:
            rows += (
                PROBLEM.format(name, item.problem)
                if item.problem
                else WAITING.format(name, item.begun, _waiting(item))
            )
    heads = Markup().join(map(HEAD.format, ("Recording", "Transcript")))
    return doubtful.legend(parts) + _first(first) + SCROLL.format("Transcripts", TABLE.format(heads, rows))


def _first(parts: Sequence[Part]) -> Markup:
    """Which transcripts to correct first; nothing where none is told from others."""
    each = (FIRST_ONE.format(name=p.recording, part=p.number, where=_stretch(p)) for p in parts)
    return FIRST.format(Markup().join(each)) if parts else Markup()


def _where(part: Part) -> str:
    """Of which recording a transcript is, and from when to when where there are several."""
    return part.recording if part.of == 1 else f"{part.recording} {_seconds(part)}"


def _stretch(part: Part) -> Markup:
    """The same as HTML, in which the name stays as it is in every language."""
    return STRETCH.format(part.recording, "" if part.of == 1 else _seconds(part))


def _seconds(part: Part) -> str:
    return f"{part.start:.1f}–{part.end:.1f} s"


def _waiting(item: Item) -> str:
    """Return what becomes of a recording without a transcript when Transcribe is pressed."""
    if not item.begun:
        return "waiting"
    return (
        "broken off, begins anew: examples, settings or SMILE changed" if item.anew else "broken off, goes on"
    )


def _part(part: Part, chosen: bool) -> Markup:
    if part.corrected is not None:
        state = Markup('<span class="badge good">corrected</span>')
    else:
        begun = "" if part.draft is None else DRAFT
        known = STRANGER if part.stranger else doubtful.said(part)
        state = Markup("{}").format(", ".join(filter(None, (begun, known, part.older))))
    return PART.format(
        mark=CHOSEN if chosen else "",
        pressed=PRESSED if chosen else "",
        where=_stretch(part),
        name=part.recording,
        part=part.number,
        text=doubtful.shaded(part) or part.stranger or "(nothing was written)",
        state=state,
        copy=copy_button(part.text, f"the text of {_where(part)}"),
    )


def player(caption: str, audio: Path, start: float = 0.0, end: float = 0.0) -> str:
    """Return a player of a recording from `start` to `end` in seconds (end 0: all of it).

    The sound stands in the HTML, so that no copy of it is left on the server.
    """
    samples = read_apart(audio, 60 * LISTED).samples
    stretch = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE) or None]
    with TemporaryDirectory() as folder:
        sound = Path(folder) / "clip.flac"
        write(sound, stretch)
        return PLAYER.format(caption, base64.b64encode(sound.read_bytes()).decode())
