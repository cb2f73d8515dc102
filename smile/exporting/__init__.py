"""Transcripts in the formats of other programs: tables, subtitles, Praat, ELAN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from smile.corpora import Names
from smile.datatypes import SmileError
from smile.exporting.eaf import as_eaf
from smile.exporting.subtitles import as_srt, as_vtt
from smile.exporting.tables import as_csv, as_jsonl, as_words_csv
from smile.exporting.textgrid import as_textgrid
from smile.exporting.transcripts import Span, TieredTranscript, by_words, without_words
from smile.util.storage import write_text

TOGETHER: dict[str, Callable[[Sequence[TieredTranscript]], str]] = {"csv": as_csv, "jsonl": as_jsonl}
EACH: dict[str, Callable[[TieredTranscript], str]] = {
    "srt": as_srt,
    "vtt": as_vtt,
    "textgrid": as_textgrid,
    "eaf": as_eaf,
}
FORMATS = (*TOGETHER, *EACH)
SUFFIXES = {"textgrid": "TextGrid"}  # where it is not the format's name


def export(transcripts: Sequence[TieredTranscript], kind: str, folder: Path) -> list[Path]:
    """Write transcripts in one of FORMATS into a folder: a table of all, or a file for each recording.

    Each file appears when it is whole. Where words have times, csv has a second table of them. Two
    recordings of one name get numbered files.

    Raises:
        SmileError: there is no such format, or the folder cannot be written.
    """
    if kind not in FORMATS:
        raise SmileError(f'There is no format "{kind}"; choose one of {", ".join(FORMATS)}.')
    texts, names = {}, Names()
    if kind in TOGETHER:
        texts["transcripts"] = TOGETHER[kind](transcripts)
        if kind == "csv" and (words := as_words_csv(transcripts)):
            texts["words"] = words
    else:
        for transcript in transcripts:
            texts[names.take(_stem(transcript.recording))] = EACH[kind](transcript)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = {folder / f"{name}.{SUFFIXES.get(kind, kind)}": text for name, text in texts.items()}
        for path, text in paths.items():
            write_text(path, text)
        return list(paths)
    except OSError as error:
        raise SmileError(f"{folder} cannot be written ({error.strerror}).") from error


def _stem(recording: str) -> str:
    """The recording's name without folders and suffix."""
    return PurePosixPath(recording.replace("\\", "/")).stem or "recording"


__all__ = ["EACH", "FORMATS", "TOGETHER", "Span", "TieredTranscript", "by_words", "export", "without_words"]
