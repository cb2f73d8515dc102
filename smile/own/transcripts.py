"""A visitor's transcripts: recordings, their parts, and what a person has made of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smile.audio.io import write
from smile.audio.isolated import reading_apart
from smile.datatypes import SAMPLE_RATE, PoolError
from smile.exporting import Span, TieredTranscript
from smile.own.asked import changed, chosen
from smile.own.workspace import TRANSCRIPTS, Correction, State, Workspace, write_json
from smile.transcription.batch import Recording, Step
from smile.transcription.lengths import LISTED
from smile.transcription.segments import written
from smile.util.fields import from_fields
from smile.util.log import forget_logs
from smile.util.storage import read_json, set_aside

CORRECTED = "Corrected"  # name of a tier


@dataclass(frozen=True)
class Item:
    """A recording: its transcript, or why there is none, and which version of the pool made it."""

    recording: Recording
    transcript: TieredTranscript | None = None
    problem: str = ""
    version: str = ""
    examples: int = 0  # that the pool had then
    otherwise: bool = False  # whether it was made with other settings than are chosen
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
    confidence: float | None
    examples: int
    stale: bool = False  # the pool has changed since, and nobody has corrected it
    otherwise: bool = False  # other settings have been chosen since, and nobody has corrected it
    corrected: str | None = None
    words: tuple[Span, ...] = ()  # of `smile`, with their times, where the pool has an acoustic model

    @property
    def key(self) -> tuple[str, int]:
        """Return what tells parts apart: recording and number."""
        return self.recording, self.number

    @property
    def text(self) -> str:
        """Return the best text that is known: the corrected one, else SMILE's."""
        return self.smile if self.corrected is None else self.corrected


def items(workspace: Workspace) -> list[Item]:
    """Return the recordings by name, with what is known of each."""
    kept = _kept(workspace)
    now = chosen(workspace) if kept else ""
    names = sorted(p.name for p in workspace.recordings.iterdir() if not p.name.startswith("."))
    return [_item(workspace, _recording(workspace, name), kept.get(name), now) for name in names]


def taken(workspace: Workspace) -> set[str]:
    """Return the names of recordings, also of deleted ones of which there are corrections."""
    corrected = {c.recording for c in workspace.state().corrections}
    return corrected | {path.name for path in workspace.recordings.iterdir()}


def keep(workspace: Workspace, step: Step, version: str, examples: int, settings: str = "") -> None:
    """Remember the transcript that a batch has finished, or why there is none; not of what was deleted.

    `settings` is the digest of those that were asked for, as `asked.chosen` gives it.
    """
    with workspace.lock:
        if not (workspace.recordings / step.name).is_file():
            return
        kept = _kept(workspace)
        transcript = asdict(step.transcript) if step.transcript else None
        said = f"{step.problem} {step.warning}".strip()
        made = _Kept(None, said, version, examples, settings)
        fields = {**asdict(made), "transcript": transcript}
        write_json(workspace.folder / TRANSCRIPTS, {**kept, step.name: fields})
        forget_logs(_segments(workspace, step.name))


def forget(workspace: Workspace, name: str) -> None:
    """Delete a recording and its transcript; examples that were made of it stay."""
    with workspace.lock:
        (workspace.recordings / Path(name).name).unlink(missing_ok=True)
        kept = _kept(workspace)
        kept.pop(name, None)
        write_json(workspace.folder / TRANSCRIPTS, kept)
        forget_logs(_segments(workspace, name))


def waiting(workspace: Workspace) -> list[Recording]:
    """Return the recordings that have no transcript yet."""
    return [item.recording for item in items(workspace) if not item.transcript and not item.problem]


def outdated(workspace: Workspace) -> list[Recording]:
    """Return the recordings to be transcribed again: other examples or settings are there than they had.

    Those of which a person has corrected all parts are not among them.
    """
    return outdated_of(items(workspace), workspace.state())


def outdated_of(recordings: Iterable[Item], state: State) -> list[Recording]:
    """Return those of some recordings that are to be transcribed again, as `outdated` does."""
    known = list(recordings)
    names = {part.recording for part in parts_of(known, state) if part.stale or part.otherwise}
    names |= {item.recording.name for item in known if _failed_before(item, state)}
    return [item.recording for item in known if item.recording.name in names]


def _failed_before(item: Item, state: State) -> bool:
    """Whether a recording has no transcript, and other examples or settings might give it one."""
    version = state.versions[-1].folder if state.versions else ""
    return bool(item.problem and not item.transcript) and (item.otherwise or item.version != version)


def parts(workspace: Workspace) -> list[Part]:
    """Return all that has been transcribed, part by part."""
    return parts_of(items(workspace), workspace.state())


def parts_of(recordings: Iterable[Item], state: State) -> list[Part]:
    """Return the parts of recordings, corrected and outdated as a visitor's state has them."""
    version = state.versions[-1].folder if state.versions else ""
    corrected = {(c.recording, c.part): c for c in state.corrections}
    named = [
        part for item in recordings if item.transcript for part in _parts(item, item.transcript, version)
    ]
    return [_corrected(part, corrected.get(part.key)) for part in named]


def part(workspace: Workspace, recording: str, number: int) -> Part:
    """Return one part of a recording.

    Raises:
        PoolError: it is not there (any more).
    """
    found = next((p for p in parts(workspace) if p.key == (recording, number)), None)
    if found is None:
        raise PoolError("That transcript is no longer there; choose another one.")
    return found


def exported(workspace: Workspace) -> list[TieredTranscript]:
    """Return the transcripts as they are given away: what was corrected stands in the first tier."""
    corrected = {(c.recording, c.part): c.text for c in workspace.state().corrections}
    return [_with(item.transcript, corrected) for item in items(workspace) if item.transcript]


def cutting(workspace: Workspace, part: Part, out: Path) -> Generator[None, None, Path]:
    """Write the sound of a part as a WAV, and return its path; yields while the recording is decoded.

    Raises:
        AudioError: the recording cannot be read.
    """
    recording = yield from reading_apart(workspace.recordings / part.recording, 60 * LISTED)
    write(out, recording.samples[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)])
    return out


def _kept(workspace: Workspace) -> dict[str, Any]:
    path = workspace.folder / TRANSCRIPTS
    if not os.path.lexists(path):
        return {}
    try:
        return {name: _fields(name, fields) for name, fields in read_json(path).items()}
    except FileNotFoundError:
        return {}  # it is being deleted
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        set_aside(path)  # recordings are transcribed again
        return {}


@dataclass(frozen=True)
class _Kept:
    """A recording's entry in the file of transcripts."""

    transcript: TieredTranscript | None
    problem: str
    version: str
    examples: int
    settings: str = ""  # digest; "" where it was kept before there were any


def _fields(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are; ValueError where they are not those of `_Kept` of this recording."""
    transcript = from_fields(_Kept, fields).transcript
    if transcript and not (transcript.recording == name and transcript.tiers and transcript.whole):
        raise ValueError(name)
    return fields


def _recording(workspace: Workspace, name: str) -> Recording:
    """A recording of the list, whose segments are kept while it is transcribed."""
    path, segments = workspace.recordings / name, _segments(workspace, name)
    return Recording(name, path, stranger=True, minutes=LISTED, segments=segments)


def _segments(workspace: Workspace, name: str) -> Path:
    """Under which name a recording's segments are kept; their own names may be too long for it."""
    return workspace.folder / f"segments-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _item(workspace: Workspace, recording: Recording, fields: dict[str, Any] | None, now: str) -> Item:
    if fields is None:
        begun = written(segments := _segments(workspace, recording.name))
        return Item(recording, begun=begun, anew=bool(begun) and changed(workspace, segments))
    transcript = TieredTranscript.from_json(fields["transcript"]) if fields["transcript"] else None
    otherwise = fields.get("settings", "") not in ("", now)
    return Item(recording, transcript, fields["problem"], fields["version"], fields["examples"], otherwise)


def _parts(item: Item, transcript: TieredTranscript, version: str) -> Iterator[Part]:
    first, alone = transcript.tiers[0][1], transcript.tiers[-1][1]
    for number, (span, plain) in enumerate(zip(first, alone, strict=True)):
        yield Part(
            item.recording.name,
            number,
            len(first),
            span.start,
            span.end,
            span.text,
            plain.text,
            span.confidence,
            item.examples,
            stale=item.version != version,
            otherwise=item.otherwise,
            words=span.parts,
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
        stale=False,
        otherwise=False,
    )


def _with(transcript: TieredTranscript, corrected: dict[tuple[str, int], str]) -> TieredTranscript:
    name = transcript.recording
    spans = transcript.tiers[0][1]
    if not any((name, i) in corrected for i in range(len(spans))):
        return transcript
    best = tuple(
        Span(s.start, s.end, corrected[name, i]) if (name, i) in corrected else s for i, s in enumerate(spans)
    )
    return replace(transcript, tiers=((CORRECTED, best), *transcript.tiers))
