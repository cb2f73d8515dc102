"""A table of clips as a stranger sends it: whatever paths its cells name, only its own folder counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from smile.corpora import FILE_COLUMNS, TEXT_COLUMNS, Names, parted
from smile.corpora.columns import PLAIN_TEXT_COLUMNS, cell, columns_named, lacking, understood
from smile.corpora.delimited import Line, Row
from smile.corpora.facts import details, language_of, split_of
from smile.corpora.mapping import ColumnMapping, ColumnsError
from smile.corpora.reading import NO_TEXT, has_text
from smile.corpora.recordings import Match, Recordings, notes_on, settled
from smile.corpora.spans import span
from smile.corpora.tables import table_rows
from smile.corpora.unread import sheets, tables_in
from smile.datatypes import CorpusError, Progress, Utterance
from smile.importing.cutting import fault
from smile.importing.imported import Imported
from smile.importing.limits import STRANGERS, Limits
from smile.importing.stretches import Stretch, check_total, clips, of_track
from smile.text.languages import iso_code
from smile.text.normalisers import one_line

FIRST = 100  # rows that tell a table's columns
NO_TIMES = "The row has no start and end, as other rows of its recording have; give both, in seconds."


@dataclass(frozen=True)
class Part:
    """What is wanted of a table: some of its rows, and some of its columns."""

    split: str = ""  # where the table says splits; empty is the one of the examples
    language: str = ""  # where it says languages; empty is every one
    columns: ColumnMapping | None = None  # where a person says what they hold
    encoding: str = ""  # where a person names it; see `smile.corpora.encodings`
    track: int | None = None  # of recordings with several audio tracks, from 1; None is the default one


ALL, EXAMPLES = Part(), "train"


@dataclass
class _Rows:
    """A table's rows under way: clips and what is wrong, by line, and the stretches yet to be cut."""

    track: int | None = None  # of the recordings
    done: dict[int, Utterance | str] = field(default_factory=dict)
    stretches: dict[Path, list[Stretch]] = field(default_factory=dict)  # by recording
    lines: dict[tuple[Path, int, int], int] = field(default_factory=dict)  # stretch in ms -> its first line

    def add(self, line: int, row: Row, audio: Path) -> None:
        """Add a row whose recording is there."""
        said, times = _utterance(row, audio), span(row)
        if isinstance(times, str) or not has_text(said.text):
            self.done[line] = times if isinstance(times, str) else NO_TEXT
        elif times is None:
            self.done[line] = said
        else:
            self._add_stretch(Stretch(line, *times, said, self.track))

    def _add_stretch(self, stretch: Stretch) -> None:
        place = stretch.said.audio, round(1000 * stretch.start), round(1000 * stretch.end)
        if reason := fault(stretch.start, stretch.end):
            self.done[stretch.line] = reason
        elif (first := self.lines.setdefault(place, stretch.line)) != stretch.line:
            self.done[stretch.line] = f'Line {first} has the same stretch of "{stretch.said.audio.name}".'
        else:
            self.stretches.setdefault(stretch.said.audio, []).append(stretch)

    def refuse_whole(self) -> None:
        """Refuse rows without times of recordings of which other rows have stretches."""
        for line, row in self.done.items():
            if isinstance(row, Utterance) and row.audio in self.stretches:
                self.done[line] = NO_TIMES


def read_table(
    path: Path,
    recordings: Recordings,
    folder: Path,
    progress: Progress | None = None,
    limits: Limits = STRANGERS,
    part: Part = ALL,
) -> Imported:
    """Read the rows of a csv, tsv, jsonl or xlsx table; bad ones are rejected by line.

    Rows that say where in their recording they begin and end are cut out of it into `folder`.

    Raises:
        ColumnsError: it does not say which recordings it has, or what is said in them.
        CorpusError: the table cannot be read at all, is too large, or has no such part.
    """
    given = list(table_rows(path, limits.table, part.columns, part.encoding))
    lines, rows = _of_part(path, given, part), _Rows(part.track)
    columns = _columns(path, lines)
    matches = settled([_found(row, recordings, path) for _, row in lines])
    for (line, row), match in zip(lines, matches, strict=True):
        if isinstance(row, str) or isinstance(match, str):
            rows.done[line] = str(row if isinstance(row, str) else match)
        else:
            rows.add(line, row, match.path)
    rows.refuse_whole()
    _cut(rows, folder, progress, limits)
    notes = (*_unread(columns), *notes_on(matches, part.track), *sheets(path, limits.table))
    if left := len(given) - len(lines):
        notes += (f"Rows of other splits or languages that were left out: {left}.",)
    reading = parted(sorted(rows.done.items()))
    return Imported(of_track(reading, folder, part.track) if part.track is not None else reading, notes=notes)


def _columns(path: Path, lines: Sequence[Line]) -> tuple[str, ...]:
    """The columns of a table.

    Raises:
        ColumnsError: it has rows, and no one says which recordings it has, or what is said in them.
    """
    columns = dict.fromkeys(column for _, row in lines if isinstance(row, dict) for column in row)
    if columns and (reason := lacking(columns)):
        raise ColumnsError(f"{path.name}: {reason}")
    return tuple(columns)


def _unread(columns: tuple[str, ...]) -> Iterator[str]:
    """Sentences on columns of recordings and of texts that were left out for another one."""
    for what, known in (("recordings", FILE_COLUMNS), ("texts", PLAIN_TEXT_COLUMNS)):
        taken, *left = columns_named(columns, known) or ("",)
        if left:
            names = ", ".join(f'"{name}"' for name in left)
            yield f'The {what} are those of the column "{taken}"; left out: {names}.'


def _of_part(path: Path, lines: Sequence[Line], part: Part) -> list[Line]:
    """The rows of a part: of a table with splits the examples' one, unless another is named.

    Raises:
        CorpusError: there is no such split, or several languages and not the one that is named.
    """
    splits = {split_of(row) for _, row in lines if isinstance(row, dict)} - {""}
    split = (part.split or EXAMPLES) if splits else ""
    if splits and split not in splits:
        raise CorpusError(
            f'{path.name} has no split "{split}", only {", ".join(sorted(splits))}; name one so.'
        )
    of_split = [(n, row) for n, row in lines if isinstance(row, str) or split_of(row) == split]
    codes = {language_of(row) for _, row in of_split if isinstance(row, dict)} - {""}
    code = iso_code(part.language)
    if code and code not in codes and len(codes) > 1:
        known = ", ".join(sorted(codes))
        raise CorpusError(
            f"{path.name} holds several languages ({known}), but not {code}; leave the others out."
        )
    if code not in codes:
        return of_split
    return [(n, row) for n, row in of_split if isinstance(row, str) or language_of(row) in (code, "")]


def _cut(rows: _Rows, folder: Path, progress: Progress | None, limits: Limits) -> None:
    stretches = [stretch for group in rows.stretches.values() for stretch in group]
    latest = [max(stretch.end for stretch in group) for group in rows.stretches.values()]
    seconds = sum(stretch.end - stretch.start for stretch in stretches)
    check_total(len(stretches), seconds, sum(latest), limits)
    if stretches:
        folder.mkdir(parents=True, exist_ok=True)
    names, count = Names(stretch.said.id for stretch in stretches), 0
    for audio, group in rows.stretches.items():
        for line, clip in clips(group, folder, names, audio.stem):
            rows.done[line] = clip
            count += 1
            if progress:
                progress(count, len(stretches))


def columns_in(rows: Iterable[Row | str]) -> tuple[str, ...]:
    """Return the columns of a table's first rows, in lower case."""
    first = islice((row for row in rows if isinstance(row, dict)), FIRST)
    return tuple(dict.fromkeys(column for row in first for column in row))


def is_of_clips(path: Path, limits: Limits = STRANGERS, encoding: str = "") -> bool:
    """Return whether a table has recordings and texts, or cannot be read, so that nobody knows."""
    try:
        return understood(columns_in(row for _, row in table_rows(path, limits.table, None, encoding)))
    except CorpusError:
        return True


def table_of(folder: Path) -> Path:
    """Return the folder's only table, or the one called "metadata"; else look in the folders in it.

    Raises:
        CorpusError: there is none, or several to choose from.
    """
    paths = tables_in(folder)
    depth = min((len(path.parts) for path in paths), default=0)
    tables = [path for path in paths if len(path.parts) == depth]
    named = [path for path in tables if path.stem.lower() == "metadata"]
    if len(named or tables) == 1:
        return (named or tables)[0]
    if not tables:
        raise CorpusError('There are no transcripts; add a table with the columns "file" and "text".')
    names = ", ".join(path.name for path in tables)
    raise CorpusError(f"There are several tables ({names}); leave one, or call one metadata.")


def _found(row: Row | str, recordings: Recordings, path: Path) -> Match | str:
    """The recording of a row, or why it has none."""
    if isinstance(row, str):
        return row
    file, text = cell(row, FILE_COLUMNS), cell(row, TEXT_COLUMNS)
    if file is None or text is None:
        return lacking(row)
    return recordings.find(file, path)


def _utterance(row: Row, audio: Path) -> Utterance:
    name, speaker = details(row)
    text = one_line(cell(row, TEXT_COLUMNS) or "")
    return Utterance(name, audio, text, language_of(row), speaker)
