"""The in-context format, defined once: examples and target as one stretch of audio and one token prefix.

Audio: the examples, nearest last, then the target (paper: concatenated and padded to 30 s).
Audio in cached context: each clip by itself, its times counted from its own start (`smile.decoding.context`).
Tokens, plain:    <|sot|> <|lang|> <|transcribe|> <|notimestamps|> " text text"
Tokens, anchored: <|sot|> <|lang|> <|transcribe|> <|t0|> " text" <|t1|> <|t1|> " text" <|t2|> <|t2|>
with Whisper's own timestamp tokens at the examples' true places; the target starts at the last one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from smile.audio.io import SAMPLE_RATE, STATES_PER_SECOND, WINDOW
from smile.datatypes import Part, Prompt, Samples, Shot, SmileError
from smile.whisper.tokenizer import Vocabulary

STATE_SAMPLES = SAMPLE_RATE // STATES_PER_SECOND  # 20 ms, a timestamp step
CONTEXT = 448  # positions of Whisper's decoder
HEAD = 3  # tokens that every prompt begins with
RESERVE_PER_SECOND = 16  # tokens kept free for each second of the target
RESERVE = (64, 224)  # least and most tokens kept free


def build(
    vocabulary: Vocabulary,
    target: Samples,
    shots: Sequence[Shot] = (),
    *,
    language: str,
    anchored: bool = True,
    window: float = WINDOW,
    context: int = CONTEXT,
    cached: bool = False,
) -> Prompt:
    """Put the examples (nearest first) in front of the target.

    What does not fit into the window's seconds (unless `cached`) or the decoder's positions is left
    out, farthest first; `Prompt.shots` has the indices of those kept, in the order of the audio.

    Raises:
        SmileError: cached context without timestamps, by which the clips are told apart.
    """
    if cached and not anchored:
        raise SmileError("This adapter hears examples apart and needs the anchored prompt; choose that.")
    target = whole_states(target)
    clips = [whole_states(shot.samples) for shot in shots]
    texts = [vocabulary.encode(" " + shot.text.strip()) for shot in shots]
    seconds = len(target) / SAMPLE_RATE
    kept = fitting(
        [len(c) / SAMPLE_RATE for c in clips],
        [len(t) + 2 * anchored for t in texts],
        math.inf if cached else window - seconds,
        context - 5 - reserve(seconds),
    )
    order = tuple(reversed(range(kept)))
    *places, (start, _) = spans([len(clips[i]) / SAMPLE_RATE for i in order] + [seconds], cached)
    examples = [texts[i] for i in order]
    tail = plain(vocabulary, examples)
    if anchored:
        tail = [*anchors(vocabulary, examples, places), vocabulary.timestamp(start)]
    tokens = (*head(vocabulary, language), *tail)
    sounds, room = [clips[i] for i in order], context - len(tokens)
    if cached:
        return Prompt(target, tokens, start, order, anchored, room, _parts(sounds, examples))
    return Prompt(np.concatenate([*sounds, target]), tokens, start, order, anchored, room)


def _parts(sounds: Sequence[Samples], texts: Sequence[list[int]]) -> tuple[Part, ...]:
    """Each example with its tokens: the text and both timestamps; those of the head belong to the first."""
    firsts = [HEAD, *([0] * len(sounds))]
    return tuple(Part(s, first + len(t) + 2) for s, t, first in zip(sounds, texts, firsts, strict=False))


def head(vocabulary: Vocabulary, language: str) -> tuple[int, int, int]:
    """What every prompt begins with."""
    return vocabulary.start, vocabulary.language(language), vocabulary.transcribe


def spans(seconds: Sequence[float], cached: bool = False) -> list[tuple[float, float]]:
    """Start and end of each of so many clips: one after the other, or in cached context each from 0 on."""
    if cached:
        return [(0.0, s) for s in seconds]
    return list(pairwise(accumulate(seconds, initial=0.0)))


def vanilla(vocabulary: Vocabulary, target: Samples, language: str, context: int = CONTEXT) -> Prompt:
    """Whisper's own prompt, without examples and without timestamps."""
    return build(vocabulary, target, language=language, anchored=False, context=context)


def whole_states(samples: Samples) -> Samples:
    """Pad with silence to whole 20 ms encoder states."""
    return np.pad(samples, (0, -len(samples) % STATE_SAMPLES))


def reserve(seconds: float) -> int:
    """Tokens to keep free for the transcript of a target of that length."""
    return int(np.clip(seconds * RESERVE_PER_SECOND, *RESERVE))


def fitting(seconds: Sequence[float], tokens: Sequence[int], room: float, places: int) -> int:
    """How many examples, taken in order, fit into so many seconds and so many tokens."""
    fits = [
        s <= room + 1e-6 and t <= places for s, t in zip(accumulate(seconds), accumulate(tokens), strict=True)
    ]
    return fits.index(False) if False in fits else len(fits)


def anchors(
    vocabulary: Vocabulary, texts: Sequence[list[int]], places: Sequence[tuple[float, float]]
) -> list[int]:
    """Each text between its clip's timestamps; `places` are starts and ends in seconds."""
    tokens = []
    for text, (start, end) in zip(texts, places, strict=True):
        tokens += [vocabulary.timestamp(start), *text, vocabulary.timestamp(end)]
    return tokens


def plain(vocabulary: Vocabulary, texts: Sequence[list[int]]) -> list[int]:
    """The texts in a row behind <|notimestamps|>."""
    return [vocabulary.no_timestamps, *(token for text in texts for token in text)]
