"""The editor of a transcript: its sound with a little before and after, its words, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from smile.audio.stretches import Stretches
from smile.exporting.transcripts import UNREAD
from smile.own import edited, recutting
from smile.own.edited import Edited
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.text.special import is_mark, named, special
from smile.transcription.lengths import LISTED
from smile.ui.parts import waveform
from smile.ui.parts.waveform import CONTROL, LISTENING, Command, Line, Wave, button

AROUND = 1.0  # seconds of sound before and after a segment
GOING = Markup(' data-name="{}" data-part="{}"')
PREVIOUS = Command("previous", "ArrowUp", "↑", "Open the previous segment", "Previous")
NEXT = Command("next", "ArrowDown", "↓", "Open the next segment", "Next")
WORD = Command("word", "KeyW", "W", "Hear the word at the text cursor")
CHARACTERS = Command("characters", "KeyC", "C", "Go to the special characters; arrows choose, Enter writes")
SPLIT = Command("split", "KeyK", "K", "Split the segment at the cursors of text and waveform", "Split")
MERGE = Command("merge", "KeyM", "M", "Merge the segment with the next one", "Merge with next")
UNDO = Command("undo", "KeyU", "U", "Take back the last split or merge", "Take back the {}")
ADD = Command("add", "Enter", "Enter", "Add the text to the examples, while you write", held=CONTROL)
COMMANDS = (*LISTENING, PREVIOUS, NEXT, WORD, CHARACTERS, SPLIT, MERGE, UNDO, ADD)
CUTTING = Markup('<div class="wave-tools" role="group" aria-label="Segments">{}</div>')
PALETTE = Markup(
    '<div class="wave-palette" role="group" aria-label="Special characters of your examples" data-walk>'
    "{}</div>"
)
LETTER = Markup(
    '<button type="button" data-insert="{0}" tabindex="{tab}" title="{name}" aria-label="{name}">'
    "{shown}</button>"
)
DRAFT = Markup('<p class="draft-state" role="status">{}</p>')
YOURS = "This is your draft, as you left it."
INVISIBLE = {"\u200c": "ZWNJ", "\u200d": "ZWJ"}


def editor(workspace: Workspace, part: Part, parts: Sequence[Part], sounds: Stretches) -> Markup:
    """Return the waveform of a part with its tools; `parts` are all that the list has, in its order.

    Raises:
        AudioError: the recording cannot be read.
    """
    pool, texts = workspace.pool(), [p.text for p in parts if p.corrected is not None]
    characters = special([*(u.text for u in pool.utterances), *texts] if pool else texts)
    below = cutting(part, edited.edited(workspace)) + palette(characters)
    return waveform.figure(_wave(workspace, part, parts, sounds), _ways(part, parts), below)


def written(part: Part) -> str:
    """Return what stands in the field of a part: the draft, where there is one, else the best text.

    Of speech that is not in a given text, that is what an acoustic model hears, where it writes anything.
    """
    heard = "" if part.stranger == UNREAD else part.stranger
    return part.text or heard if part.draft is None else part.draft


def opened_with(part: Part) -> Markup:
    """Return what is said of a draft as a transcript is opened."""
    return DRAFT.format("" if part.draft is None else YOURS)


def cutting(part: Part, state: Edited) -> Markup:
    """Return the buttons that cut segments otherwise; those that can do nothing now cannot be pressed."""
    step, fixed = recutting.last(state, part.recording), part.corrected is not None
    back = replace(UNDO, label=UNDO.label.format(step.what if step else "split"))
    last = part.number + 1 >= part.of
    return CUTTING.format(button(SPLIT, fixed) + button(MERGE, fixed or last) + button(back, step is None))


def palette(characters: Sequence[str]) -> Markup:
    """Return buttons that write characters, combining ones on a dotted circle; nothing without any."""
    letters = (
        LETTER.format(c, tab=-1 if number else 0, name=named(c), shown=_seen(c))
        for number, c in enumerate(characters)
    )
    return PALETTE.format(Markup().join(letters)) if characters else Markup()


def _seen(character: str) -> str:
    return INVISIBLE.get(character) or (f"\u25cc{character}" if is_mark(character) else character)


def _wave(workspace: Workspace, part: Part, parts: Sequence[Part], sounds: Stretches) -> Wave:
    path = workspace.recordings / part.recording
    words = part.words or waveform.spread(part.smile, part.start, part.end)
    begins = max(0.0, part.start - AROUND)
    samples = sounds.cut(path, begins, part.end + AROUND, 60 * LISTED)
    seconds, outline = waveform.seen(samples)
    ends = begins + seconds
    others = [p for p in parts if p.recording == part.recording and p.number != part.number]
    beside = [(max(p.start, begins), min(p.end, ends)) for p in others if p.start < ends and p.end > begins]
    return Wave(
        caption=f"{part.recording}, {part.start:.1f} to {part.end:.1f} s",
        begins=begins,
        seconds=seconds,
        outline=outline,
        source=waveform.sound(samples),
        segment=(part.start, min(part.end, ends)),
        segments=tuple(beside),
        lines=(Line(part.start, part.end, words),),
        timed=bool(part.words),
        commands=COMMANDS,
        more={
            "name": part.recording,
            "part": str(part.number),
            "start": str(part.start),
            "end": str(part.end),
            "text": written(part),
        },
    )


def _ways(part: Part, parts: Sequence[Part]) -> Markup:
    """The buttons to the parts before and after."""
    keys = [p.key for p in parts]
    here = keys.index(part.key)
    before, after = keys[:here][-1:], keys[here + 1 :][:1]
    return _way(PREVIOUS, before) + _way(NEXT, after)


def _way(command: Command, to: Sequence[tuple[str, int]]) -> Markup:
    return button(command, off=not to, more=Markup().join(GOING.format(*key) for key in to))
