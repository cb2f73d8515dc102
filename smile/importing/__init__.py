"""Labelled clips as people have them: files with a table, zips, ELAN and Praat annotations of a recording.

Everything is read as a stranger's: nothing outside the given files is looked at, and what cannot be used
is told with its place and the reason. Clips that must be cut are written into a work folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smile import corpora
from smile.corpora import Reading
from smile.corpora.columns import understood
from smile.corpora.mapping import ColumnMapping, ColumnsError
from smile.corpora.preview import Preview, preview
from smile.corpora.recordings import Recordings
from smile.corpora.spans import spanned
from smile.corpora.tables import SUFFIXES, table_rows
from smile.corpora.tabular import finds_by_name
from smile.corpora.undecoded import Undecoded
from smile.corpora.unread import archives, other_files, tables_in
from smile.datatypes import CorpusError, Progress
from smile.importing import clips, rows
from smile.importing.annotations import BesideError, TierCount, TierError
from smile.importing.archive import unpack
from smile.importing.clips import READERS, Wanted, annotation_files
from smile.importing.gathering import gather
from smile.importing.imported import Imported
from smile.importing.limits import GENEROUS, STRANGERS, Limits
from smile.importing.rows import Part, columns_in
from smile.importing.undecoded import undecoded
from smile.pools.pool import HEADER, open_pool
from smile.util.advice import NO_TRACK

CLIPS, UNPACKED = "clips", "unpacked"  # in a work folder
NO_TRACKS = (
    "An audio track can be chosen of the recordings of a table or of annotations, not of a pool or an "
    f"ML-SUPERB folder; {NO_TRACK.option}."
)
TEXTS = ("", ".txt", ".csv", ".json")  # suffixes of what is read of a pool or an ML-SUPERB folder


def takes(source: Path) -> bool:
    """Return whether a path is for this package, and not a corpus that is read where it lies.

    That is a zip, an annotation file, a table of stretches of recordings, of recordings that are found by
    their names, of which something is to be said, or of columns that are not understood; or a folder with any
    of these but zips and no pool, ML-SUPERB folder or parquet.
    """
    if source.is_file():
        return source.suffix.lower() in (".zip", *READERS) or _wants(source, alone=True)
    if not source.is_dir() or (source / HEADER).is_file() or corpora.languages(source):
        return False
    paths = list(source.iterdir())
    if any(path.suffix.lower() == ".parquet" for path in paths):
        return False
    if annotation_files(source):
        return True
    tables = [path for path in paths if path.suffix.lower() in SUFFIXES]
    return any(_wants(path, alone=len(tables) == 1) for path in tables)


def _wants(path: Path, alone: bool) -> bool:
    """Whether a file is a table of stretches, or, if it is the only one, another that is for this package."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        rows = [row for _, row in table_rows(path, GENEROUS.table)]
    except ColumnsError:
        return alone
    except CorpusError:
        return False  # which is told where it is read
    columns = columns_in(rows)
    if not alone or spanned(columns):
        return spanned(columns)
    return (bool(columns) and not understood(columns)) or finds_by_name(path, rows)


@dataclass(frozen=True)
class Hints:
    """Facts about a source that it does not state itself."""

    recording: Path | None = None  # of an annotation file, where it is not beside it
    split: str = ""  # of an ML-SUPERB folder or a table, where it has several
    language: str = ""  # of a table, where it has several
    columns: ColumnMapping | None = None  # of a table, where their names do not say what they hold
    encoding: str = ""  # of texts that are not in UTF-8 or UTF-16, as `encoding_named` gives it
    track: int | None = None  # of recordings with several audio tracks, from 1; None is the default one


NO_HINTS = Hints()


def read_source(
    source: Path,
    work: Path,
    *,
    tiers: Sequence[str] = (),
    hints: Hints = NO_HINTS,
    progress: Progress | None = None,
    limits: Limits = STRANGERS,
) -> Imported:
    """Read a zip, an annotation file, a table with its recordings beside it, or a folder with any of these.

    Args:
        source: the file or folder; of a zip, or a folder, everything in it counts.
        work: a folder for what is unpacked and cut; the clips lie in it or in the source.
        tiers: names of the tiers to cut at; not needed where just one has texts.
        hints: what the source does not say of itself.
        progress: told of each clip that is cut.
        limits: what is more is refused.

    Raises:
        TierError: it does not say which tier is meant.
        ColumnsError: it does not say which columns are meant.
        CorpusError: nothing in it can be read, or it does not say which table is meant.
    """
    wanted = Wanted(tiers, hints.encoding, hints.track)
    if source.suffix.lower() in READERS and source.is_file():
        recordings = Recordings((hints.recording or source).parent, deep=False, given=hints.recording)
        return clips.read_annotated([source], recordings, work / CLIPS, wanted, progress, limits)
    folder = opened(source, work, limits)
    part = Part(hints.split, hints.language, hints.columns, hints.encoding, hints.track)
    if folder.is_file():
        return rows.read_table(folder, Recordings(folder.parent), work / CLIPS, progress, limits, part)
    if hints.track is not None and ((folder / HEADER).is_file() or corpora.languages(folder)):
        raise CorpusError(NO_TRACKS)
    if (folder / HEADER).is_file():
        _check_texts(folder, limits)
        return _pool(folder)
    if corpora.languages(folder):
        _check_texts(folder, limits)
        return Imported(corpora.read_corpus(folder, hints.split or _split(folder)))
    recordings = Recordings(folder, given=hints.recording)
    if annotated := annotation_files(folder):
        notes = _beside(folder, annotated, wanted, limits)
        imported = clips.read_annotated(annotated, recordings, work / CLIPS, wanted, progress, limits)
        return replace(imported, notes=(*notes, *imported.notes, *archives(folder)))
    table = rows.table_of(folder)
    imported = rows.read_table(table, recordings, work / CLIPS, progress, limits, part)
    return replace(imported, notes=(*imported.notes, *other_files(folder, table)))


def _beside(folder: Path, annotated: Sequence[Path], wanted: Wanted, limits: Limits) -> list[str]:
    """What to say of tables that are left out where there are annotation files, too.

    Raises:
        BesideError: there is a table of clips, and no tier says that the annotations are meant.
    """
    notes = []
    for path in tables_in(folder):
        if rows.is_of_clips(path, limits, wanted.encoding) and not wanted.tiers:
            raise BesideError(path.name, annotated[0].name)
        notes.append(f"{path.name} was left out; the clips are those of the annotations.")
    return notes


def offered(
    source: Path, work: Path, limits: Limits = STRANGERS, encoding: str = ""
) -> tuple[TierCount, ...]:
    """Return the tiers to choose from in a source's annotation files; none where there are no such files.

    Raises:
        CorpusError: the source, or an annotation file in it, cannot be read.
    """
    if source.suffix.lower() in READERS and source.is_file():
        return clips.tiers([source], limits, encoding)
    folder = opened(source, work, limits)
    return clips.tiers(annotation_files(folder), limits, encoding) if folder.is_dir() else ()


def has_table_beside(folder: Path, limits: Limits = STRANGERS, encoding: str = "") -> bool:
    """Return whether a folder, as `gather` made it, has annotations and a table of clips, too."""
    tables = tables_in(folder) if annotation_files(folder) else ()
    return any(rows.is_of_clips(path, limits, encoding) for path in tables)


def encodings_of(folder: Path, limits: Limits = STRANGERS) -> Undecoded | None:
    """Return the encodings to choose from for the texts of a folder, as `gather` made it, if any."""
    folder = _inner(folder)
    try:
        return undecoded(annotation_files(folder) or [rows.table_of(folder)], limits)
    except CorpusError:
        return None


def table_preview(
    folder: Path, names: Collection[str] = (), limits: Limits = STRANGERS, encoding: str = ""
) -> Preview | None:
    """Return the first rows of a folder's table, as `gather` made it, where its columns are to be chosen.

    There are none where it has annotation files, no table or several, or one that cannot be read: what is to
    be said of these is said where the folder is read.
    """
    folder = _inner(folder)
    if (folder / HEADER).is_file() or annotation_files(folder):
        return None
    try:
        return preview(rows.table_of(folder), names, limits.table, encoding)
    except CorpusError:
        return None


def opened(source: Path, work: Path, limits: Limits = STRANGERS) -> Path:
    """Return the folder of a source: a zip is unpacked into the work folder, once; a table stays as it is.

    Raises:
        CorpusError: there is no such file, or none of a kind that can be imported.
    """
    suffix = source.suffix.lower()
    if source.is_dir():
        return _inner(source)
    if not source.is_file():
        raise CorpusError(f"There is no file or folder {source}; check its name.")
    if suffix == ".zip":
        return _inner(_unpacked(source, work / UNPACKED, limits))
    if suffix in SUFFIXES:
        return source
    kinds = ", ".join((".zip", ".eaf", ".TextGrid", *SUFFIXES))
    raise CorpusError(f"{source.name} cannot be imported; give a folder or a file that ends in {kinds}.")


def _unpacked(path: Path, folder: Path, limits: Limits) -> Path:
    """The folder of a zip; it appears when it is whole."""
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        os.rename(unpack(path, part, limits), folder)
    return folder


def _inner(folder: Path) -> Path:
    """The folder itself, or the one that is all it holds."""
    while len(entries := [e for e in folder.iterdir() if not e.name.startswith(".")]) == 1:
        if not entries[0].is_dir():
            break
        folder = entries[0]
    return folder


def _check_texts(folder: Path, limits: Limits) -> None:
    """See that the texts of a pool or an ML-SUPERB folder are no more than those of a table may be.

    Raises:
        CorpusError: they are.
    """
    texts = (path for path in folder.rglob("*") if path.suffix in TEXTS and path.is_file())
    if (size := sum(path.stat().st_size for path in texts)) > limits.table.bytes:
        raise CorpusError(
            f"{folder.name} holds {size / 1e6:,.0f} MB of texts; at most "
            f"{limits.table.bytes / 1e6:,.0f} MB are taken, so split it."
        )


def _pool(folder: Path) -> Imported:
    pool = open_pool(folder)
    return Imported(Reading.of(pool.utterances), header=pool.header, queries=Reading.of(pool.queries))


def _split(folder: Path) -> str:
    """The only split of an ML-SUPERB folder, or the one of the examples."""
    language = next(iter(corpora.languages(folder).values()))
    names = [path.stem.removeprefix("transcript_") for path in language.glob("transcript_*.txt")]
    return names[0] if len(names) == 1 else ""


__all__ = [
    "GENEROUS",
    "BesideError",
    "ColumnMapping",
    "ColumnsError",
    "Imported",
    "Limits",
    "Preview",
    "Recordings",
    "TierCount",
    "TierError",
    "Undecoded",
    "encodings_of",
    "gather",
    "has_table_beside",
    "offered",
    "opened",
    "read_source",
    "table_preview",
    "takes",
    "unpack",
]
