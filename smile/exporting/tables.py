"""Transcripts as tables: a row for each stretch of each recording."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from smile.exporting.transcripts import VANILLA, TieredTranscript, parts_as_dicts
from smile.util.spreadsheet import BOM, guarded_row

COLUMNS = ("file", "start", "end", "text", "probability", "confidence", "alone", "language")
WORD_COLUMNS = ("file", "utterance", "word", "unit", "start", "end", "text", "probability", "confidence")


def as_csv(transcripts: Sequence[TieredTranscript]) -> str:
    """Return the text of a csv with file, start, end, text, two figures, alone (no examples) and language.

    `probability` is the model's own; `confidence`, the mean of the row's words', is calibrated.
    Times are seconds. A recording without speech has a row without text. Excel shows its letters as they are,
    and computes no text; `smile.corpora` reads the same texts again.
    """
    file = io.StringIO()
    file.write(BOM)
    rows = csv.DictWriter(file, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    rows.writeheader()
    rows.writerows(guarded_row(row) for transcript in transcripts for row in _rows(transcript))
    return file.getvalue()


def as_words_csv(transcripts: Sequence[TieredTranscript]) -> str:
    """Return the text of a csv of words, or of characters where these have times; empty where neither has.

    `utterance` counts the rows of the recording in the table of utterances, and `word` its words, from 1 on.
    """
    file = io.StringIO()
    file.write(BOM)
    rows = csv.DictWriter(file, WORD_COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    rows.writeheader()
    found = [row for transcript in transcripts for row in _word_rows(transcript)]
    rows.writerows(map(guarded_row, found))
    return file.getvalue() if found else ""


def _word_rows(transcript: TieredTranscript) -> Iterator[dict[str, Any]]:
    for utterance, span in enumerate(transcript.spans, start=1):
        for number, word in enumerate(span.parts, start=1):
            for unit in (word, *word.parts):
                yield {
                    "file": transcript.recording,
                    "utterance": utterance,
                    "word": number,
                    "unit": "word" if unit is word else "character",
                    "start": round(unit.start, 3),
                    "end": round(unit.end, 3),
                    "text": unit.text,
                    "probability": unit.probability,
                    "confidence": unit.confidence,
                }


def as_jsonl(transcripts: Sequence[TieredTranscript]) -> str:
    """Return the same rows as JSON objects, one a line, with `words` where these have times."""
    rows = (row for transcript in transcripts for row in _rows(transcript, words=True))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows(transcript: TieredTranscript, words: bool = False) -> Iterator[dict[str, Any]]:
    others = dict(transcript.tiers[1:])
    alone = {(s.start, s.end): s.text for s in others.get(VANILLA, ())}
    for span in transcript.spans:
        yield {
            "file": transcript.recording,
            "start": round(span.start, 3),
            "end": round(span.end, 3),
            "text": span.text,
            "probability": span.probability,
            "confidence": span.confidence,
            "alone": alone.get((span.start, span.end), ""),
            "language": transcript.language,
            **({"words": parts_as_dicts(span.parts)} if words and span.parts else {}),
        }
    if not transcript.spans:
        yield {
            "file": transcript.recording,
            "start": 0.0,
            "end": round(transcript.seconds, 3),
            "text": "",
            "probability": None,
            "confidence": None,
            "alone": "",
            "language": transcript.language,
        }
