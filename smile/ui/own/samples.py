"""Files to try each step with, made of a demo pool, so that a visitor sees what is expected."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from smile.audio.io import read_audio, write
from smile.datatypes import SAMPLE_RATE, Utterance
from smile.exporting import EACH, SUFFIXES, Span, TieredTranscript
from smile.pools.pool import Pool
from smile.util.spreadsheet import BOM, guarded

CLIPS, ANNOTATED, TRIES = 12, 8, 6  # clips in each sample
PAUSE = 0.4  # seconds between two clips of one recording
ABOUT = (
    "Made by a machine: synthetic speech by eSpeak NG, texts from CLDR. It shows what SMILE takes, and says\n"
    "nothing about people's voices.\n"
)


def clips_with_table(pool: Pool, out: Path) -> None:
    """Write a zip of clips and a table that says what is spoken in each."""
    chosen = pool.utterances[:CLIPS]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("file", "text", "speaker"))
    with _zip(out) as archive:
        for number, utterance in enumerate(chosen, 1):
            name = f"clip-{number:02d}{utterance.audio.suffix}"
            archive.write(utterance.audio, name)
            rows.writerow(map(guarded, (name, utterance.text, utterance.speaker)))
        archive.writestr("metadata.csv", BOM + text.getvalue())


def annotated(pool: Pool, out: Path, kind: str) -> None:
    """Write a zip of one recording and its annotations, of ELAN or Praat."""
    spans, samples = _recording(pool.utterances[:ANNOTATED])
    transcript = TieredTranscript(
        "story.wav", len(samples) / SAMPLE_RATE, (("utterance", spans),), pool.language.code
    )
    with _zip(out) as archive, TemporaryDirectory() as folder:
        sound = Path(folder) / "story.wav"
        write(sound, samples)
        archive.write(sound, sound.name)
        archive.writestr(f"story.{SUFFIXES.get(kind, kind)}", EACH[kind](transcript))


def recordings(pool: Pool, out: Path) -> None:
    """Write a zip of recordings to transcribe, none of them among the examples."""
    tries = (pool.queries or pool.utterances[CLIPS:])[:TRIES]
    with _zip(out) as archive:
        for number, utterance in enumerate(tries, 1):
            archive.write(utterance.audio, f"new-{number}{utterance.audio.suffix}")


SAMPLES: dict[str, Callable[[Pool, Path], None]] = {
    "table": clips_with_table,
    "eaf": lambda pool, out: annotated(pool, out, "eaf"),
    "textgrid": lambda pool, out: annotated(pool, out, "textgrid"),
    "recordings": recordings,
}


def _recording(utterances: tuple[Utterance, ...]) -> tuple[tuple[Span, ...], np.ndarray]:
    """The clips one after the other with pauses, and where each is."""
    pieces, spans, end = [], [], 0.0
    for utterance in utterances:
        samples = read_audio(utterance.audio)
        start = end + PAUSE
        end = start + len(samples) / SAMPLE_RATE
        pieces += [np.zeros(round(PAUSE * SAMPLE_RATE), np.float32), samples]
        spans.append(Span(start, end, utterance.text))
    pieces.append(np.zeros(round(PAUSE * SAMPLE_RATE), np.float32))
    return tuple(spans), np.concatenate(pieces)


@contextmanager
def _zip(out: Path) -> Iterator[ZipFile]:
    with ZipFile(out, "w", ZIP_STORED) as archive:
        archive.writestr("README.txt", ABOUT)
        yield archive
