"""Seconds from a known target to its first token, examples concatenated or encoded independently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from smile.audio.io import read_audio
from smile.bench.engines import median
from smile.bench.latency import lasting
from smile.bench.report import markdown_table, stamp
from smile.corpora import read_corpus
from smile.datatypes import Matrix, Prompt, Samples, Shot, SmileError
from smile.decoding.encoding import encoding_of
from smile.decoding.prompt import build
from smile.whisper.model import SHIPPED_ADAPTER, Model, load_models

COUNTS = 1, 2, 3, 5, 10
LENGTH = 3.0  # seconds of the clips that are taken
WAYS = {"concatenated": SHIPPED_ADAPTER, "independent": SHIPPED_ADAPTER.with_name("independent")}


def run(source: Path, split: str) -> str:
    """Time the clips of a corpus that are nearest to 3 s, one of them as the target -> Markdown.

    Raises:
        SmileError: it has fewer clips than are compared.
    """
    clips = lasting(read_corpus(source, split).utterances, LENGTH, max(COUNTS) + 1)
    if len(clips) <= max(COUNTS):
        raise SmileError(f"The corpus has {len(clips)} clips; name one of {max(COUNTS) + 1} or more.")
    target, *examples = clips
    shots = [Shot(read_audio(e.audio), e.text) for e in examples]
    samples = read_audio(target.audio)
    works = {way: _works(load_models(adapter=folder).smile, samples, shots) for way, folder in WAYS.items()}
    rows = [_row(count, {way: made[i] for way, made in works.items()}) for i, count in enumerate(COUNTS)]
    clip, shot = target.seconds, float(np.mean([e.seconds for e in examples]))
    return f"A clip of {clip:.1f} s, examples of {shot:.1f} s on average; {stamp()}\n\n{markdown_table(rows)}"


def _works(model: Model, samples: Samples, shots: list[Shot]) -> list[tuple[Prompt, Callable[[], Matrix]]]:
    """Return for each number of examples the prompt, and the work until it is read."""
    prompts = [build(model, samples, shots[:count], language="en") for count in COUNTS]
    states = model.encode(samples)  # as retrieval has made them
    return [(prompt, partial(_first, model, prompt, states)) for prompt in prompts]


def _first(model: Model, prompt: Prompt, target: Matrix) -> Matrix:
    """Return the logits of the first token, from the target's states where they are those to decode from."""
    encoding = encoding_of(model.info)
    states = target if encoding.reuses_target else model.encode(prompt.samples)
    session, fed = encoding.prefill(model, prompt, states)
    logits, _ = session.step(np.array([prompt.tokens[fed:]]))
    return logits


def _row(count: int, made: dict[str, tuple[Prompt, Callable[[], Matrix]]]) -> dict[str, object]:
    seconds = {way: median(work) for way, (_, work) in made.items()}
    fitting = {f"{way}, examples that fit": len(prompt.fitting) for way, (prompt, _) in made.items()}
    named = {f"{way}, s": f"{value:.3f}" for way, value in seconds.items()}
    return {
        "examples": count,
        **fitting,
        **named,
        "ratio": f"{seconds['independent'] / seconds['concatenated']:.2f}",
    }
