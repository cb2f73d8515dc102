"""Clips of annotated recordings, cut at the annotations of chosen tiers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smile.corpora import Found, Names, parted
from smile.datatypes import AudioError, CorpusError, Progress, Utterance
from smile.importing import eaf, textgrid
from smile.importing.annotations import (
    Annotated,
    Annotation,
    Tier,
    TierCount,
    check_counts,
    check_sizes,
    choose,
    counts,
)
from smile.importing.cutting import Span, cut, fault
from smile.importing.found import Imported, Recordings
from smile.importing.limits import STRANGERS, Limits

READERS: dict[str, Callable[[Path, Limits], Annotated]] = {".eaf": eaf.read, ".textgrid": textgrid.read}


@dataclass
class _Work:
    """An import under way; annotations are numbered through all files."""

    folder: Path
    rows: dict[int, Utterance | str] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    empty: int = 0


def annotation_files(folder: Path) -> list[Path]:
    """Return the annotation files of a folder and the folders in it, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in READERS and path.is_file())


def tiers(paths: Sequence[Path], limits: Limits = STRANGERS) -> tuple[TierCount, ...]:
    """Return the tiers of annotation files with the number of their annotations, to choose from.

    Raises:
        CorpusError: a file that cannot be read, or more annotations than may be.
    """
    return counts(_annotated(paths, limits))


def read(
    paths: Sequence[Path],
    recordings: Recordings,
    folder: Path,
    wanted: Sequence[str] = (),
    progress: Progress | None = None,
    limits: Limits = STRANGERS,
) -> Imported:
    """Cut the recordings of annotation files into `folder`; bad annotations are rejected, empty ones counted.

    An annotation file's recording is the one given, or the one that it names or is called after, or the
    only one there is.

    Raises:
        CorpusError: a file that cannot be read; no tier to cut at, or several and none is `wanted`; or
            more than the limits let in.
    """
    files = list(_annotated(paths, limits))
    names = frozenset(choose(files, wanted))
    total = _check_clips(files, names, limits)
    folder.mkdir(parents=True, exist_ok=True)
    work = _Work(folder)
    for file in files:
        audio = _recording(file, recordings, alone=len(files) == 1)
        for _ in _cut(work, file, names, audio):
            if progress:
                progress(len(work.rows), total)
    rows: list[Found] = sorted(work.rows.items())
    return Imported(parted(rows), work.places, work.empty)


def _annotated(paths: Sequence[Path], limits: Limits) -> Iterator[Annotated]:
    """The annotation files, as long as their annotations together are not too many."""
    check_sizes(paths, limits)
    total = 0
    for path in paths:
        file = READERS[path.suffix.lower()](path, limits)
        total += sum(len(tier.annotations) for tier in file.tiers)
        check_counts(path, total, len(file.tiers), limits)
        yield file


def _check_clips(files: Sequence[Annotated], names: Collection[str], limits: Limits) -> int:
    """The number of clips to cut.

    Raises:
        CorpusError: they are too many or too long, or lie in too many hours of recordings.
    """
    tiers = [tier for tier in counts(files) if tier.name in names]
    if (total := sum(tier.filled for tier in tiers)) > limits.clips:
        raise CorpusError(
            f"The tier holds {total:,} clips; at most {limits.clips:,} are cut, so leave files out."
        )
    if (seconds := sum(tier.seconds for tier in tiers)) > limits.clip_seconds:
        raise CorpusError(
            f"The tier holds {seconds / 3600:,.1f} hours of clips; at most "
            f"{limits.clip_seconds / 3600:g} are cut, so leave files out."
        )
    if (seconds := sum(_last(file, names) for file in files)) > limits.sound_seconds:
        raise CorpusError(
            f"The annotations lie in {seconds / 3600:,.0f} hours of recordings; at most "
            f"{limits.sound_seconds / 3600:g} are read, so leave files out."
        )
    return total


def _last(file: Annotated, names: Collection[str]) -> float:
    """The end in seconds of the last clip of a file; what cannot be cut does not count."""
    ends = (a.end for t in file.tiers if t.name in names for a in t.annotations if not fault(a.start, a.end))
    latest = max((end for end in ends if end), default=0.0)
    return latest + max((media.offset for media in file.media), default=0.0) if latest else 0.0


def _recording(file: Annotated, recordings: Recordings, alone: bool) -> Path | str:
    """The recording of an annotation file, or why there is none."""
    if recordings.given:
        return recordings.given
    names = [*(media.name for media in file.media), file.path.stem]
    for name in names:
        if isinstance(found := recordings.beside(file.path, name), Path):
            return found
    if alone and recordings.only:
        return recordings.only
    return f'There is no recording "{names[0]}" beside {file.path.name}; add it.'


def _cut(work: _Work, file: Annotated, names: Collection[str], audio: Path | str) -> Iterator[None]:
    """Put the clips of a file among the rows; yields after each."""
    offset = 0.0
    if isinstance(audio, Path):
        offset = next((m.offset for m in file.media if m.name.casefold() == audio.name.casefold()), 0.0)
    spans: dict[Path, tuple[int, Tier, Annotation]] = {}
    cuts = []
    for tier, annotation in ((t, a) for t in file.tiers if t.name in names for a in t.annotations):
        if not annotation.text:
            work.empty += 1
            continue
        line = len(work.places) + 1
        work.places[line] = _place(file, annotation)
        times = [None if t is None else t + offset for t in (annotation.start, annotation.end)]
        reason = audio if isinstance(audio, str) else fault(times[0], times[1])
        if reason or times[0] is None or times[1] is None:
            work.rows[line] = reason
            yield
            continue
        span = Span(times[0], times[1], work.folder / f"{line:05d}.wav")
        spans[span.target] = line, tier, annotation
        cuts.append(span)
    if isinstance(audio, Path) and cuts:
        for line, row in _clips(work, file, audio, cuts, spans):
            work.rows[line] = row
            yield


def _clips(
    work: _Work,
    file: Annotated,
    audio: Path,
    cuts: Sequence[Span],
    spans: dict[Path, tuple[int, Tier, Annotation]],
) -> Iterator[Found]:
    left = dict(spans)
    try:
        for span, reason in cut(audio, cuts):
            line, tier, annotation = left.pop(span.target)
            name = _name(work, file, span)
            yield line, reason or Utterance(name, span.target, annotation.text, tier.language, tier.speaker)
    except AudioError as error:
        for line, _, _ in left.values():
            yield line, str(error)


def _name(work: _Work, file: Annotated, span: Span) -> str:
    """An id that says where the clip is: the file and the milliseconds at which it begins."""
    return work.names.take(f"{file.path.stem}-{round(1000 * span.start):07d}")


def _place(file: Annotated, annotation: Annotation) -> str:
    at = "without times" if annotation.start is None else f"at {annotation.start:.2f} s"
    return f"{file.path.name}, annotation {at}"
