"""Labelled recordings on disk, as utterances: ML-SUPERB v1 folders, folders with a table, pools.

Audio is found here and not decoded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from smile.datatypes import CorpusError, Utterance
from smile.languages import iso_code
from smile.tables import SUFFIXES, UNREADABLE, Row, damaged, read_text, table

SPLIT = "10min_train"
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".webm")

FILE_COLUMNS = ("file", "audio", "path", "filename", "file_name")
TEXT_COLUMNS = ("text", "sentence", "transcript", "transcription")


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be used: its line, counted from 1, and one sentence that says why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Reading:
    """What a corpus holds: its good rows, the line of each, and its bad ones."""

    utterances: tuple[Utterance, ...]
    lines: tuple[int, ...]
    rejected: tuple[Rejected, ...] = ()

    @classmethod
    def of(cls, utterances: Sequence[Utterance]) -> Reading:
        """Utterances that do not come from a file, numbered from 1."""
        return parted(enumerate(utterances, start=1))


Found = tuple[int, Utterance | str]  # line, and the utterance or the reason why there is none


def read(source: Path, split: str = SPLIT) -> Reading:
    """Read a corpus.

    `source` is a language folder of ML-SUPERB v1 (or a folder above that holds just one), a csv, tsv,
    jsonl or xlsx table, a folder with such a table, or a pool. Only ML-SUPERB and folders with several
    tables have splits.

    Raises:
        CorpusError: nothing of the kind is there, or not one row of it is good.
    """
    reading = parted(_find(Path(source), split))
    if reading.utterances:
        return reading
    first = reading.rejected[0] if reading.rejected else Rejected(1, "There are no rows.")
    raise CorpusError(f"{source} holds no clip that can be used; line {first.line}: {first.reason}")


def languages(root: Path) -> dict[str, Path]:
    """The language folders of an ML-SUPERB root, or of one corpus in it, sorted by ISO 639-3 code.

    A language that several corpora of the root have comes once for each, as "corpus/code".

    Raises:
        CorpusError: there is no such folder.
    """
    if not root.is_dir():
        raise CorpusError(f"There is no folder {root}; check the path of the corpus.")
    transcripts = chain.from_iterable(root.glob(f"{depth}transcript_*.txt") for depth in ("", "*/", "*/*/"))
    folders = sorted({transcript.parent for transcript in transcripts})
    codes = [iso_code(folder.resolve().name) for folder in folders]
    named = {
        code if codes.count(code) == 1 else f"{folder.resolve().parent.name}/{code}": folder
        for code, folder in zip(codes, folders, strict=True)
    }
    return dict(sorted(named.items()))


def _find(source: Path, split: str) -> Iterator[Found]:
    """The rows of whatever kind of corpus this is."""
    if source.is_file():
        return _table_rows(source)
    if (source / "pool.json").is_file():
        return _table_rows(source / "clips.csv")
    found = languages(source)
    if not found:
        return _table_rows(_table_in(source, split))
    if len(found) > 1:
        first = next(iter(found.values()))
        raise CorpusError(f"{source} holds {len(found)} languages; name the folder of one, such as {first}.")
    return _superb_rows(next(iter(found.values())), split)


def _superb_rows(folder: Path, split: str) -> Iterator[Found]:
    """Rows of `transcript_<split>.txt`: id, a field that nobody reads, text, split on white space."""
    transcript = folder / f"transcript_{split}.txt"
    if not transcript.is_file():
        splits = sorted(t.stem.removeprefix("transcript_") for t in folder.glob("transcript_*.txt"))
        raise CorpusError(f'{folder} has no split "{split}"; choose one of {", ".join(splits)}.')
    return _transcript_rows(folder, read_text(transcript))


def _transcript_rows(folder: Path, text: str) -> Iterator[Found]:
    recordings, speakers = _recordings(folder / "wav"), _speakers(folder / "utt2spk")
    language = iso_code(folder.resolve().name)
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        name, _, words = [*row.split(maxsplit=2), "", ""][:3]
        words = words.strip()
        if name not in recordings:
            yield line, f'There is no recording "{name}" in the folder wav.'
        else:
            yield line, Utterance(name, recordings[name], words, language, speakers.get(name, ""))


def _recordings(folder: Path) -> dict[str, Path]:
    """The recordings of a folder by name without suffix."""
    files = folder.iterdir() if folder.is_dir() else ()
    return {file.stem: file for file in sorted(files) if file.suffix.lower() in AUDIO_SUFFIXES}


def _speakers(utt2spk: Path) -> dict[str, str]:
    rows = read_text(utt2spk).split("\n") if utt2spk.is_file() else ()
    pairs = (row.split(maxsplit=1) for row in rows)
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def _table_in(folder: Path, split: str) -> Path:
    """The table of a folder: the only one, or the one that is named after the split, or "metadata"."""
    tables = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if len(tables) == 1:
        return tables[0]
    for name in (split, "metadata"):
        if named := [file for file in tables if file.stem == name]:
            return named[0]
    if tables:
        names = ", ".join(file.name for file in tables)
        raise CorpusError(f"{folder} holds several tables; name one of them: {names}.")
    raise CorpusError(f'{folder} holds no transcripts; add a table with the columns "file" and "text".')


def _table_rows(path: Path) -> Iterator[Found]:
    """Rows of a table; those without an id of their own have an empty one here."""
    for line, row in table(path):
        yield line, row if isinstance(row, str) else _utterance(path.parent, row)


def _utterance(folder: Path, row: Row) -> Utterance | str:
    file, text = _cell(row, FILE_COLUMNS), _cell(row, TEXT_COLUMNS)
    if file is None or text is None:
        name = "file" if file is None else "text"
        return f'The row has too few columns; the table needs a column "{name}" and a cell for it.'
    audio = _audio(folder, file)
    if isinstance(audio, str):
        return audio
    fields = {name: row.get(name, "").strip() for name in ("id", "speaker", "language")}
    return Utterance(fields["id"], audio, text, iso_code(fields["language"]), fields["speaker"])


def _cell(row: Row, names: Iterable[str]) -> str | None:
    return next((row[name].strip() for name in names if name in row), None)


def _audio(folder: Path, cell: str) -> Path | str:
    """The recording that a table names, or why there is none.

    A relative path may not leave the table's folder; an absolute one may lie anywhere.
    """
    if not cell:
        return "The row names no recording."
    if not os.path.isabs(cell) and os.path.normpath(cell).split(os.sep)[0] == os.pardir:
        return f'The path "{cell}" leaves the folder of the table; move the recording into it.'
    path = folder / os.path.normpath(cell)
    try:
        found = path.is_file()
    except (OSError, ValueError):
        found = False
    return path if found else f'There is no recording "{cell}".'


def parted(rows: Iterable[Found]) -> Reading:
    """Part good rows from bad ones; an utterance without an id gets one from its file's name."""
    good: dict[str, tuple[int, Utterance]] = {}
    recordings: dict[Path, int] = {}
    rejected = []
    for line, row in rows:
        reason = row if isinstance(row, str) else _fault(row, good, recordings)
        if isinstance(row, str) or reason:
            rejected.append(Rejected(line, reason))
            continue
        name = row.id or _fresh(row.audio.stem, good)
        good[name] = line, replace(row, id=name)
        recordings[row.audio.resolve()] = line
    lines, utterances = zip(*good.values(), strict=True) if good else ((), ())
    return Reading(utterances, lines, tuple(rejected))


def _fault(row: Utterance, good: dict[str, tuple[int, Utterance]], recordings: dict[Path, int]) -> str:
    """Why an utterance cannot stand beside those before it; empty where it can."""
    if not row.text:
        return "The row has no text."
    if damaged(row.text):
        return UNREADABLE
    if row.id in good:
        return f'Line {good[row.id][0]} has the same id, "{row.id}".'
    if line := recordings.get(row.audio.resolve()):
        return f'Line {line} has the same recording, "{row.audio.name}".'
    return ""


def _fresh(name: str, taken: Iterable[str]) -> str:
    """The name, numbered where it is taken."""
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(fresh for fresh in names if fresh not in taken)
