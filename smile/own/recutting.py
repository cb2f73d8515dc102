"""Segments cut by hand: one is split in two, or merged with the next, and that is taken back.

Text and times are divided; what is among the examples already stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

from smile.audio.features import WINDOW
from smile.corpora.reading import LONGEST_TEXT
from smile.datatypes import PoolError, Span
from smile.exporting import TieredTranscript
from smile.own import edited, transcripts
from smile.own.edited import TOO_LONG, Edited, Step
from smile.own.kept_transcripts import kept
from smile.own.transcripts import Part
from smile.own.workspace import TRANSCRIPTS, Workspace, write_json
from smile.text.normalisers import one_line

SHORTEST, LONGEST = 0.2, WINDOW  # seconds of a segment
CORRECTED = "This segment is among the examples already; take that back first, then cut it otherwise."
NUMBERED = "Corrections of this recording were kept without their times, so its segments cannot be cut again."
NOWHERE = (
    "Put the text cursor between two words, or the cursor of the waveform where the segment is to be split."
)
TOO_SHORT = "A segment has at least {} seconds; this one is too short to be split there."
MERGED_LONG = "Both together would be {:.1f} seconds long; a segment may have {:.0f}."
LAST = "This is the last segment of its recording; there is none to merge it with."
NO_STEP = "There is no split or merge to take back."
OTHERWISE = "The recording has been cut otherwise since, so the {} cannot be taken back."

Halves = tuple[Span, Span]


class Cursors(NamedTuple):
    """Where a person wants a segment to be split: in the text as they have it, and in the sound."""

    text: str
    caret: int  # characters before the cursor
    at: float | None = None  # s; None where the waveform has no cursor within the segment

    @property
    def texts(self) -> tuple[str, str]:
        """Return what stands before and after the caret."""
        return one_line(self.text[: self.caret]), one_line(self.text[self.caret :])


def split(workspace: Workspace, part: Part, cursors: Cursors) -> None:
    """Split a part in two, which have its number and the next one.

    The text is divided at the caret, or where that is at an end, as the time divides it; the sound at the
    cursor of the waveform, or where the caret is between the words' times, or as the text is divided.

    Raises:
        PoolError: it is corrected, a cursor is nowhere, or a half would be too short.
    """
    with workspace.lock:
        _refuse(workspace, part)
        at, texts = moment(part, cursors), cursors.texts
        if not all(texts):
            texts = cut_text(one_line(cursors.text), (at - part.start) / (part.end - part.start))
        own = one_line(cursors.text) == one_line(part.smile)
        tiers = _tiers(workspace, part)
        halves = [
            divided(spans[part.number], at, texts if own and not tier else None)
            for tier, spans in enumerate(tiers)
        ]
        written = texts if not own else (None, None)
        drafts = [((part.start, at), written[0]), ((at, part.end), written[1])]
        _replaced(workspace, part, "split", 1, halves, drafts)


def merge(workspace: Workspace, part: Part, text: str) -> None:
    """Merge a part, over which a person has written `text`, with the next one of its recording.

    Raises:
        PoolError: one of them is corrected, there is no next one, or both are too long together.
    """
    with workspace.lock:
        if part.number + 1 >= part.of:
            raise PoolError(LAST)
        after = transcripts.part(workspace, part.recording, part.number + 1)
        _refuse(workspace, part, after)
        if after.end - part.start > LONGEST:
            raise PoolError(MERGED_LONG.format(after.end - part.start, LONGEST))
        own = one_line(text) == one_line(part.smile) and after.draft is None
        written = None if own else one_line(f"{text} {after.smile if after.draft is None else after.draft}")
        tiers = _tiers(workspace, part)
        both = [(joined(spans[part.number], spans[part.number + 1]),) for spans in tiers]
        _replaced(workspace, part, "merge", 2, both, [((part.start, after.end), written)])


def undo(workspace: Workspace, recording: str) -> tuple[str, int]:
    """Take back the last split or merge of a recording; return which it was, and the number of the part.

    Raises:
        PoolError: there is none, or what came of it is corrected, or cut otherwise by now.
    """
    with workspace.lock:
        state = edited.edited(workspace)
        step = last(state, recording)
        if step is None:
            raise PoolError(NO_STEP)
        others = replace(state, steps=tuple(one for one in state.steps if one is not step))
        parts = [p for p in transcripts.parts(workspace) if p.recording == recording]
        first = _found([(p.start, p.end) for p in parts], step.after)
        if first is None:
            edited.write(workspace, others)
            raise PoolError(OTHERWISE.format(step.what))
        count = len(step.after)
        _refuse(workspace, *parts[first : first + count])
        _write(workspace, parts[first], count, step.before)
        edited.write(workspace, others)
        return step.what, first


def last(state: Edited, recording: str) -> Step | None:
    """Return the last step of a recording, if there is one."""
    return next((step for step in reversed(state.steps) if step.recording == recording), None)


def moment(part: Part, cursors: Cursors) -> float:
    """Return where a part is split, in s of its recording.

    Raises:
        PoolError: no cursor says so, or it is too short.
    """
    first, final = part.start + SHORTEST, part.end - SHORTEST
    if first > final:
        raise PoolError(TOO_SHORT.format(SHORTEST))
    if cursors.at is not None and part.start < cursors.at < part.end:
        return round(min(max(cursors.at, first), final), 3)
    if not all(cursors.texts):
        raise PoolError(NOWHERE)
    before, after = cursors.texts
    words, place = part.words, len(before.split())
    if words and len(words) == place + len(after.split()):
        at = (words[place - 1].end + words[place].start) / 2
    else:
        at = part.start + (part.end - part.start) * len(before) / (len(before) + len(after))
    return round(min(max(at, first), final), 3)


def divided(span: Span, at: float, texts: tuple[str, str] | None = None) -> Halves:
    """Return a span as two, before and after a time; its `texts`, where they are known, else by its words."""
    before = tuple(replace(p, end=min(p.end, at)) for p in span.parts if _middle(p) < at)
    after = tuple(replace(p, start=max(p.start, at)) for p in span.parts if _middle(p) >= at)
    if texts is None:
        said = span.text.split()
        known = bool(span.parts) and len(said) == len(span.parts)
        share = (at - span.start) / ((span.end - span.start) or 1)
        texts = (
            (" ".join(said[: len(before)]), " ".join(said[len(before) :]))
            if known
            else cut_text(span.text, share)
        )
    return (
        replace(span, end=at, text=texts[0], parts=before, confidence=None),
        replace(span, start=at, text=texts[1], parts=after, confidence=None),
    )


def joined(first: Span, second: Span) -> Span:
    """Return two spans as one; its words have times where those of both have."""
    said = [span for span in (first, second) if span.text]
    timed = all(span.parts for span in said)
    text, parts = " ".join(span.text for span in said), first.parts + second.parts
    probability = _mean(said)
    return Span(first.start, second.end, text, parts=parts if timed else (), probability=probability)


def cut_text(text: str, share: float) -> tuple[str, str]:
    """Return a text in two at the space that is nearest to a share of it, in [0, 1]."""
    spaces = [0, *(n for n, character in enumerate(text) if character == " "), len(text)]
    place = min(spaces, key=lambda n: abs(n - share * len(text)))
    return text[:place].strip(), text[place:].strip()


def _middle(span: Span) -> float:
    return (span.start + span.end) / 2


def _mean(spans: Sequence[Span]) -> float | None:
    """The geometric mean of the spans' probabilities, weighted by the length of their texts."""
    known = [(span.probability, len(span.text)) for span in spans if span.probability]
    if not known or len(known) < len(spans):
        return None
    whole = sum(weight for _, weight in known)
    return min(1.0, math.exp(sum(weight * math.log(p) for p, weight in known) / whole))


def _refuse(workspace: Workspace, *parts: Part) -> None:
    """PoolError where parts are corrected, or corrections would not be found again."""
    if any(part.corrected is not None for part in parts):
        raise PoolError(CORRECTED)
    made = workspace.state().corrections
    if any(c.recording == part.recording and c.start is None for c in made for part in parts):
        raise PoolError(NUMBERED)


def _tiers(workspace: Workspace, part: Part) -> list[tuple[Span, ...]]:
    return [spans for _, spans in _transcript(workspace, part.recording).tiers]


def _transcript(workspace: Workspace, recording: str) -> TieredTranscript:
    fields = kept(workspace).get(recording) or {}
    if not fields.get("transcript"):
        raise PoolError("That transcript is no longer there; choose another one.")
    return TieredTranscript.from_json(fields["transcript"])


def _replaced(
    workspace: Workspace,
    part: Part,
    what: str,
    count: int,
    spans: Sequence[tuple[Span, ...]],
    drafts: Sequence[tuple[tuple[float, float], str | None]],
) -> None:
    """Put spans, by tier, in the place of so many, and keep what stood there; drafts come with them."""
    before = tuple(tier[part.number : part.number + count] for tier in _tiers(workspace, part))
    after = tuple((span.start, span.end) for span in spans[0])
    state = edited.edited(workspace).stepped(Step(part.recording, what, before, after))
    for (start, end), text in drafts:
        if text is not None and len(text) > LONGEST_TEXT:
            raise PoolError(TOO_LONG.format(len(text), LONGEST_TEXT))
        state = state.drafted((part.recording, start, end), text)
    workspace.room()
    edited.write(workspace, state)  # first: a step whose stretches are not there does no harm
    _write(workspace, part, count, spans)


def _write(workspace: Workspace, part: Part, count: int, spans: Sequence[tuple[Span, ...]]) -> None:
    """Put spans, by tier, in the place of so many from a part on."""
    known, number = kept(workspace), part.number
    transcript = _transcript(workspace, part.recording)
    tiers = tuple(
        (name, (*tier[:number], *new, *tier[number + count :]))
        for (name, tier), new in zip(transcript.tiers, spans, strict=True)
    )
    known[part.recording]["transcript"] = asdict(replace(transcript, tiers=tiers))
    write_json(workspace.folder / TRANSCRIPTS, known)


def _found(cuts: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> int | None:
    """Where stretches stand one after the other among others."""
    count = len(after)
    places = range(len(cuts) - count + 1)
    return next((n for n in places if list(cuts[n : n + count]) == [tuple(a) for a in after]), None)
