"""The in-context format, defined once: examples and target as audio and one token prefix.

Audio, concatenated: the examples, nearest last, then the target (paper: concatenated and padded to 30 s).
Audio, independent: each clip by itself, its times counted from its own start (`smile.decoding.encoding`).
Tokens without timestamps: <|sot|> <|lang|> <|transcribe|> <|notimestamps|> " text text"
Tokens with timestamps:    <|sot|> <|lang|> <|transcribe|> <|t0|> " text" <|t1|> <|t1|> " text" <|t2|> <|t2|>
with Whisper's own timestamp tokens at the examples' true places; the target starts at the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from smile.audio.features import STATES_PER_SECOND
from smile.datatypes import SAMPLE_RATE, Prompt, Samples, Shot, SmileError
from smile.decoding.encoding import encoding_of
from smile.whisper.model import Model
from smile.whisper.tokenizer import Tokenizer

STATE_SAMPLES = SAMPLE_RATE // STATES_PER_SECOND  # 20 ms, a timestamp step
CONTEXT = 448  # positions of Whisper's decoder
HEAD = 3  # tokens that every prompt begins with
RESERVE_PER_SECOND = 16  # tokens kept free for each second of the target
RESERVE = (64, 224)  # least and most tokens kept free


def build(
    model: Model, target: Samples, shots: Sequence[Shot] = (), *, language: str, timestamps: bool = True
) -> Prompt:
    """Put the examples (nearest first) in front of the target.

    What does not fit into the window's seconds (concatenated) or the decoder's positions is left
    out, farthest first; `Prompt.fitting` has the indices of those kept, in the order of the audio.

    Raises:
        SmileError: an adapter that needs timestamps, by which the clips are told apart, and none wanted.
    """
    tokenizer, encoding = model.tokenizer, encoding_of(model.info)
    if encoding.needs_timestamps and not timestamps:
        raise SmileError("This adapter needs the prompt with timestamps; choose that.")
    target = whole_states(target)
    clips = [whole_states(shot.samples) for shot in shots]
    texts = [tokenizer.encode(" " + shot.text.strip()) for shot in shots]
    seconds = len(target) / SAMPLE_RATE
    kept = fitting(
        [len(c) / SAMPLE_RATE for c in clips],
        [len(t) + 2 * timestamps for t in texts],
        encoding.spare(seconds),
        model.context - 5 - reserve(seconds),
    )
    order = tuple(reversed(range(kept)))
    *places, (start, _) = encoding.spans([len(clips[i]) / SAMPLE_RATE for i in order] + [seconds])
    examples = [texts[i] for i in order]
    tail = untimed(tokenizer, examples)
    if timestamps:
        tail = [*timed(tokenizer, examples, places), tokenizer.timestamp(start)]
    tokens = (*head(tokenizer, language), *tail)
    samples, apart = encoding.arrange([clips[i] for i in order], target, _owned(examples))
    return Prompt(samples, tokens, start, order, timestamps, model.context - len(tokens), apart)


def _owned(texts: Sequence[list[int]]) -> list[int]:
    """Return how many tokens belong to each example: the text and both timestamps; the head to the first."""
    firsts = [HEAD, *([0] * len(texts))]
    return [first + len(text) + 2 for text, first in zip(texts, firsts, strict=False)]


def head(tokenizer: Tokenizer, language: str) -> tuple[int, int, int]:
    """Return what every prompt begins with."""
    return tokenizer.start, tokenizer.language(language), tokenizer.transcribe


def vanilla(model: Model, target: Samples, language: str) -> Prompt:
    """Return Whisper's own prompt, without examples and without timestamps."""
    return build(model, target, language=language, timestamps=False)


def whole_states(samples: Samples) -> Samples:
    """Pad with silence to whole 20 ms encoder states."""
    return np.pad(samples, (0, -len(samples) % STATE_SAMPLES))


def reserve(seconds: float) -> int:
    """Return the number of tokens to keep free for the transcript of a target of that length."""
    return int(np.clip(seconds * RESERVE_PER_SECOND, *RESERVE))


def fitting(seconds: Sequence[float], tokens: Sequence[int], spare: float, places: int) -> int:
    """Return how many examples, taken in order, fit into so many seconds and so many tokens."""
    fits = [
        s <= spare + 1e-6 and t <= places
        for s, t in zip(accumulate(seconds), accumulate(tokens), strict=True)
    ]
    return fits.index(False) if False in fits else len(fits)


def timed(
    tokenizer: Tokenizer, texts: Sequence[list[int]], places: Sequence[tuple[float, float]]
) -> list[int]:
    """Return each text between its clip's timestamps; `places` are starts and ends in seconds."""
    tokens = []
    for text, (start, end) in zip(texts, places, strict=True):
        tokens += [tokenizer.timestamp(start), *text, tokenizer.timestamp(end)]
    return tokens


def untimed(tokenizer: Tokenizer, texts: Sequence[list[int]]) -> list[int]:
    """Return the texts in a row behind <|notimestamps|>."""
    return [tokenizer.no_timestamps, *(token for text in texts for token in text)]
