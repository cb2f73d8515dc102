"""The editor of a transcript: its sound with a little before and after, its words, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from smile.audio.stretches import Stretches
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.transcription.lengths import LISTED
from smile.ui.parts import waveform
from smile.ui.parts.waveform import LISTENING, Command, Wave, button

AROUND = 1.0  # seconds of sound before and after a segment
GOING = Markup(' data-name="{}" data-part="{}"')
PREVIOUS = Command("previous", "ArrowUp", "↑", "Open the previous segment", "Previous")
NEXT = Command("next", "ArrowDown", "↓", "Open the next segment", "Next")
WORD = Command("word", "KeyW", "W", "Hear the word at the text cursor")
COMMANDS = (*LISTENING, PREVIOUS, NEXT, WORD)


def editor(workspace: Workspace, part: Part, parts: Sequence[Part], sounds: Stretches) -> Markup:
    """Return the waveform of a part with its tools; `parts` are all that the list has, in its order.

    Raises:
        AudioError: the recording cannot be read.
    """
    return waveform.figure(_wave(workspace, part, parts, sounds), _ways(part, parts))


def _wave(workspace: Workspace, part: Part, parts: Sequence[Part], sounds: Stretches) -> Wave:
    path = workspace.recordings / part.recording
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
        words=part.words or waveform.spread(part.smile, part.start, part.end),
        timed=bool(part.words),
        commands=COMMANDS,
        more={"name": part.recording, "part": str(part.number)},
    )


def _ways(part: Part, parts: Sequence[Part]) -> Markup:
    """The buttons to the parts before and after."""
    keys = [p.key for p in parts]
    here = keys.index(part.key)
    before, after = keys[:here][-1:], keys[here + 1 :][:1]
    return _way(PREVIOUS, before) + _way(NEXT, after)


def _way(command: Command, to: Sequence[tuple[str, int]]) -> Markup:
    return button(command, off=not to, more=Markup().join(GOING.format(*key) for key in to))
