"""Segments cut by hand: one is split in two, or merged with the next, and that is taken back.

Text and times are divided; what is among the examples already stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import NamedTuple

from smile.audio.features import WINDOW
from smile.corpora.reading import LONGEST_TEXT
from smile.datatypes import PoolError, Span
from smile.exporting import TieredTranscript
from smile.own import edited, transcripts
from smile.own.dividing import cut_text, divided, joined, since, texts_at, until
from smile.own.edited import TOO_LONG, Edited, Step
from smile.own.kept_transcripts import kept
from smile.own.transcripts import Part
from smile.own.workspace import TRANSCRIPTS, Workspace, write_json
from smile.text.normalisers import one_line
from smile.text.special import JOINERS, is_mark

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


class Cursors(NamedTuple):
    """Where a person wants a segment to be split: in the text as they have it, and in the sound."""

    text: str
    caret: int  # characters before the cursor
    at: float | None = None  # s; None where the waveform has no cursor within the segment

    @property
    def texts(self) -> tuple[str, str]:
        """Return what stands before and after the caret; no letter is parted from its marks."""
        caret = self.caret
        while 0 < caret < len(self.text) and (is_mark(self.text[caret]) or self.text[caret] in JOINERS):
            caret += 1
        return one_line(self.text[:caret]), one_line(self.text[caret:])


def split(workspace: Workspace, part: Part, cursors: Cursors) -> None:
    """Split a part in two, which have its number and the next one.

    The text is divided at the caret, or where that is at an end, as the time divides it; the sound at the
    cursor of the waveform, or where the caret is between the words' times, or as the text is divided.

    Raises:
        PoolError: it is corrected or no longer there, a cursor is nowhere, or a half would be too short.
    """
    with workspace.lock:
        part = _refuse(workspace, transcripts.still(workspace, part))
        at, texts = moment(part, cursors), cursors.texts
        if not all(texts):
            texts = texts_at(Span(part.start, part.end, one_line(cursors.text), parts=part.words), at)
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
        PoolError: one of them is corrected or no longer there, or both are too long together.
    """
    with workspace.lock:
        part = transcripts.still(workspace, part)
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
        now = parts[first : first + len(step.after)]
        _refuse(workspace, *now)
        spans = [tier[first : first + len(now)] for tier in _tiers(workspace, now[0])]
        before = stood(step, spans)
        _write(workspace, now[0], len(now), before)
        edited.write(workspace, _with_drafts(others, now, before[0]))
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


def _refuse(workspace: Workspace, *parts: Part) -> Part:
    """The first part; PoolError where parts are corrected, or corrections would not be found again."""
    if any(part.corrected is not None for part in parts):
        raise PoolError(CORRECTED)
    made = workspace.state().corrections
    if any(c.recording == part.recording and c.start is None for c in made for part in parts):
        raise PoolError(NUMBERED)
    return parts[0]


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


def _distances(transcript: TieredTranscript, number: int, count: int, new: int) -> tuple[float, ...]:
    """How far spans are from their examples as so many new ones take the place of others; about as these."""
    known = transcript.distances
    if len(known) != len(transcript.tiers[0][1]):
        return ()
    return (*known[:number], *[fmean(known[number : number + count])] * new, *known[number + count :])


def stood(step: Step, now: Sequence[tuple[Span, ...]]) -> Sequence[tuple[Span, ...]]:
    """Return what stands there, by tier, when a step is taken back of which `now` has come.

    That is what stood there before; where it has been transcribed anew since, the new text, cut as before.
    """
    if [_said(tier) for tier in step.before] == [_said(tier) for tier in now]:
        return step.before
    cuts = [(span.start, span.end) for span in step.before[0]]
    if len(cuts) == 1:
        return [(joined(*tier),) for tier in now]
    (_, ends), (begins, _) = cuts
    halves = [divided(tier[0], (ends + begins) / 2) for tier in now]
    return [(until(one, ends), since(other, begins)) for one, other in halves]


def _said(spans: Sequence[Span]) -> list[str]:
    return [word for span in spans for word in span.text.split()]


def _with_drafts(state: Edited, now: Sequence[Part], before: Sequence[Span]) -> Edited:
    """Drafts once a step is taken back: what a person has written since goes on with the same sound."""
    recording, kept = now[0].recording, state.texts()
    places = [(recording, span.start, span.end) for span in before]
    texts = [kept.get(place, span.text) for place, span in zip(places, before, strict=True)]
    written = one_line(" ".join(part.smile if part.draft is None else part.draft for part in now))
    for part in now:
        state = state.drafted((recording, part.start, part.end), None)
    if all(part.draft is None for part in now) or written == one_line(" ".join(texts)):
        return state
    lengths = [len(text) for text in texts]
    shares = cut_text(written, lengths[0] / (sum(lengths) or 1)) if len(places) > 1 else (written,)
    for place, text in zip(places, shares, strict=True):
        state = state.drafted(place, text)
    return state


def _write(workspace: Workspace, part: Part, count: int, spans: Sequence[tuple[Span, ...]]) -> None:
    """Put spans, by tier, in the place of so many from a part on."""
    known, number = kept(workspace), part.number
    transcript = _transcript(workspace, part.recording)
    tiers = tuple(
        (name, (*tier[:number], *new, *tier[number + count :]))
        for (name, tier), new in zip(transcript.tiers, spans, strict=True)
    )
    cut = replace(transcript, tiers=tiers, distances=_distances(transcript, number, count, len(spans[0])))
    known[part.recording]["transcript"] = asdict(cut)
    write_json(workspace.folder / TRANSCRIPTS, known)


def _found(cuts: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> int | None:
    """Where stretches stand one after the other among others."""
    count = len(after)
    places = range(len(cuts) - count + 1)
    return next((n for n in places if list(cuts[n : n + count]) == [tuple(a) for a in after]), None)
