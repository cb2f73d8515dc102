"""A recording to be heard by segments and words: its waveform, its words as buttons, and the keys for both.

The sound plays without a script or a waveform, too: then the browser's own player is in their place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup

from smile.audio.io import write
from smile.audio.peaks import peaks
from smile.datatypes import SAMPLE_RATE, Samples, Span
from smile.ui.parts.so_far import clock
from smile.ui.parts.words import DOUBTFUL, FAIR, percent
from smile.ui.waves import WAVES

FIGURE = Markup(
    '<figure class="own-player wave" data-wave="{data}" data-keys="{keys}"{more}>'
    "<figcaption>{caption}</figcaption>"
    '<audio controls preload="auto" src="{source}"></audio>'
    '<div class="wave-lane" data-library="{library}" data-label="Position in the recording"></div>'
    "{words}{tools}{below}</figure>"
)
WORDS = Markup(
    '<div class="wave-words" role="group" aria-label="Words: choose one to hear it" data-walk>{}</div>'
)
LINE = Markup('<p dir="auto">{}</p>')
TIME = Markup(
    '<button type="button" class="wave-word wave-time" data-start="{0:.3f}" data-end="{1:.3f}" '
    'tabindex="{2}" aria-label="Segment from {3}">{3}</button> '
)
WORD = Markup(
    '<button type="button" class="wave-word{shade}" data-start="{start:.3f}" data-end="{end:.3f}" '
    'data-until="{until:.3f}" tabindex="{tab}"{title}>{text}{sure}</button>'
)
SURE = Markup(' title="{} % sure"')
UNSEEN = Markup('<span class="unseen"> ({} % sure)</span>')
UNTIMED = Markup(
    '<p class="note">The words of this transcript have no times, so a word plays from about where it should '
    "be. Transcribed again by a pool with an acoustic model they have times.</p>"
)
BUTTON = Markup(
    '<button type="button" class="wave-tool" data-do="{do}" aria-keyshortcuts="{keys}"{more}>{label}</button>'
)
ALT, CONTROL = "Alt", "Ctrl"
SPEEDS = (0.5, 0.75, 1.0)
SPEED = Markup(
    '<button type="button" class="wave-tool" data-speed="{0:g}" aria-pressed="{1}">{0:g}×'
    '<span class="unseen"> speed</span></button>'
)
TOOLS = Markup(
    '<div class="wave-tools" role="group" aria-label="Listening">{buttons}'
    '<span class="wave-speeds" role="group" aria-label="Speed">{speeds}</span>{more}</div>'
)
KEYS = Markup(
    '<details class="wave-keys"><summary>Keys</summary><p class="note">They work anywhere in this box, also '
    "while you write.</p><dl>{}</dl></details>"
)
KEY = Markup('<div><dt><kbd class="{}">{}</kbd> <kbd>{}</kbd></dt><dd>{}</dd></div>')
MACS = {ALT: "mod", CONTROL: "mod-enter"}  # classes of the keys that a Mac has other ones for
OFF = Markup(" disabled")
PRESSED = Markup(' aria-pressed="false"')


@dataclass(frozen=True)
class Command:
    """Something that a button and a key do."""

    name: str
    code: str  # of the key, as browsers call it
    key: str  # as it is printed
    what: str  # it does, for a person
    label: str = ""  # of its button, where it has one
    held: str = ALT  # key that is held; what comes with another one is not in the figure's keys


PLAY = Command("play", "KeyP", "P", "Play the segment from where the cursor is, or pause", "Play")
BACK = Command("back", "KeyJ", "J", "Go back two seconds", "Back 2 s")
REPEAT = Command("repeat", "KeyL", "L", "Repeat the segment or the word, or play it once", "Repeat")
LISTENING = (
    PLAY,
    BACK,
    REPEAT,
    Command("slower", "Comma", ",", "Slower"),
    Command("faster", "Period", ".", "Faster"),
)


@dataclass(frozen=True)
class Line:
    """A segment with its words, whose times are known or guessed; times are in s."""

    start: float
    end: float
    words: tuple[Span, ...]


@dataclass(frozen=True)
class Wave:
    """What is drawn and heard. Times are of the whole recording, in s."""

    caption: str
    begins: float  # where its sound begins
    seconds: float  # of its sound
    outline: tuple[int, ...]  # see smile.audio.peaks
    source: str  # address of the sound
    segment: tuple[float, float]  # what is open
    segments: tuple[tuple[float, float], ...] = ()  # all that are in sight
    lines: tuple[Line, ...] = ()
    timed: bool = True  # whether the times of the words are known
    commands: tuple[Command, ...] = LISTENING
    more: dict[str, str] = field(default_factory=dict)  # data attributes of the figure


def sound(samples: Samples) -> str:
    """Return the address of samples (n,) that stand in it, so that no copy of them is left on the server."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.flac"
        write(path, samples)
        return f"data:audio/flac;base64,{base64.b64encode(path.read_bytes()).decode()}"


def seen(samples: Samples) -> tuple[float, tuple[int, ...]]:
    """Return how many seconds samples (n,) last, and their outline."""
    return len(samples) / SAMPLE_RATE, peaks(samples)


def spread(text: str, start: float, end: float) -> tuple[Span, ...]:
    """Return the words of a text, each where it would be if all its characters were of one length."""
    said, spans, at = text.split(), [], 0
    whole = sum(map(len, said)) or 1
    for word in said:
        first, at = at, at + len(word)
        begins, ends = (start + (end - start) * n / whole for n in (first, at))
        spans.append(Span(begins, ends, word))
    return tuple(spans)


def figure(wave: Wave, tools: Markup | str = "", below: Markup | str = "") -> Markup:
    """Return a waveform as HTML, with `tools` among its own and other HTML below them."""
    data = {
        "begins": wave.begins,
        "seconds": wave.seconds,
        "peaks": list(wave.outline),
        "segment": wave.segment,
        "segments": wave.segments,
        "timed": wave.timed,
    }
    attributes = (Markup(' data-{}="{}"').format(name, value) for name, value in wave.more.items())
    return FIGURE.format(
        data=json.dumps(data),
        keys=json.dumps({command.code: command.name for command in wave.commands if command.held == ALT}),
        more=Markup().join(attributes),
        caption=wave.caption,
        source=wave.source,
        library=WAVES,
        words=_words(wave),
        tools=_tools(tools),
        below=Markup(below) + _keys(wave.commands),
    )


def button(command: Command, off: bool = False, more: Markup | str = "") -> Markup:
    """Return the button of a command, perhaps one that cannot be pressed now."""
    more = Markup(more) + (OFF if off else Markup())
    return BUTTON.format(do=command.name, keys=f"Alt+{_spoken(command)}", more=more, label=command.label)


def _spoken(command: Command) -> str:
    """A key as `aria-keyshortcuts` has it."""
    return command.code if command.code.startswith("Arrow") else command.key


def _tools(more: Markup | str) -> Markup:
    buttons = button(PLAY) + button(BACK) + button(REPEAT, more=PRESSED)
    speeds = Markup().join(SPEED.format(speed, "true" if speed == 1 else "false") for speed in SPEEDS)
    return TOOLS.format(buttons=buttons, speeds=speeds, more=more)


def _keys(commands: Iterable[Command]) -> Markup:
    lines = (KEY.format(MACS[c.held], c.held, c.key, c.what) for c in commands)
    return KEYS.format(Markup().join(lines))


def _words(wave: Wave) -> Markup:
    """The words, a segment a line, where there are several after the button that plays it.

    Only the first button can be tabbed to, from there arrows lead on.
    """
    several, tabs = len(wave.lines) > 1, chain((0,), repeat(-1))
    lines = Markup()
    for line in wave.lines:
        at = TIME.format(line.start, line.end, next(tabs), clock(line.start)) if several else Markup()
        said = (_word(word, word.end if wave.timed else line.end, next(tabs)) for word in line.words)
        lines += LINE.format(at + Markup(" ").join(said))
    if not any(line.words for line in wave.lines):
        return Markup()
    return WORDS.format(lines) + (Markup() if wave.timed else UNTIMED)


def _word(word: Span, until: float, tab: int) -> Markup:
    """A word, shaded by how sure it is, which plays until some time."""
    sure = None if word.confidence is None else percent(word.confidence)
    doubt = sure is not None and sure < DOUBTFUL
    fair = sure is not None and DOUBTFUL <= sure < FAIR
    return WORD.format(
        shade=" word doubt" if doubt else " word fair" if fair else "",
        start=word.start,
        end=word.end,
        until=until,
        tab=tab,
        title=Markup() if sure is None else SURE.format(sure),
        text=word.text,
        sure=UNSEEN.format(sure) if doubt else Markup(),
    )
