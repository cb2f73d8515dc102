"""The file of a visitor's transcripts: an entry for each recording that has been transcribed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from smile.acoustic.confidence import Calibration
from smile.datatypes import Span
from smile.exporting import TieredTranscript
from smile.exporting.transcripts import judged
from smile.own.made import Made
from smile.own.workspace import TRANSCRIPTS, Workspace, write_json
from smile.util.fields import from_fields
from smile.util.storage import read_json, set_aside


@dataclass(frozen=True, kw_only=True)
class Entry(Made):
    """A recording's entry in the file of transcripts."""

    transcript: TieredTranscript | None
    problem: str


def kept(workspace: Workspace) -> dict[str, Any]:
    """Return the fields of the entries by the recordings' names; a damaged file is set aside."""
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


def judge_again(workspace: Workspace, version: str, calibration: Calibration) -> None:
    """Give the words of transcripts that a version of the pool made the confidence that a calibration has."""
    with workspace.lock:
        known = kept(workspace)
        made = {name: fields for name, fields in known.items() if fields.get("version") == version}
        again = {name: _judged(fields, calibration) for name, fields in made.items()}
        if again != made:
            write_json(workspace.folder / TRANSCRIPTS, known | again)


def _judged(fields: dict[str, Any], calibration: Calibration) -> dict[str, Any]:
    """The fields of an entry whose words are judged anew, as JSON has them."""
    entry = from_fields(Entry, fields)
    if entry.transcript is None:
        return fields
    tiers = tuple(
        (name, tuple(replace(span, parts=_again(span.parts, calibration)) for span in spans))
        for name, spans in entry.transcript.tiers
    )
    made = asdict(replace(entry, transcript=judged(replace(entry.transcript, tiers=tiers))))
    again: dict[str, Any] = json.loads(json.dumps(made))
    return again


def _again(words: Iterable[Span], calibration: Calibration) -> tuple[Span, ...]:
    """Words with the confidence that a calibration makes of their evidence; as they are without any."""
    known = ((word, calibration.of(word.evidence)) for word in words)
    return tuple(word if sure is None else replace(word, confidence=sure) for word, sure in known)


def _fields(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are; ValueError where they are not those of an `Entry` of this recording."""
    transcript = from_fields(Entry, fields).transcript
    if transcript and not (transcript.recording == name and transcript.tiers and transcript.whole):
        raise ValueError(name)
    return fields
