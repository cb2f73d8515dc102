"""A recording and its text, which exists already: the recording is cut into utterances at the text's lines.

What the acoustic model makes of the recording is kept stretch by stretch until the files are there, so that
an interrupted alignment goes on where it was. Beside the recording itself (0.23 GB an hour) an hour and its
text take 0.3 GB.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import regex

from smile.acoustic.align import align
from smile.acoustic.model import FASTEST, AcousticModel, open_acoustic
from smile.acoustic.store import clip_key
from smile.acoustic.stretches import logprobs_of, stretches
from smile.audio.features import STATES_PER_SECOND
from smile.datatypes import SAMPLE_RATE, DamagedError, Matrix, Samples, SmileError, Span
from smile.exporting import TieredTranscript, export
from smile.exporting.transcripts import STRANGERS, TEXT, UNREAD, parts_as_dicts
from smile.pools.clip_encoder import digest
from smile.pools.pool import Pool
from smile.settings import later
from smile.text.normalisers import one_line
from smile.transcription.times import Times, moved, without_characters
from smile.util.arrays import read_array, write_array
from smile.util.storage import WorkFolder, read_json, work_folder, write_json
from smile.whisper.model import Model

REPORT = "alignment.json"
MOST_LINES = 20_000
SHORT_TEXT = 5_000  # characters that any recording may have
SENTENCE = regex.compile(r"(?<=[.!?…。！？؟۔।॥։።፧]['\"»”’)\]]*)\s+|(?<=[。！？])")
Unit = Literal["lines", "sentences"]
Said = tuple[str, int, int]  # the stage, what is done of it, and how much there is


class Line(NamedTuple):
    """A line of a text, or a sentence."""

    number: int  # from 1 on: of the line in its file, where empty ones count, or of the sentence
    text: str


@dataclass(frozen=True)
class Aligned:
    """A text in its recording: the transcript for other programs, and the lines that are not spoken."""

    transcript: TieredTranscript
    unspoken: tuple[Line, ...]
    lines: tuple[Span | None, ...]
    numbers: tuple[int, ...]  # of all lines


@dataclass(frozen=True)
class Wanted:
    """What is aligned and written."""

    recording: Path
    lines: Sequence[Line]
    out: Path
    kinds: Sequence[str] = ()  # of smile.exporting
    times: Times = "words"


def utterances(text: str, unit: Unit = "lines") -> list[Line]:
    """Return the lines of a text that have something in them, or its sentences.

    Raises:
        SmileError: there is none, or there are too many.
    """
    lines = [one_line(line) for line in text.splitlines()]
    if unit == "sentences":
        lines = list(filter(None, SENTENCE.split(one_line(" ".join(lines)))))
    found = [Line(number, line) for number, line in enumerate(lines, start=1) if line]
    if not found:
        raise SmileError("The text is empty; give the text of the recording.")
    if len(found) > MOST_LINES:
        raise SmileError(f"The text has {len(found):,} lines, and at most {MOST_LINES:,} are taken; cut it.")
    return found


def align_text(model: Model, pool: Pool, samples: Samples, wanted: Wanted) -> Generator[Said, None, Aligned]:
    """Find where lines are spoken in samples (n,) of a recording, and write the files.

    It may be closed or killed at any time; the same call goes on where it was.

    Raises:
        PoolError: the pool has no acoustic model for this encoder.
        SmileError: none of the text is spoken, or the folder cannot be written.
    """
    _check_length(wanted.lines, len(samples) / SAMPLE_RATE)
    acoustic = open_acoustic(pool, model)
    with work_folder(wanted.out / "alignment", ()) as work:
        facts = {
            "recording": digest(wanted.recording),
            "recognizer": asdict(model.info),
            "windows": list(model.windows),
            "clips": sorted(map(clip_key, pool.utterances)),
            **later("fit"),
        }
        _begin(work, facts)
        logprobs = yield from _all_logprobs(model, acoustic, samples, work)
        aligned = yield from _aligned(acoustic, logprobs, wanted, len(samples) / SAMPLE_RATE)
        for kind in wanted.kinds:
            export([aligned.transcript], kind, wanted.out)
        write_json(wanted.out / REPORT, as_dict(aligned))
        work.clear()
    return aligned


def found_in(model: Model, pool: Pool, samples: Samples, wanted: Wanted) -> Generator[Said, None, Aligned]:
    """Find where lines are spoken in samples (n,) of a recording; nothing is kept and no file is written.

    Raises:
        PoolError: the pool has no acoustic model for this encoder.
        SmileError: none of the text is spoken.
    """
    _check_length(wanted.lines, len(samples) / SAMPLE_RATE)
    acoustic, pieces, todo = open_acoustic(pool, model), list[Matrix](), stretches(samples)
    for stretch in todo:
        pieces.append(logprobs_of(model, acoustic.head, samples, stretch))
        yield "Encoding", len(pieces), len(todo)
    return (yield from _aligned(acoustic, np.concatenate(pieces), wanted, len(samples) / SAMPLE_RATE))


def _check_length(lines: Sequence[Line], seconds: float) -> None:
    """Refuse a text that would take far more memory than any that is spoken in so many seconds."""
    written, most = sum(len(line.text) for line in lines), round(FASTEST * seconds) + SHORT_TEXT
    if written > most:
        raise SmileError(
            f"The text has {written:,} characters, and at most {most:,} are taken for a recording of "
            f"{seconds:.0f} s; give the text of this recording."
        )


def _begin(work: WorkFolder, facts: dict[str, Any]) -> None:
    """Throw away what was kept of something else."""
    header = work.part / "header.json"
    with suppress(OSError, DamagedError):
        if read_json(header) == facts:
            return
    work.clear()
    write_json(header, facts)


def _all_logprobs(
    model: Model, acoustic: AcousticModel, samples: Samples, work: WorkFolder
) -> Generator[Said, None, Matrix]:
    """Return what the head makes of the recording; stretches that are kept are not encoded again."""
    pieces: list[Matrix] = []
    todo = stretches(samples)
    for number, stretch in enumerate(todo):
        path, shape = (
            work.part / f"{number:05d}.npy",
            (stretch.last - stretch.first, len(acoustic.head.alphabet)),
        )
        piece = None
        with suppress(OSError, DamagedError):
            piece = read_array(path)
        if piece is None or piece.shape != shape or piece.dtype != np.float16:
            piece = logprobs_of(model, acoustic.head, samples, stretch).astype(np.float16)
            write_array(path, piece)
        pieces.append(piece)
        yield "Encoding", number + 1, len(todo)
    return np.concatenate(pieces).astype(np.float32)


def _aligned(
    acoustic: AcousticModel, logprobs: Matrix, wanted: Wanted, seconds: float
) -> Generator[Said, None, Aligned]:
    steps = align(acoustic.head, logprobs, [line.text for line in wanted.lines])
    while True:
        try:
            done, of = next(steps)
        except StopIteration as end:
            alignment = end.value
            break
        yield "Aligning", done, of
    lines = tuple(_rounded(line, wanted.times, seconds) if line else None for line in alignment.lines)
    if not any(lines):
        raise SmileError("Nothing of the text is spoken in the recording; check that they belong together.")
    strangers = [_stranger(acoustic, logprobs, *stretch) for stretch in alignment.strangers]
    tiers = ((TEXT, tuple(line for line in lines if line)), (STRANGERS, tuple(strangers)))
    transcript = TieredTranscript(wanted.recording.name, seconds, tiers, acoustic.head.form.language)
    unspoken = tuple(line for line, span in zip(wanted.lines, lines, strict=True) if not span)
    return Aligned(transcript, unspoken, lines, tuple(line.number for line in wanted.lines))


def _rounded(line: Span, times: Times, seconds: float) -> Span:
    (line,) = moved([line], 0.0, seconds)
    parts = {"": (), "words": without_characters(line.parts), "characters": line.parts}[times]
    return replace(line, parts=parts)


def _stranger(acoustic: AcousticModel, logprobs: Matrix, start: float, end: float) -> Span:
    """A stretch of speech that is not in the text, with what the acoustic model makes of it."""
    first, last = round(start * STATES_PER_SECOND), round(end * STATES_PER_SECOND)
    decoded = acoustic.written(logprobs[first:last])
    sure = round(decoded.probability, 4)
    return Span(round(start, 3), round(end, 3), decoded.text or UNREAD, probability=sure)


def as_dict(aligned: Aligned) -> dict[str, Any]:
    """Return an alignment as plain values for JSON; a line that is not spoken has no times."""
    unspoken = dict(aligned.unspoken)
    lines = []
    for number, line in zip(aligned.numbers, aligned.lines, strict=True):
        if line is None:
            lines.append({"line": number, "text": unspoken[number], "start": None, "end": None})
            continue
        lines.append({"line": number, **parts_as_dicts([replace(line, parts=())])[0]})
        if line.parts:
            lines[-1]["words"] = parts_as_dicts(line.parts)
    strangers = dict(aligned.transcript.tiers)[STRANGERS]
    return {
        "recording": aligned.transcript.recording,
        "seconds": round(aligned.transcript.seconds, 3),
        "lines": lines,
        "not_in_the_text": parts_as_dicts(strangers),
    }
