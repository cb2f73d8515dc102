"""What a head makes of a long recording: log probabilities by windows with sound on both sides of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smile.acoustic.head import Head
from smile.acoustic.states import layer_states
from smile.audio.features import STATES_PER_SECOND
from smile.datatypes import SAMPLE_RATE, Matrix, Samples
from smile.whisper.model import Model

CORE, MARGIN = 11.0, 2.0  # seconds that are taken of a window, and that come before and after them
FRAME = SAMPLE_RATE // STATES_PER_SECOND  # samples


@dataclass(frozen=True)
class Stretch:
    """Frames of a recording that are taken together: the first, and the one after the last."""

    first: int
    last: int


def stretches(samples: Samples) -> list[Stretch]:
    """Return the stretches that cover samples (n,)."""
    frames, core = -(-len(samples) // FRAME), round(CORE * STATES_PER_SECOND)
    return [Stretch(first, min(frames, first + core)) for first in range(0, frames, core)]


def logprobs_of(model: Model, head: Head, samples: Samples, stretch: Stretch) -> Matrix:
    """Return log probabilities (frames, symbols) of a stretch of samples (n,)."""
    margin = round(MARGIN * STATES_PER_SECOND)
    first, last = max(0, stretch.first - margin), stretch.last + margin
    states = layer_states(model, samples[first * FRAME : last * FRAME], head.reads.layers)
    begin = stretch.first - first
    return head(states)[begin : begin + stretch.last - stretch.first]


def all_logprobs(model: Model, head: Head, samples: Samples) -> Iterator[Matrix]:
    """Yield log probabilities (frames, symbols) of samples (n,), stretch by stretch."""
    return (logprobs_of(model, head, samples, stretch) for stretch in stretches(samples))
