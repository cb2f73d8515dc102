"""How far word times are from known ones: clips cut to their sound and joined at known times.

Each clip is one group of words, whose first and last edge are known; of a clip of one word they are the
word's. Clips are joined with half a second of silence, and those of one word without any as well. For the
last columns the sound of every fifth clip is left out and the text of every fifth other. Of languages that
Whisper knows a second table has the edges of its own cross-attention (`smile.bench.attention`).

    smile bench align --data ML_SUPERB --pools POOLS --languages gla,chr,bel --split 10min_dev --limit 25
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from smile.acoustic.align import FORCED, Alignment, align
from smile.acoustic.head import Head
from smile.acoustic.states import StatesId
from smile.acoustic.store import open_head
from smile.acoustic.stretches import all_logprobs
from smile.acoustic.trellis import DEFAULTS
from smile.bench import attention
from smile.bench.known import PAUSE, joined, told
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import open_corpus
from smile.datatypes import Samples, SmileError, Utterance
from smile.pools.pool import open_pool
from smile.util.timing import finished
from smile.whisper.model import Model, load_models

FIFTH = 5


def run(data: Path, pools: Path | None, languages: Sequence[str], split: str, limit: int) -> str:
    """Measure languages on the first clips of a split -> Markdown.

    Raises:
        SmileError: no pools are named, or one has no acoustic model.
    """
    if pools is None:
        raise SmileError("Name a folder of pools with --pools; `smile index --acoustic` makes one.")
    model, corpus = load_models().smile, open_corpus(data)
    rows, beside = list[dict[str, object]](), list[dict[str, object]]()
    for language in languages:
        head = open_head(open_pool(pools / language, model.info.encoder), StatesId.of(model))
        clips = corpus.read(language, split).utterances
        rows.append({"language": language, **_measured(model, head, clips, limit)})
        beside += attention.rows(language, clips[:limit], partial(_times, model, head))
    note = f"{split}, first {limit} clips, median (90th percentile) of absolute errors in ms; {stamp()}"
    tables = "\n\n".join(markdown_table(table) for table in (rows, beside) if table)
    return f"{note}\n\n{tables}\n\nMost memory held: {memory():.2f} GB."


def _measured(model: Model, head: Head, clips: Sequence[Utterance], limit: int) -> dict[str, object]:
    groups, words = clips[:limit], [clip for clip in clips if len(clip.text.split()) == 1][:limit]
    row: dict[str, object] = {"clips": len(groups), "group edges": _edges(model, head, groups, PAUSE)}
    row["one-word clips"] = len(words)
    row["word edges, pauses"] = _edges(model, head, words, PAUSE)
    row["word edges, no pauses"] = _edges(model, head, words, 0.0)
    return row | _marked(model, head, groups)


def _times(model: Model, head: Head, samples: Samples, texts: Sequence[str]) -> attention.Times:
    """When texts are said in samples (n,); all of them are."""
    lines = _aligned(model, head, samples, texts, forced=True).lines
    return [(line.start, line.end) if line else (np.nan, np.nan) for line in lines]


def _edges(model: Model, head: Head, clips: Sequence[Utterance], pause: float) -> str:
    """The errors of known edges, where all of the text is aligned."""
    if not clips:
        return "–"
    sound = joined(clips, pause)
    found = _times(model, head, sound.samples, [clip.text for clip in clips])
    errors = np.array(found) - np.array(sound.times)
    return told(errors[np.isfinite(errors)])


def _aligned(model: Model, head: Head, samples: Samples, texts: Sequence[str], forced: bool) -> Alignment:
    logprobs = np.concatenate(list(all_logprobs(model, head, samples)))
    return finished(align(head, logprobs, texts, FORCED if forced else DEFAULTS))


def _marked(model: Model, head: Head, clips: Sequence[Utterance]) -> dict[str, object]:
    """What of the text that is not spoken, and of the speech that is not in the text, is marked."""
    heard = [clip for number, clip in enumerate(clips) if number % FIFTH != 1]
    told = [(clip, number % FIFTH == 1) for number, clip in enumerate(clips) if number % FIFTH != 3]
    sound = joined(heard, PAUSE)
    found = _aligned(model, head, sound.samples, [clip.text for clip, _ in told], forced=False)
    lines = [(line, absent) for line, (_, absent) in zip(found.lines, told, strict=True)]
    absent = [line is None for line, gone in lines if gone]
    spoken = [line is not None for line, gone in lines if not gone]
    known = {clip.id for clip, _ in told}
    strange = [times for clip, times in zip(heard, sound.times, strict=True) if clip.id not in known]
    marked = [any(a < end and start < b for a, b in found.strangers) for start, end in strange]
    return {
        "lines not spoken, marked": f"{sum(absent)} of {len(absent)}",
        "lines spoken, found": f"{sum(spoken)} of {len(spoken)}",
        "clips without text, marked": f"{sum(marked)} of {len(marked)}",
    }
