"""What is written of a recording, kept segment by segment, so that a run that was broken off goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smile.datatypes import Speech
from smile.transcription.result import Result, Segment, Transcript
from smile.transcription.target import RetrievedExamples
from smile.util.fields import from_fields
from smile.util.log import Log, entries, kept_log


@dataclass(frozen=True)
class KeptSegment:
    """A segment as both sides have it, and the seconds that each had taken by then."""

    vanilla: Segment
    smile: Segment | None  # None without a pool
    examples: RetrievedExamples
    vanilla_seconds: float
    smile_seconds: float
    retrieval: float
    remoteness: float | None = None  # None where it cannot be told


class KeptSegments:
    """The whole segments of a recording in a log, in their order."""

    def __init__(self, log: Log):
        self._log: Log | None = log

    def extended(self, result: Result, speech: Speech) -> Result | None:
        """Return a result with its next segment as it is kept; None where it is not."""
        kept = self._next(result)
        if kept is None or (kept.vanilla.start, kept.vanilla.end) != (speech.start, speech.end):
            return None
        alone, other = result.vanilla, result.smile
        result = replace(
            result,
            vanilla=replace(alone, segments=(*alone.segments, kept.vanilla), seconds=kept.vanilla_seconds),
            retrieval=kept.retrieval,
            remoteness=(*result.remoteness, *([] if kept.remoteness is None else [kept.remoteness])),
        )
        if kept.smile is None:
            return result
        smile = replace(other, segments=(*other.segments, kept.smile), seconds=kept.smile_seconds)
        return replace(result, smile=smile, examples=(*result.examples, (speech.start, kept.examples)))

    def is_cut(self, result: Result, speech: Speech) -> bool:
        """Return whether what is kept next is a part of a piece of speech, which has been cut again."""
        kept = self._next(result)
        if kept is None:
            return False
        start, end = kept.vanilla.start, kept.vanilla.end
        return speech.start <= start and end <= speech.end and (start, end) != (speech.start, speech.end)

    def _next(self, result: Result) -> KeptSegment | None:
        """What is kept of a result's next segment."""
        fields = self._log.get(_key(result)) if self._log else None
        try:
            return from_fields(KeptSegment, fields)
        except ValueError:
            return None

    def add(self, before: Result, result: Result) -> None:
        """Keep the segment that a result has and the one before it has not."""
        if self._log is None:
            return
        other = result.smile.segments[len(before.smile.segments) :]
        kept = KeptSegment(
            result.vanilla.segments[-1],
            other[0] if other else None,
            result.examples[-1][1] if other else RetrievedExamples(),
            result.vanilla.seconds,
            result.smile.seconds,
            result.retrieval,
            next(iter(result.remoteness[len(before.remoteness) :]), None),
        )
        try:
            self._log.add(_key(before), json.loads(json.dumps(asdict(kept), default=_plain)))
        except OSError:
            self._log = None  # the disk is full; the transcription itself goes on


def _key(result: Result) -> str:
    """The number of a result's next segment."""
    return str(len(result.vanilla.segments))


def _plain(value: Any) -> Any:
    """A path or a number of numpy's as JSON has it."""
    return value.item() if hasattr(value, "item") else str(value)


@contextmanager
def kept_segments(base: Path, facts: dict[str, Any]) -> Iterator[KeptSegments | None]:
    """Give the segments that are kept under a name and depend on these facts; those of others are removed.

    None where the folder cannot be written.
    """
    with kept_log(base, facts) as log:
        yield KeptSegments(log) if log else None


def written(base: Path) -> str:
    """Return the text that is kept under a name, of a run that was broken off."""
    return " ".join(filter(None, ((kept.smile or kept.vanilla).text for kept in _all(base))))


def sides(base: Path) -> tuple[Transcript, Transcript]:
    """Return what is kept under a name as Whisper alone has it, and as the other side has it."""
    kept = list(_all(base))
    others = tuple(one.smile for one in kept if one.smile)
    seconds = (kept[-1].vanilla_seconds, kept[-1].smile_seconds) if kept else (0.0, 0.0)
    alone = Transcript(tuple(one.vanilla for one in kept), seconds[0])
    return alone, Transcript(others, seconds[1])


def reached(base: Path) -> float:
    """Return the second up to which segments are kept under a name."""
    return max((kept.vanilla.end for kept in _all(base)), default=0.0)


def _all(base: Path) -> Iterator[KeptSegment]:
    """The whole segments that are kept under a name, in their order."""
    for _, fields in sorted(entries(base).items(), key=lambda item: (len(item[0]), item[0])):
        with suppress(ValueError):
            yield from_fields(KeptSegment, fields)
