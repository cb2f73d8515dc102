"""Many recordings, one after the other, each result kept as soon as it is there.

A folder holds `done.jsonl`, what has been transcribed and with which settings, and the exported files,
which are made of it: a later run with the same settings goes on, and one with others begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from smile.acoustic.calibrating import calibration_of
from smile.acoustic.states import StatesId
from smile.audio.io import Steps, reading
from smile.audio.isolated import reading_apart
from smile.audio.tracks import PICK, tracks_of
from smile.datatypes import AudioError, Samples, SmileError
from smile.exporting import Span, TieredTranscript, by_words, export
from smile.exporting.transcripts import BY_LEVEL, VANILLA
from smile.pools.clip_encoder import digest
from smile.pools.pool import Pool
from smile.settings import Settings, later
from smile.text.normalisers import one_line
from smile.transcription import lengths
from smile.transcription.options import identity
from smile.transcription.pipeline import transcribe
from smile.transcription.recordings import Cuts, Recording
from smile.transcription.remote import at_hand
from smile.transcription.result import Result, Transcript
from smile.transcription.segments import KeptSegments, kept_segments
from smile.transcription.times import Times, with_times
from smile.util.log import Log, forget_logs
from smile.whisper.model import Models

DONE, SEGMENTS = "done.jsonl", "segments"
CUES = ("srt", "vtt")  # formats of cues


@dataclass(frozen=True)
class Output:
    """What files a batch writes of its transcripts, and what is in them."""

    kinds: Sequence[str] = ()  # of smile.exporting
    times: Times = ""
    cues: Literal["utterances", "words"] = "utterances"  # of srt and vtt


UTTERANCES = Output()


@dataclass(frozen=True)
class Step:
    """How far a batch is: a snapshot of the recording at work, or its end."""

    done: int  # recordings that are finished
    total: int
    name: str = ""
    result: Result | None = None  # of the recording at work, once it has been read
    transcript: TieredTranscript | None = None  # where it has just been finished, or was before
    problem: str = ""  # why there is no transcript, or not of all
    warning: str = ""  # what speaks against the transcript


def run(
    models: Models,
    recordings: Sequence[Recording],
    pool: Pool | None,
    settings: Settings,
    out: Path,
    output: Output = UTTERANCES,
) -> Generator[Step, None, None]:
    """Transcribe recordings that have not been; write files of them into `out`.

    What is done is exported also where the work is stopped by closing the iterator. A recording that
    cannot be read is told and passed over.

    Of a recording that does not say where its segments are kept, they are kept in `out` until it is done.

    Raises:
        SmileError: the folder cannot be written.
    """
    work = Work(models, pool, settings, output.times)
    yield from logged(work, partial(_each, work), recordings, out, output)


Made = dict[int, TieredTranscript]  # transcripts by their recording's place
Walk = Callable[[Sequence[Recording], Log, Made], Generator["Step", None, None]]


def logged(
    work: Work, walk: Walk, recordings: Sequence[Recording], out: Path, output: Output
) -> Generator[Step, None, None]:
    """Walk through recordings with the log of what is done; export what is there, however the walk ends.

    Raises:
        SmileError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        log = Log(out / DONE, facts(work.models, work.pool, work.settings, output.times))
    except OSError as error:
        raise SmileError(f"{out} cannot be written ({error.strerror}).") from error
    made: Made = {}
    with closing(log):
        try:
            placed = [replace(r, segments=r.segments or _segments(out, r.name)) for r in recordings]
            with closing(walk(placed, log, made)) as steps:
                for step in steps:
                    if step.transcript:
                        forget_logs(_segments(out, step.name))
                    yield step
        finally:
            _export([made[number] for number in sorted(made)], output, out)


def _export(transcripts: Sequence[TieredTranscript], output: Output, out: Path) -> None:
    for kind in output.kinds:
        words = output.cues == "words" and kind in CUES
        export([by_words(one) for one in transcripts] if words else transcripts, kind, out)


def _segments(out: Path, name: str) -> Path:
    """Under which name a recording's segments are kept in a batch's folder."""
    return out / f"{SEGMENTS}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def facts(models: Models, pool: Pool | None, settings: Settings, times: Times = "") -> dict[str, Any]:
    """Return all that a batch's transcripts depend on beside the recordings, as JSON has it."""
    texts = "\n".join([*(f"{u.id}\t{u.text}" for u in pool.utterances), *pool.added]) if pool else ""
    examples, timed = hashlib.sha256(texts.encode()).hexdigest()[:12], dict[str, Any]()
    if times and pool:
        calibration = calibration_of(pool, StatesId.of(models.smile.within(settings.windows)))
        timed = {"times": times, "calibration": [*calibration.weights], **later("fit", "acoustic")}
    return {
        "settings": identity(settings),
        "recognizer": asdict(models.smile.info),
        "pool": examples,
        **timed,
    }


@dataclass(frozen=True, eq=False)
class Work:
    """What transcribes every recording of a batch."""

    models: Models
    pool: Pool | None
    settings: Settings
    times: Times

    def results(self, samples: Samples, kept: KeptSegments | None, cuts: Cuts) -> Iterator[Result]:
        """Yield snapshots of a recording's transcription, the last one with the times that are wanted."""
        for result in transcribe(self.models, samples, self.pool, self.settings, kept, cuts):
            yield result
        if self.times and self.pool is not None:
            yield with_times(result, self.models.smile, samples, self.pool, self.times)


def _each(work: Work, recordings: Sequence[Recording], log: Log, made: Made) -> Generator[Step, None, None]:
    total = len(recordings)
    for number, recording in enumerate(recordings):
        try:
            key = key_of(recording)
            if unfinished(log.get(key), recording):
                with at_hand(recording) as near:
                    for result in (results := _Results(work, near)):
                        yield Step(number, total, recording.name, result)
                log.add(key, results.kept)
            kept = log.get(key)
        except AudioError as error:
            yield Step(number + 1, total, recording.name, problem=str(error))
        else:
            made[number] = TieredTranscript.from_json(kept["transcript"])
            yield ended(kept, made[number], number + 1, total)


def key_of(recording: Recording) -> str:
    """Return what tells a recording apart in the log: its name, its content, and the track asked for.

    Content is the digest of a file, and of one that is still to be fetched its place and version.

    Raises:
        AudioError: it cannot be read.
    """
    content = recording.remote.key if recording.remote else digest(recording.path)
    return " ".join([recording.name, content, *_track(recording)])


def ended(kept: dict[str, Any], transcript: TieredTranscript, done: int, total: int) -> Step:
    """Return the step that ends a recording, of what is kept of it."""
    told = {"problem": kept["problem"], "warning": kept.get("warning", "")}
    return Step(done, total, transcript.recording, transcript=transcript, **told)


def kept_of(work: Work, recording: Recording) -> dict[str, Any]:
    """Transcribe a recording to its end and return what is kept of it, for JSON.

    Raises:
        AudioError: it cannot be read.
    """
    results = _Results(work, recording)
    for _ in results:
        pass
    return results.kept


def _track(recording: Recording) -> list[str]:
    """What tells the tracks of a recording apart, where one was asked for."""
    return [] if recording.track is None else [f"track {recording.track}"]


def unfinished(kept: dict[str, Any] | None, recording: Recording) -> bool:
    """Return whether there is no transcript, or one of a beginning only where all is wanted."""
    return kept is None or bool(kept["problem"] and not recording.stranger)


class _Results:
    """The snapshots of one recording's transcription, and at their end what is kept of it, for JSON."""

    def __init__(self, work: Work, recording: Recording):
        self._work, self._recording = work, recording
        self.kept: dict[str, Any] = {}
        self._tracks = ""  # a sentence on which of several was read

    def __iter__(self) -> Iterator[Result | None]:
        """Yield None while the recording is read, then snapshots; no step takes long."""
        name, minutes = self._recording.name, self._recording.minutes
        heard = yield from self._heard()
        with self._segments() as kept:
            for result in self._work.results(heard.samples, kept, self._recording.cuts):
                yield result
        cut = lengths.only_beginning(heard.cut, minutes)
        transcript = transcript_of(name, result)
        warning = " ".join(filter(None, [self._tracks, result.warning]))
        self.kept = {"transcript": asdict(transcript), "problem": cut, "warning": warning}

    def _heard(self) -> Steps:
        """What is read of the recording, all of it if it is no stranger's."""
        recording = self._recording
        path, seconds = recording.path, 60 * recording.minutes
        if recording.stranger:
            heard = yield from reading_apart(path, seconds)
            self._tracks = heard.tracks.said()
        else:
            self._tracks = tracks_of(path, recording.track).said(PICK)
            heard = yield from reading(path, seconds, track=recording.track)
            lengths.whole(heard, recording.name, recording.minutes)
        return heard

    def _segments(self) -> AbstractContextManager[KeptSegments | None]:
        """What is kept of the recording's segments, where anything is to be."""
        base, path = self._recording.segments, self._recording.path
        if base is None:
            return nullcontext()
        recording, work = self._recording, self._work
        asked = " ".join(filter(None, [recording.asked, *_track(recording)]))
        own = {"recording": digest(path), "minutes": recording.minutes, "asked": asked}
        return kept_segments(base, facts(work.models, work.pool, work.settings) | own)


def transcript_of(recording: str, result: Result) -> TieredTranscript:
    """Return both sides of a transcription as tiers, with examples first; without a pool only the other."""
    sides = [(BY_LEVEL[result.settings.level], result.smile)] if result.pool else []
    tiers = tuple((name, _spans(side)) for name, side in [*sides, (VANILLA, result.vanilla)])
    return TieredTranscript(recording, result.duration, tiers, result.language, _distances(result))


def _distances(result: Result) -> tuple[float, ...]:
    """How far the segments are from their nearest examples; () where one has none."""
    nearest = {start: [n.distance for n in found.neighbours] for start, found in result.examples}
    each = [nearest.get(segment.start, []) for segment in result.smile.segments]
    return tuple(round(float(min(one)), 6) for one in each) if all(each) else ()


def _spans(side: Transcript) -> tuple[Span, ...]:
    spans = (
        Span(s.start, s.end, one_line(s.text), s.confidence, s.words, round(s.decoded.probability, 4))
        for s in side.segments
    )
    return tuple(spans)
