"""The in-context format, defined once: examples and target as one stretch of audio and one token prefix.

Audio: the examples, nearest last, then the target (paper: concatenated and padded to 30 s).
Tokens, plain:    <|sot|> <|lang|> <|transcribe|> <|notimestamps|> " text text"
Tokens, anchored: <|sot|> <|lang|> <|transcribe|> <|t0|> " text" <|t1|> <|t1|> " text" <|t2|> <|t2|>
with Whisper's own timestamp tokens at the examples' true places; the target starts at the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from smile.audio import SAMPLE_RATE, STATES_PER_SECOND, WINDOW
from smile.datatypes import Prompt, Samples, Shot
from smile.vocabulary import Vocabulary

STATE_SAMPLES = SAMPLE_RATE // STATES_PER_SECOND  # 20 ms, a timestamp step
CONTEXT = 448  # positions of Whisper's decoder
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
) -> Prompt:
    """Put the examples (nearest first) in front of the target.

    What does not fit into the window's seconds or the decoder's positions is left out, farthest
    first; `Prompt.shots` has the indices of those kept, in the order of the audio.
    """
    target = whole_states(target)
    clips = [whole_states(shot.samples) for shot in shots]
    texts = [vocabulary.encode(" " + shot.text.strip()) for shot in shots]
    seconds = len(target) / SAMPLE_RATE
    kept = fitting(
        [len(c) / SAMPLE_RATE for c in clips],
        [len(t) + 2 * anchored for t in texts],
        window - seconds,
        context - 5 - reserve(seconds),
    )
    order = tuple(reversed(range(kept)))
    ends = list(accumulate((len(clips[i]) / SAMPLE_RATE for i in order), initial=0.0))
    head = (vocabulary.start, vocabulary.language(language), vocabulary.transcribe)
    examples = [texts[i] for i in order]
    tail = anchors(vocabulary, examples, ends) if anchored else plain(vocabulary, examples)
    samples = np.concatenate([*(clips[i] for i in order), target])
    tokens = (*head, *tail)
    return Prompt(samples, tokens, ends[-1], order, anchored, context - len(tokens))


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


def anchors(vocabulary: Vocabulary, texts: Sequence[list[int]], ends: Sequence[float]) -> list[int]:
    """Each text between its clip's timestamps, then the target's start; `ends` has one more than texts."""
    tokens = []
    for text, start, end in zip(texts, ends, ends[1:], strict=False):
        tokens += [vocabulary.timestamp(start), *text, vocabulary.timestamp(end)]
    return [*tokens, vocabulary.timestamp(ends[-1])]


def plain(vocabulary: Vocabulary, texts: Sequence[list[int]]) -> list[int]:
    """The texts in a row behind <|notimestamps|>."""
    return [vocabulary.no_timestamps, *(token for text in texts for token in text)]
