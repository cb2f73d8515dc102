"""Seconds from a known target to its first token: examples joined with its audio, and heard apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from smile.audio.io import read
from smile.bench.engines import median
from smile.bench.latency import lasting
from smile.bench.report import stamp, table
from smile.corpora import read as read_corpus
from smile.datatypes import Matrix, Prompt, Recognizer, Samples, Shot, SmileError
from smile.decoding.context import Encoded, beside, opened
from smile.decoding.prompt import build
from smile.settings import WINDOWS
from smile.whisper.encoder import encode
from smile.whisper.model import SHIPPED_ADAPTER, Models, load_models

COUNTS = 1, 2, 3, 5, 10
LENGTH = 3.0  # seconds of the clips that are taken
WAYS = {"joined": SHIPPED_ADAPTER, "cached": SHIPPED_ADAPTER.with_name("cached")}


def run(source: Path, split: str) -> str:
    """Time the clips of a corpus that are nearest to 3 s, one of them as the target -> Markdown.

    Raises:
        SmileError: it has fewer clips than are compared.
    """
    clips = lasting(read_corpus(source, split).utterances, LENGTH, max(COUNTS) + 1)
    if len(clips) <= max(COUNTS):
        raise SmileError(f"The corpus has {len(clips)} clips; name one of {max(COUNTS) + 1} or more.")
    target, *examples = clips
    shots = [Shot(read(e.audio), e.text) for e in examples]
    samples = read(target.audio)
    works = {way: _works(load_models(adapter=folder), samples, shots) for way, folder in WAYS.items()}
    rows = [_row(count, {way: made[i] for way, made in works.items()}) for i, count in enumerate(COUNTS)]
    clip, shot = target.seconds, float(np.mean([e.seconds for e in examples]))
    return f"A clip of {clip:.1f} s, examples of {shot:.1f} s on average; {stamp()}\n\n{table(rows)}"


def _works(models: Models, samples: Samples, shots: list[Shot]) -> list[tuple[Prompt, Callable[[], Matrix]]]:
    """For each number of examples the prompt, and the work until it is read."""
    cached = models.smile.info.cached
    prompts = [
        build(models.vocabulary, samples, shots[:count], language="en", cached=cached) for count in COUNTS
    ]
    states = encode(models.smile, samples)  # as retrieval has made them
    joined = partial(encode, models.smile, windows=WINDOWS)
    heard = [beside(p, states, models.smile, WINDOWS) if cached else joined for p in prompts]
    return [(p, partial(_first, models.smile, p, h)) for p, h in zip(prompts, heard, strict=True)]


def _first(recognizer: Recognizer, prompt: Prompt, encoded: Encoded) -> Matrix:
    session, fed = opened(recognizer, prompt, encoded)
    logits, _ = session.step(np.array([prompt.tokens[fed:]]))
    return logits


def _row(count: int, made: dict[str, tuple[Prompt, Callable[[], Matrix]]]) -> dict[str, object]:
    seconds = {way: median(work) for way, (_, work) in made.items()}
    fitting = {f"{way}, examples that fit": len(prompt.shots) for way, (prompt, _) in made.items()}
    named = {f"{way}, s": f"{value:.3f}" for way, value in seconds.items()}
    return {"examples": count, **fitting, **named, "ratio": f"{seconds['cached'] / seconds['joined']:.2f}"}
