"""How a decoder hears a prompt: joined audio in one pass, or in cached context each clip by itself.

In cached context the tokens of a clip, example or target, attend to that clip's own encoder states; what
they learn of each other passes through the decoder's self-attention alone. So the states of an example are
those of the clip at the window's start, whatever stands beside it: they are made once and kept, and an
example costs neither an encoder pass nor seconds of the window.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import SAMPLE_RATE, WINDOW
from smile.datatypes import DecoderSession, Matrix, Prompt, Recognizer, Samples
from smile.whisper.encoder import SILENCE, encode, own_frames

ENDS = 0.04  # seconds that two clips may take up beyond their own, in whole encoder states
KEPT = 512  # clips whose states stay in memory, about 0.3 MB each

Encoded = Callable[[Samples], Matrix]


def opened(recognizer: Recognizer, prompt: Prompt, encoded: Encoded) -> tuple[DecoderSession, int]:
    """A decoding that has heard the prompt's audio, and how many of its tokens it has been fed.

    `encoded` gives the states (frames, d) of the window that holds some samples.
    """
    target, fed = encoded(prompt.samples), 0
    if recognizer.info.cached:
        target = heard(target, prompt.samples)
    if not prompt.parts:
        return recognizer.decoder(target), fed
    states = [heard(encoded(part.samples), part.samples) for part in prompt.parts]
    session = recognizer.decoder(states[0])
    for part, own in zip(prompt.parts, states, strict=True):
        if fed:
            session.attend(own)
        session.step(np.array([prompt.tokens[fed : fed + part.tokens]]))
        fed += part.tokens
    session.attend(target)
    return session, fed


def room(seconds: float, cached: bool) -> float:
    """Seconds that an example may last: what a target leaves of the window, in cached context all of it."""
    return WINDOW - ENDS - (0.0 if cached else seconds)


def beside(prompt: Prompt, states: Matrix, recognizer: Recognizer, windows: Sequence[float]) -> Encoded:
    """For `opened`: the target's states are there already, those of examples come from memory."""
    return lambda samples: states if samples is prompt.samples else memory(recognizer, windows)(samples)


def hearing(recognizer: Recognizer, windows: Sequence[float]) -> Encoded:
    """For `opened`: joined audio is encoded anew, clips that are heard apart come from memory."""
    if recognizer.info.cached:
        return memory(recognizer, windows)
    return partial(encode, recognizer, windows=windows)


def heard(states: Matrix, samples: Samples) -> Matrix:
    """A clip's states and those of some silence after it, which say that it ends."""
    return own_frames(states, len(samples) / SAMPLE_RATE + SILENCE)


class Memory:
    """Encoder states by what was heard; those not asked for the longest are forgotten first."""

    def __init__(self, recognizer: Recognizer, windows: Sequence[float], size: int = KEPT):
        self._recognizer, self._windows, self._size = recognizer, windows, size
        self._kept: OrderedDict[bytes, NDArray[np.float16]] = OrderedDict()

    def __call__(self, samples: Samples) -> Matrix:
        """States (frames, d) of a clip and of the silence after it."""
        key = hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
        states = self._kept.pop(key, None)
        if states is None:
            states = heard(encode(self._recognizer, samples, self._windows), samples).astype(np.float16)
        self._kept[key] = states
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return states.astype(np.float32)

    def forget(self) -> None:
        """Everything."""
        self._kept.clear()


def memory(recognizer: Recognizer, windows: Sequence[float]) -> Memory:
    """The one of a recognizer in this process."""
    return _memory(recognizer, tuple(windows))  # type: ignore[arg-type]  # engines are hashable


@lru_cache(maxsize=4)
def _memory(recognizer: Recognizer, windows: tuple[float, ...]) -> Memory:
    return Memory(recognizer, windows)
