"""A table of clips as a stranger sends it: whatever paths its cells name, only its own folder counts."""

from __future__ import annotations

from pathlib import Path

from smile.corpora import FILE_COLUMNS, TEXT_COLUMNS, parted
from smile.corpora.delimited import Row
from smile.corpora.tables import SUFFIXES, table
from smile.corpora.tabular import cell
from smile.datatypes import CorpusError, Utterance
from smile.importing.found import Imported
from smile.importing.limits import STRANGERS, Limits
from smile.importing.recordings import Match, Recordings, by_name, settled
from smile.text.languages import iso_code
from smile.text.normalisers import one_line


def read(path: Path, recordings: Recordings, limits: Limits = STRANGERS) -> Imported:
    """Read the rows of a csv, tsv, jsonl or xlsx table; bad ones are rejected by line.

    Raises:
        CorpusError: the table cannot be read at all, or is too large.
    """
    lines = list(table(path, limits.table))
    found = settled([_found(row, recordings, path) for _, row in lines])
    rows = (
        (
            line,
            row if isinstance(row, str) else match if isinstance(match, str) else _utterance(row, match.path),
        )
        for (line, row), match in zip(lines, found, strict=True)
    )
    return Imported(parted(rows), notes=by_name(found))


def table_of(folder: Path) -> Path:
    """Return the folder's only table, or the one called "metadata"; else look in the folders in it.

    Raises:
        CorpusError: there is none, or several to choose from.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
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
        name, names = ("file", FILE_COLUMNS) if file is None else ("text", TEXT_COLUMNS)
        return f'There is no cell "{name}"; the table needs such a column (or {", ".join(names[1:])}).'
    return recordings.find(file, path)


def _utterance(row: Row, audio: Path) -> Utterance:
    fields = {name: row.get(name, "").strip() for name in ("id", "speaker", "language")}
    text = one_line(cell(row, TEXT_COLUMNS) or "")
    return Utterance(fields["id"], audio, text, iso_code(fields["language"]), fields["speaker"])
