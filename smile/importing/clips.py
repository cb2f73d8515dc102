"""Clips of annotated recordings, cut at the annotations of chosen tiers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smile.corpora import Names, Outcome, parted
from smile.corpora.recordings import Match, Recordings, notes_on, settled
from smile.datatypes import AudioError, CorpusError, Progress, Utterance
from smile.importing import eaf, textgrid
from smile.importing.alignment import doubt, offset, recording
from smile.importing.annotations import (
    Annotated,
    Annotation,
    TierCount,
    check_counts,
    check_sizes,
    choose,
    counts,
)
from smile.importing.cutting import fault
from smile.importing.imported import Imported
from smile.importing.limits import STRANGERS, Limits
from smile.importing.stretches import Stretch, check_total, clips

READERS: dict[str, Callable[[Path, Limits, str], Annotated]] = {
    ".eaf": eaf.read_eaf,
    ".textgrid": textgrid.read_textgrid,
}


@dataclass(frozen=True)
class Wanted:
    """What a person says of annotation files."""

    tiers: Sequence[str] = ()  # to cut at; not needed where just one has texts
    encoding: str = ""  # see `smile.corpora.encodings`
    track: int | None = None  # of recordings with several audio tracks, from 1; None is the default one


ANY = Wanted()


@dataclass
class _Work:
    """An import under way; annotations are numbered through all files."""

    folder: Path
    track: int | None = None  # of the recordings
    rows: dict[int, Utterance | str] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    first: dict[tuple[Path, int, int], Path] = field(default_factory=dict)  # stretch in ms -> file
    empty: int = 0
    doubts: list[str] = field(default_factory=list)


def annotation_files(folder: Path) -> list[Path]:
    """Return the annotation files of a folder and the folders in it, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in READERS and path.is_file())


def tiers(paths: Sequence[Path], limits: Limits = STRANGERS, encoding: str = "") -> tuple[TierCount, ...]:
    """Return the tiers of annotation files with the number of their annotations, to choose from.

    Raises:
        CorpusError: a file that cannot be read, or more annotations than may be.
    """
    return counts(_annotated(paths, limits, encoding))


def read_annotated(
    paths: Sequence[Path],
    recordings: Recordings,
    folder: Path,
    wanted: Wanted = ANY,
    progress: Progress | None = None,
    limits: Limits = STRANGERS,
) -> Imported:
    """Cut the recordings of annotation files into `folder`; bad annotations are rejected, empty ones counted.

    An annotation file's recording is the one given, or the one that it names or is called after, or the
    only one there is.

    Raises:
        CorpusError: a file that cannot be read; no tier to cut at, or several and none is wanted; or
            more than the limits let in.
    """
    files = list(_annotated(paths, limits, wanted.encoding))
    if recordings.given and len(files) > 1:
        raise CorpusError(
            f"There are {len(files)} annotation files and one recording for them; give the one that it has."
        )
    names = frozenset(choose(files, wanted.tiers))
    total = _check_clips(files, names, limits)
    folder.mkdir(parents=True, exist_ok=True)
    work = _Work(folder, wanted.track)
    matches = settled([recording(file, recordings, alone=len(files) == 1) for file in files])
    for file, match in zip(files, matches, strict=True):
        for _ in _cut(work, file, names, match):
            if progress:
                progress(len(work.rows), total)
    rows: list[Outcome] = sorted(work.rows.items())
    notes = (*_notes(files, matches), *notes_on(matches, wanted.track), *work.doubts)
    return Imported(parted(rows), work.places, work.empty, notes=notes)


def _annotated(paths: Sequence[Path], limits: Limits, encoding: str) -> Iterator[Annotated]:
    """The annotation files, as long as their annotations together are not too many."""
    check_sizes(paths, limits)
    total = 0
    for path in paths:
        file = READERS[path.suffix.lower()](path, limits, encoding)
        total += sum(len(tier.annotations) for tier in file.tiers)
        check_counts(path, total, len(file.tiers), limits)
        yield file


def _check_clips(files: Sequence[Annotated], names: Collection[str], limits: Limits) -> int:
    """The number of clips to cut.

    Raises:
        CorpusError: they are too many or too long, or lie in too many hours of recordings.
    """
    tiers = [tier for tier in counts(files) if tier.name in names]
    total = sum(tier.filled for tier in tiers)
    check_total(total, sum(tier.seconds for tier in tiers), sum(_last(file, names) for file in files), limits)
    return total


def _last(file: Annotated, names: Collection[str]) -> float:
    """The end in seconds of the last clip of a file; what cannot be cut does not count."""
    ends = (a.end for t in file.tiers if t.name in names for a in t.annotations if not fault(a.start, a.end))
    latest = max((end for end in ends if end), default=0.0)
    return latest + max((media.offset for media in file.media), default=0.0) if latest else 0.0


def _notes(files: Sequence[Annotated], matches: Sequence[Match | str]) -> Iterator[str]:
    """What to say of recordings that were taken since there is no other."""
    for file, match in zip(files, matches, strict=True):
        if isinstance(match, Match) and not match.name:
            yield f'"{match.path.name}" was taken as the recording of {file.path.name}: there is no other.'


def _cut(work: _Work, file: Annotated, names: Collection[str], match: Match | str) -> Iterator[None]:
    """Put the clips of a file among the rows; yields after each."""
    later = _later(work, file, match)
    stretches = []
    for tier, annotation in ((t, a) for t in file.tiers if t.name in names for a in t.annotations):
        if not tier.spoken(annotation):
            work.empty += 1
            continue
        line = len(work.places) + 1
        work.places[line] = _place(file, annotation)
        row = later if isinstance(later, str) else _stretch(work, file, annotation, later)
        if isinstance(row, str) or isinstance(match, str):
            work.rows[line] = str(row)
            yield
            continue
        said = Utterance("", match.path, annotation.text, tier.language, tier.speaker)
        stretches.append(Stretch(line, *row, said, work.track))
    for line, clip in clips(stretches, work.folder, work.names, file.path.stem):
        work.rows[line] = clip
        yield


def _later(work: _Work, file: Annotated, match: Match | str) -> tuple[Path, float] | str:
    """The recording of a file and how much later its times lie there, or why there is none.

    A doubt is told, and is one too many where the file neither names the recording nor is called after it.
    """
    if isinstance(match, str):
        return match
    try:
        shift = offset(file, match.path, work.track)
        doubtful = "" if isinstance(shift, str) else doubt(file, match.path, shift, work.track)
    except AudioError as error:
        return str(error)
    if isinstance(shift, str) or (doubtful and not match.name):
        return doubtful or str(shift)
    work.doubts.extend(filter(None, [doubtful]))
    return match.path, shift


def _stretch(
    work: _Work, file: Annotated, annotation: Annotation, later: tuple[Path, float]
) -> tuple[float, float] | str:
    """The times of an annotation in the recording, or why it cannot be cut."""
    audio, seconds = later
    start, end = (None if t is None else t + seconds for t in (annotation.start, annotation.end))
    if reason := annotation.fault or fault(start, end):
        return reason
    assert start is not None
    assert end is not None
    first = work.first.setdefault((audio, round(1000 * start), round(1000 * end)), file.path)
    if first != file.path:
        return f"{first.name} has the same stretch of the recording; leave one of the two files out."
    return start, end


def _place(file: Annotated, annotation: Annotation) -> str:
    at = "without times" if annotation.start is None else f"at {annotation.start:.2f} s"
    return f"{file.path.name}, annotation {at}"
