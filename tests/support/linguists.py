"""Files as linguists' own programs write them, and a recording whose every second tells which one it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
Spans = Sequence[tuple[float, float, str]]
TIERS: Mapping[str, Spans] = {
    "utterance": [(0.5, 2.0, "ngá o kwé"), (2.0, 3.25, ""), (3.25, 5.0, 'a "b" ŋ'), (5.5, 7.0, "ቃል\nሁለት")],
    "gloss": [(0.5, 2.0, "I go")],
}
TEXTS = ["ngá o kwé", 'a "b" ŋ', "ቃል ሁለት"]


def staircase(path: Path, seconds: int, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    """A recording in which second n is a square wave of amplitude (n % 50 + 1) / 100, written bit by bit."""
    wave = np.where(np.arange(rate) % 40 < 20, 1.0, -1.0)
    with soundfile.SoundFile(path, "w", rate, 1, subtype) as file:
        for n in range(seconds):
            file.write(wave * (n % 50 + 1) / 100)
    return path


def heights(samples: np.ndarray, rate: int = RATE) -> list[int]:
    """Which second of the staircase each whole second of samples is, rounded."""
    whole = samples[: len(samples) // rate * rate].reshape(-1, rate)
    return [round(100 * float(np.median(np.abs(row)))) - 1 for row in whole]


def write_eaf(path: Path, recording: str, tiers: Mapping[str, Spans] = TIERS) -> Path:
    """Written by pympi."""
    from pympi import Eaf

    eaf = Eaf(author="test")
    eaf.remove_tier("default")
    eaf.add_linked_file(f"/elsewhere/{recording}", relpath=f"./{recording}", mimetype="audio/x-wav")
    for name, spans in tiers.items():
        eaf.add_tier(name, part="Ana")
        for start, end, text in spans:
            eaf.add_annotation(name, round(1000 * start), round(1000 * end), text)
    eaf.to_file(str(path))
    return path


def write_textgrid(
    path: Path,
    kind: str = "long_textgrid",
    tiers: Mapping[str, Spans] = TIERS,
    seconds: float = 10,
    begin: float = 0,
) -> Path:
    """Written by praatio."""
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier

    grid = textgrid.Textgrid(begin, seconds)
    for name, spans in tiers.items():
        grid.addTier(IntervalTier(name, [(a, b, t) for a, b, t in spans if t], begin, seconds))
    grid.save(str(path), kind, includeBlankSpaces=True)
    return path


def write_praat(path: Path, command: str, tiers: Mapping[str, Spans] = TIERS) -> Path:
    """Written by Praat itself, with a point tier that has nothing to cut at."""
    from parselmouth.praat import call

    names = list(tiers)
    grid = call("Create TextGrid", 0, 10, " ".join([*names, "tones"]), "tones")
    call(grid, "Insert point", len(names) + 1, 1.5, "H*")
    for number, spans in enumerate(tiers.values(), start=1):
        edges = sorted({t for start, end, _ in spans for t in (start, end)})
        for edge in edges:
            call(grid, "Insert boundary", number, edge)
        for start, end, text in spans:
            interval = call(grid, "Get interval at time", number, (start + end) / 2)
            call(grid, "Set interval text", number, interval, text)
    call(grid, command, str(path))
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[object]], library: str) -> Path:
    """Written by openpyxl or XlsxWriter, with a sheet in front that is empty."""
    if library == "openpyxl":
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.create_sheet("clips")
        for row in rows:
            sheet.append(list(row))
        book.save(path)
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path) as book:
            book.add_worksheet("empty")
            sheet = book.add_worksheet("clips")
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path
