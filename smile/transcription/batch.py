"""Many recordings, one after the other, each result kept as soon as it is there.

A folder holds `done.jsonl`, what has been transcribed and with which settings, and the exported files,
which are made of it: a later run with the same settings goes on, and one with others begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smile.audio.formats import AUDIO_SUFFIXES
from smile.audio.io import reading
from smile.audio.isolated import reading_apart
from smile.datatypes import AudioError, SmileError
from smile.exporting import Span, TieredTranscript, export
from smile.exporting.transcripts import BY_LEVEL, VANILLA
from smile.pools.clip_encoder import digest
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.text.normalisers import one_line
from smile.transcription.options import as_json
from smile.transcription.pipeline import transcribe
from smile.transcription.result import Result, Transcript
from smile.util.storage import Log
from smile.whisper.model import Models

DONE = "done.jsonl"
LONGEST = 3600.0  # seconds of a recording that are transcribed


@dataclass(frozen=True)
class Recording:
    """A file to transcribe, and the name under which it is told and exported."""

    name: str
    path: Path
    stranger: bool = False  # whether somebody else has brought it, so that it is decoded apart


@dataclass(frozen=True)
class Step:
    """How far a batch is: a snapshot of the recording at work, or its end."""

    done: int  # recordings that are finished
    total: int
    name: str = ""
    result: Result | None = None  # of the recording at work, once it has been read
    transcript: TieredTranscript | None = None  # where it has just been finished, or was before
    problem: str = ""  # why there is no transcript, or not of all


def recordings_of(sources: Iterable[Path]) -> list[Recording]:
    """Find the recordings of files and folders, folders in folders included, sorted in each.

    Raises:
        SmileError: a source that is not there, or nothing to transcribe in all of them.
    """
    recordings: list[Recording] = []
    for source in sources:
        if source.is_dir():
            paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES and p.is_file())
            recordings += (Recording(p.relative_to(source).as_posix(), p) for p in paths)
        elif source.is_file():
            recordings.append(Recording(source.name, source))
        else:
            raise SmileError(f"There is no recording or folder {source}; check its name.")
    if not recordings:
        raise SmileError("The folder holds no recordings; name one with sound files in it.")
    return recordings


def run(
    models: Models,
    recordings: Sequence[Recording],
    pool: Pool | None,
    settings: Settings,
    out: Path,
    kinds: Sequence[str] = (),
) -> Generator[Step, None, None]:
    """Transcribe recordings that have not been; write each of `kinds` of smile.exporting into `out`.

    What is done is exported also where the work is stopped by closing the iterator. A recording that
    cannot be read is told and passed over.

    Raises:
        SmileError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        log = Log(out / DONE, facts(models, pool, settings))
    except OSError as error:
        raise SmileError(f"{out} cannot be written ({error.strerror}).") from error
    made: dict[int, TieredTranscript] = {}
    with closing(log):
        try:
            yield from _each(models, recordings, pool, settings, log, made)
        finally:
            for kind in kinds:
                export([made[number] for number in sorted(made)], kind, out)


def facts(models: Models, pool: Pool | None, settings: Settings) -> dict[str, Any]:
    """Return all that a batch's transcripts depend on beside the recordings, as JSON has it."""
    texts = "\n".join([*(f"{u.id}\t{u.text}" for u in pool.utterances), *pool.added]) if pool else ""
    examples = hashlib.sha256(texts.encode()).hexdigest()[:12]
    return {"settings": as_json(settings), "recognizer": asdict(models.smile.info), "pool": examples}


def _each(
    models: Models,
    recordings: Sequence[Recording],
    pool: Pool | None,
    settings: Settings,
    log: Log,
    made: dict[int, TieredTranscript],
) -> Iterator[Step]:
    total = len(recordings)
    for number, recording in enumerate(recordings):
        try:
            key = f"{recording.name} {digest(recording.path)}"
            if log.get(key) is None:
                for result in (results := _Results(models, recording, pool, settings)):
                    yield Step(number, total, recording.name, result)
                log.add(key, results.kept)
            kept = log.get(key)
        except AudioError as error:
            yield Step(number + 1, total, recording.name, problem=str(error))
        else:
            made[number] = TieredTranscript.from_json(kept["transcript"])
            yield Step(number + 1, total, recording.name, transcript=made[number], problem=kept["problem"])


class _Results:
    """The snapshots of one recording's transcription, and at their end what is kept of it, for JSON."""

    def __init__(self, models: Models, recording: Recording, pool: Pool | None, settings: Settings):
        self._models, self._recording, self._pool, self._settings = models, recording, pool, settings
        self.kept: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Result | None]:
        """Yield None while the recording is read, then snapshots; no step takes long."""
        read = reading_apart if self._recording.stranger else reading
        heard = yield from read(self._recording.path, LONGEST)
        for result in transcribe(self._models, heard.samples, self._pool, self._settings):
            yield result
        cut = f"Only its first {LONGEST / 60:g} minutes were transcribed." if heard.cut else ""
        transcript = transcript_of(self._recording.name, result)
        self.kept = {"transcript": asdict(transcript), "problem": cut}


def transcript_of(recording: str, result: Result) -> TieredTranscript:
    """Return both sides of a transcription as tiers, with examples first; without a pool only the other."""
    sides = [(BY_LEVEL[result.settings.level], result.smile)] if result.pool else []
    tiers = tuple((name, _spans(side)) for name, side in [*sides, (VANILLA, result.vanilla)])
    return TieredTranscript(recording, result.duration, tiers, result.language)


def _spans(side: Transcript) -> tuple[Span, ...]:
    spans = (
        Span(one.start, one.end, one_line(one.text), round(one.decoded.confidence, 4))
        for one in side.segments
    )
    return tuple(spans)
