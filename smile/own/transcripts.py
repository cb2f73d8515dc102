"""A visitor's transcripts: recordings, their parts, and what a person has made of them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smile.datatypes import PoolError
from smile.exporting import Span, TieredTranscript
from smile.exporting.transcripts import TEXT, judged
from smile.own.asked import changed
from smile.own.edited import edited
from smile.own.edited import forget as forget_edited
from smile.own.kept_transcripts import Entry, kept
from smile.own.made import Made, now
from smile.own.state import Correction
from smile.own.workspace import TRANSCRIPTS, Workspace, write_json
from smile.transcription.batch import Step
from smile.transcription.lengths import LISTED
from smile.transcription.recordings import Cuts, Recording
from smile.transcription.segments import written
from smile.util.fields import from_fields
from smile.util.log import forget_logs

CORRECTED = "Corrected"  # name of a tier
ANEW = (
    "This recording has been transcribed or cut anew meanwhile; open the transcript again, and correct that."
)
Corrections = dict[tuple[str, int | None, float | None, float | None], Correction]


@dataclass(frozen=True)
class Item:
    """A recording: its transcript, or why there is none, and what it was made with."""

    recording: Recording
    transcript: TieredTranscript | None = None
    problem: str = ""
    made: Made = Made()
    begun: str = ""  # the text of a run that was broken off, where there is no transcript yet
    anew: bool = False  # whether that was of other examples or settings, so that it does not go on


@dataclass(frozen=True)
class Part:
    """A stretch of a recording with its transcripts; `corrected` is what a person wrote, None before that."""

    recording: str
    number: int  # of the recording's parts, from 0
    of: int
    start: float
    end: float
    smile: str
    vanilla: str
    confidence: float | None  # the mean of its words', where these have any
    examples: int
    older: str = ""  # what is otherwise today than when it was made, where nobody has corrected it
    corrected: str | None = None
    probability: float | None = None  # the model's own
    words: tuple[Span, ...] = ()  # of `smile`, with their times, where the pool has an acoustic model
    distance: float | None = None  # from the nearest of its examples
    draft: str | None = None  # what a person has begun to write, where it is not corrected yet
    given: bool = False  # whether its text existed already, and no model wrote it

    @property
    def stale(self) -> bool:
        """Return whether it would be made otherwise today, and nobody has corrected it."""
        return bool(self.older)

    @property
    def key(self) -> tuple[str, int]:
        """Return what tells parts apart: recording and number."""
        return self.recording, self.number

    @property
    def stranger(self) -> str:
        """Return what an acoustic model hears where nothing of a given text is spoken, or ""."""
        return self.vanilla if self.given and not self.smile and self.corrected is None else ""

    @property
    def text(self) -> str:
        """Return the best text that is known: the corrected one, else SMILE's."""
        return self.smile if self.corrected is None else self.corrected


def items(workspace: Workspace) -> list[Item]:
    """Return the recordings by name, with what is known of each."""
    known, fixed = kept(workspace), {correction.recording for correction in workspace.state().corrections}
    fixed |= edited(workspace).recordings
    names = sorted(p.name for p in workspace.recordings.iterdir() if not p.name.startswith("."))
    made = [_item(workspace, _recording(workspace, name), known.get(name)) for name in names]
    return [_with_cuts(item) if item.recording.name in fixed else item for item in made]


def _with_cuts(item: Item) -> Item:
    """A recording that is cut where it was, as a person has written over parts of it, or cut it."""
    cuts = _cuts(item.transcript) if item.transcript else ()
    return replace(item, recording=replace(item.recording, cuts=cuts))


def _cuts(transcript: TieredTranscript) -> Cuts:
    """Where the parts of a transcript are."""
    return tuple((span.start, span.end) for span in transcript.tiers[0][1])


def keep(workspace: Workspace, step: Step, made: Made) -> None:
    """Remember the transcript that a batch has finished, or why there is none; not of what was deleted.

    A transcript that is there stays where no other can be made, where its text was given, or where the other
    is cut otherwise and a person has corrected parts of it meanwhile, written over them, or cut it by hand.
    """
    with workspace.lock:
        if not (workspace.recordings / step.name).is_file():
            return
        known = kept(workspace)
        fixed = bool(_corrections(workspace, step.name)) or step.name in edited(workspace).recordings
        fields = _entry(step, made, known.get(step.name), fixed)
        write_json(workspace.folder / TRANSCRIPTS, {**known, step.name: fields})
        forget_logs(_segments(workspace, step.name))


def _entry(step: Step, made: Made, before: dict[str, Any] | None, fixed: bool) -> dict[str, Any]:
    """The fields to keep of a recording, of which there were some before; `fixed`: it stays cut as it is."""
    said = f"{step.problem} {step.warning}".strip()
    old = from_fields(Entry, before).transcript if before else None
    if before and old and step.transcript is None:
        return {**before, "problem": said}
    if before and old and step.transcript and fixed and _cuts(old) != _cuts(step.transcript):
        return before
    if before and old and old.tiers[0][0] == TEXT:  # a text that was given is not written over by a model's
        return before
    transcript = asdict(step.transcript) if step.transcript else None
    return {"transcript": transcript, "problem": said, **asdict(made)}


def forget(workspace: Workspace, name: str) -> None:
    """Delete a recording and its transcript; examples that were made of it stay."""
    with workspace.lock:
        (workspace.recordings / Path(name).name).unlink(missing_ok=True)
        known = kept(workspace)
        known.pop(name, None)
        write_json(workspace.folder / TRANSCRIPTS, known)
        forget_edited(workspace, name)
        forget_logs(_segments(workspace, name))
        shutil.rmtree(alignment(workspace, name), ignore_errors=True)


def alignment(workspace: Workspace, name: str) -> Path:
    """Return the folder of what is kept of a recording while a text is looked for in it."""
    return _segments(workspace, name).with_suffix(".alignment")


def waiting(workspace: Workspace) -> list[Recording]:
    """Return the recordings that have no transcript yet."""
    return [item.recording for item in items(workspace) if not item.transcript and not item.problem]


def outdated(workspace: Workspace) -> list[Recording]:
    """Return the recordings to be transcribed again, since they would be made otherwise today.

    Those of which a person has corrected all parts are not among them.
    """
    known = items(workspace)
    names = {part.recording for part in parts_of(known, workspace) if part.stale}
    return [item.recording for item in known if item.recording.name in names]


def parts(workspace: Workspace) -> list[Part]:
    """Return all that has been transcribed, part by part."""
    return parts_of(items(workspace), workspace)


def parts_of(recordings: Iterable[Item], workspace: Workspace) -> list[Part]:
    """Return the parts of a visitor's recordings, corrected, and told where they are older."""
    corrections, today = _corrections(workspace), now(workspace)
    drafts = edited(workspace).texts()
    named = [part for item in recordings if item.transcript for part in _parts(item, item.transcript, today)]
    drafted = [replace(part, draft=drafts.get((part.recording, part.start, part.end))) for part in named]
    return [_corrected(part, _of(corrections, *part.key, part.start, part.end)) for part in drafted]


def _corrections(workspace: Workspace, recording: str = "") -> Corrections:
    """What a person has corrected, in one recording or in all, by where it is."""
    made = workspace.state().corrections
    own = [c for c in made if recording in ("", c.recording)]
    return {(c.recording, c.part if c.start is None else None, c.start, c.end): c for c in own}


def _of(corrections: Corrections, recording: str, number: int, start: float, end: float) -> Correction | None:
    """The correction of a part, if it is of that stretch; where that was not kept, it goes by its number."""
    exact = corrections.get((recording, None, start, end))
    return exact or corrections.get((recording, number, None, None))


def part(workspace: Workspace, recording: str, number: int) -> Part:
    """Return one part of a recording.

    Raises:
        PoolError: it is not there (any more).
    """
    found = next((p for p in parts(workspace) if p.key == (recording, number)), None)
    if found is None:
        raise PoolError("That transcript is no longer there; choose another one.")
    return found


def placed(workspace: Workspace, recording: str, number: int, place: Sequence[object]) -> Part:
    """Return one part of a recording, as long as it is in a place: its start and end, s.

    Raises:
        PoolError: it is not there (any more), or in another place.
    """
    found = part(workspace, recording, number)
    if tuple(place) != (found.start, found.end):
        raise PoolError(ANEW)
    return found


def still(workspace: Workspace, known: Part) -> Part:
    """Return a part as it is now; PoolError as `placed` raises it."""
    return placed(workspace, *known.key, (known.start, known.end))


def exported(workspace: Workspace) -> list[TieredTranscript]:
    """Return the transcripts as they are given away: what was corrected stands in the first tier."""
    corrections = _corrections(workspace)
    return [_with(item.transcript, corrections) for item in items(workspace) if item.transcript]


def _recording(workspace: Workspace, name: str) -> Recording:
    """A recording of the list, whose segments are kept while it is transcribed."""
    path, segments = workspace.recordings / name, _segments(workspace, name)
    return Recording(name, path, stranger=True, minutes=LISTED, segments=segments)


def _segments(workspace: Workspace, name: str) -> Path:
    """Under which name a recording's segments are kept; their own names may be too long for it."""
    return workspace.folder / f"segments-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _item(workspace: Workspace, recording: Recording, fields: dict[str, Any] | None) -> Item:
    if fields is None:
        begun = written(segments := _segments(workspace, recording.name))
        return Item(recording, begun=begun, anew=bool(begun) and changed(workspace, segments))
    entry = from_fields(Entry, fields)
    transcript = judged(entry.transcript) if entry.transcript else None
    return Item(recording, transcript, entry.problem, entry)


def _parts(item: Item, transcript: TieredTranscript, today: Made) -> Iterator[Part]:
    given = transcript.tiers[0][0] == TEXT
    older = "" if given else item.made.older(today, transcript.tiers[0][0])
    first, alone = transcript.tiers[0][1], transcript.tiers[-1][1]
    known = transcript.distances if len(transcript.distances) == len(first) else (None,) * len(first)
    for number, (span, plain, distance) in enumerate(zip(first, alone, known, strict=True)):
        yield Part(
            item.recording.name,
            number,
            len(first),
            span.start,
            span.end,
            span.text,
            plain.text,
            span.confidence,
            item.made.examples,
            older=older,
            probability=span.probability,
            words=span.parts,
            distance=distance,
            given=given,
        )


def _corrected(part: Part, correction: Correction | None) -> Part:
    if correction is None:
        return part
    return replace(
        part,
        smile=correction.smile,
        vanilla=correction.vanilla,
        examples=correction.examples,
        corrected=correction.text,
        draft=None,
        older="",
    )


def _with(transcript: TieredTranscript, corrections: Corrections) -> TieredTranscript:
    name, spans = transcript.recording, transcript.tiers[0][1]
    found = [_of(corrections, name, number, s.start, s.end) for number, s in enumerate(spans)]
    if not any(found):
        return transcript
    best = tuple(Span(s.start, s.end, c.text) if c else s for s, c in zip(spans, found, strict=True))
    return replace(transcript, tiers=((CORRECTED, best), *transcript.tiers))
