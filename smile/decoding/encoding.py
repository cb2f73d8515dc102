"""How examples are encoded: concatenated with the target in one pass, or each independently of the others.

Independently encoded, the tokens of a clip, example or target, attend to that clip's own encoder states; what
they learn of each other passes through the decoder's self-attention alone. So the states of an example are
those of the clip at the window's start, whatever stands beside it: they are made once and kept, and an
example costs neither an encoder pass nor seconds of the window.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smile.audio.features import WINDOW
from smile.datatypes import (
    SAMPLE_RATE,
    DecoderSession,
    Matrix,
    Prompt,
    PromptExample,
    RecognizerInfo,
    Samples,
)
from smile.whisper.encoder import SILENCE, own_frames
from smile.whisper.model import Model

ENDS = 0.04  # seconds that two clips may take up beyond their own, in whole encoder states
KEPT = 512  # clips whose states stay in memory, about 0.3 MB each


class Encoding(Protocol):
    """A way to encode examples and target."""

    needs_timestamps: bool  # whether the clips are told apart by timestamps alone
    reuses_target: bool  # whether the target's own states are those that it is decoded from

    def spare(self, target: float) -> float:
        """Return the seconds that all examples together may last beside a target of that many."""
        ...

    def longest(self, target: float) -> float:
        """Return the seconds that one example may last beside a target of that many."""
        ...

    def spans(self, seconds: Sequence[float]) -> list[tuple[float, float]]:
        """Return start and end of each clip as its timestamps have them, of clips that last so long."""
        ...

    def arrange(
        self, sounds: Sequence[Samples], target: Samples, tokens: Sequence[int]
    ) -> tuple[Samples, tuple[PromptExample, ...]]:
        """Return what is encoded together with the target, and the examples that are encoded by themselves.

        `tokens` are the numbers of the prompt's tokens that belong to each example.
        """
        ...

    def clip_states(self, model: Model, samples: Samples) -> Matrix:
        """Return the states (frames, d) of a clip of a pool that is read as a target."""
        ...

    def prefill(self, model: Model, prompt: Prompt, states: Matrix) -> tuple[DecoderSession, int]:
        """Return a session that attends to the target, and how many of the prompt's tokens it has been fed.

        `states` are those of `prompt.samples`, in the window that holds them.
        """
        ...


class Concatenated:
    """Examples and target are one stretch of audio, as the paper has it."""

    needs_timestamps = False
    reuses_target = False

    def spare(self, target: float) -> float:
        return WINDOW - target

    def longest(self, target: float) -> float:
        return WINDOW - ENDS - target

    def spans(self, seconds: Sequence[float]) -> list[tuple[float, float]]:
        return list(pairwise(accumulate(seconds, initial=0.0)))

    def arrange(
        self, sounds: Sequence[Samples], target: Samples, tokens: Sequence[int]
    ) -> tuple[Samples, tuple[PromptExample, ...]]:
        return np.concatenate([*sounds, target]), ()

    def clip_states(self, model: Model, samples: Samples) -> Matrix:
        return model.encode(samples)

    def prefill(self, model: Model, prompt: Prompt, states: Matrix) -> tuple[DecoderSession, int]:
        return model.decoder(states), 0


class Independent:
    """Each clip is encoded by itself, and its tokens attend to its own states."""

    needs_timestamps = True
    reuses_target = True

    def spare(self, target: float) -> float:
        return float("inf")

    def longest(self, target: float) -> float:
        return WINDOW - ENDS

    def spans(self, seconds: Sequence[float]) -> list[tuple[float, float]]:
        return [(0.0, s) for s in seconds]

    def arrange(
        self, sounds: Sequence[Samples], target: Samples, tokens: Sequence[int]
    ) -> tuple[Samples, tuple[PromptExample, ...]]:
        return target, tuple(map(PromptExample, sounds, tokens))

    def clip_states(self, model: Model, samples: Samples) -> Matrix:
        return encoder_states(model)(samples)

    def prefill(self, model: Model, prompt: Prompt, states: Matrix) -> tuple[DecoderSession, int]:
        target, fed = trimmed(states, prompt.samples), 0
        if not prompt.examples:
            return model.decoder(target), fed
        kept = encoder_states(model)
        session = None
        for example in prompt.examples:
            own = kept(example.samples)
            if session is None:
                session = model.decoder(own)
            else:
                session.attend(own)
            session.step(np.array([prompt.tokens[fed : fed + example.tokens]]))
            fed += example.tokens
        assert session is not None
        session.attend(target)
        return session, fed


ENCODINGS: dict[str, Encoding] = {"concatenated": Concatenated(), "independent": Independent()}


def encoding_of(info: RecognizerInfo) -> Encoding:
    """Return how a recognizer was trained to have examples encoded."""
    return ENCODINGS[info.encoding]


def trimmed(states: Matrix, samples: Samples) -> Matrix:
    """Return a clip's states and those of some silence after it, which say that it ends."""
    return own_frames(states, len(samples) / SAMPLE_RATE + SILENCE)


class EncoderStates:
    """Encoder states by what was encoded; those not asked for the longest are forgotten first."""

    def __init__(self, model: Model, size: int = KEPT):
        self._model, self._size = model, size
        self._kept: OrderedDict[bytes, NDArray[np.float16]] = OrderedDict()

    def __call__(self, samples: Samples) -> Matrix:
        """Return the states (frames, d) of a clip and of the silence after it."""
        key = hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
        states = self._kept.pop(key, None)
        if states is None:
            states = trimmed(self._model.encode(samples), samples).astype(np.float16)
        self._kept[key] = states
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return states.astype(np.float32)

    def forget(self) -> None:
        """Forget everything."""
        self._kept.clear()


@lru_cache(maxsize=4)
def encoder_states(model: Model) -> EncoderStates:
    """Return the states that this process keeps of a model."""
    return EncoderStates(model)
