"""Stretches of recordings that rows of a table or annotations name, cut out as clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from smile.audio.io import read_recording, write
from smile.audio.tracks import tracks_of
from smile.corpora import Names, Outcome, Reading, parted
from smile.datatypes import AudioError, CorpusError, Utterance
from smile.importing.cutting import Span, cut
from smile.importing.limits import Limits


@dataclass(frozen=True)
class Stretch:
    """A stretch of a recording in seconds, where it stands, and what is said in it.

    `said` has the recording as its sound, and no id, or the clip's.
    """

    line: int
    start: float
    end: float
    said: Utterance
    track: int | None = None  # of the recording's audio tracks, from 1; None is the default one


def clips(stretches: Sequence[Stretch], folder: Path, names: Names, stem: str) -> Iterator[Outcome]:
    """Cut stretches of one recording into a folder; yields the line of each, and its clip or why not.

    A clip without an id gets one that says where it is: a stem and the milliseconds at which it begins.
    """
    left = {folder / f"{stretch.line:05d}.wav": stretch for stretch in stretches}
    spans = [Span(stretch.start, stretch.end, target) for target, stretch in left.items()]
    if not spans:
        return
    try:
        for span, reason in cut(stretches[0].said.audio, spans, stretches[0].track):
            stretch = left.pop(span.target)
            name = stretch.said.id or names.take(f"{stem}-{round(1000 * span.start):07d}")
            yield stretch.line, reason or replace(stretch.said, id=name, audio=span.target)
    except AudioError as error:
        for stretch in left.values():
            yield stretch.line, str(error)


def of_track(reading: Reading, folder: Path, track: int) -> Reading:
    """Return clips of which those that have several audio tracks have one, written into a folder.

    Clips that have no such track are rejected.
    """
    rows: list[Outcome] = [(row.line, row.reason) for row in reading.rejected]
    for line, clip in zip(reading.lines, reading.utterances, strict=True):
        cut_out = clip.audio.parent == folder
        rows.append((line, clip if cut_out else _of_track(clip, folder / f"{line:05d}.wav", track)))
    return parted(sorted(rows, key=itemgetter(0)))


def _of_track(clip: Utterance, target: Path, track: int) -> Utterance | str:
    try:
        if tracks_of(clip.audio, track).count == 1:
            return clip
        samples = read_recording(clip.audio, track=track).samples
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, samples)
    except AudioError as error:
        return str(error)
    return replace(clip, audio=target)


def check_total(clips: int, seconds: float, sound: float, limits: Limits) -> None:
    """Check how many clips are to be cut, how long they are, and how long what they lie in; both in seconds.

    Raises:
        CorpusError: it is more than the limits let in.
    """
    if clips > limits.clips:
        raise CorpusError(f"There are {clips:,} clips; at most {limits.clips:,} are cut, so leave files out.")
    if seconds > limits.clip_seconds:
        raise CorpusError(
            f"There are {seconds / 3600:,.1f} hours of clips; at most {limits.clip_seconds / 3600:g} are "
            "cut, so leave files out."
        )
    if sound > limits.sound_seconds:
        raise CorpusError(
            f"The clips lie in {sound / 3600:,.0f} hours of recordings; at most "
            f"{limits.sound_seconds / 3600:g} are read, so leave files out."
        )
