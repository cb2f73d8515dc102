"""Transcripts as tables: a row for each stretch of each recording."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from smile.exporting.transcripts import VANILLA, TieredTranscript
from smile.util.spreadsheet import BOM, guarded_row

COLUMNS = ("file", "start", "end", "text", "confidence", "alone", "language")


def as_csv(transcripts: Sequence[TieredTranscript]) -> str:
    """Return the text of a csv with file, start, end, text, confidence, alone (no examples) and language.

    Times are seconds. A recording without speech has a row without text. Excel shows its letters as they are,
    and computes no text; `smile.corpora` reads the same texts again.
    """
    file = io.StringIO()
    file.write(BOM)
    rows = csv.DictWriter(file, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    rows.writeheader()
    rows.writerows(guarded_row(row) for transcript in transcripts for row in _rows(transcript))
    return file.getvalue()


def as_jsonl(transcripts: Sequence[TieredTranscript]) -> str:
    """Return the same rows as JSON objects, one a line."""
    rows = (row for transcript in transcripts for row in _rows(transcript))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows(transcript: TieredTranscript) -> Iterator[dict[str, Any]]:
    others = dict(transcript.tiers[1:])
    alone = {(s.start, s.end): s.text for s in others.get(VANILLA, ())}
    for span in transcript.spans:
        yield {
            "file": transcript.recording,
            "start": round(span.start, 3),
            "end": round(span.end, 3),
            "text": span.text,
            "confidence": span.confidence,
            "alone": alone.get((span.start, span.end), ""),
            "language": transcript.language,
        }
    if not transcript.spans:
        yield {
            "file": transcript.recording,
            "start": 0.0,
            "end": round(transcript.seconds, 3),
            "text": "",
            "confidence": None,
            "alone": "",
            "language": transcript.language,
        }
