"""Decoding one token at a time, greedily or with beams, the same for every recognizer.

A decoding is steered and ended by the small objects of `smile.decoding.processors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Decoded, DecoderSession, Prompt
from smile.decoding.processors import (
    Beam,
    LengthStop,
    Logits,
    LoopStop,
    Mask,
    NoRepeat,
    Steering,
    Stop,
    unrepeated,
    whisper_mask,
)
from smile.whisper.logits import log_softmax
from smile.whisper.tokenizer import Vocabulary


def decode(
    session: DecoderSession,
    prompt: Prompt,
    vocabulary: Vocabulary,
    *,
    fed: int = 0,
    beams: int = 1,
    steering: Sequence[Steering] = (),
    stops: Sequence[Stop] = (LoopStop(),),
) -> Iterator[Decoded]:
    """Go on from a prompt, of which the session has been fed the first `fed` tokens.

    Yields the best transcript so far after every token; the last one carries `stopped`. The
    session is spent afterwards.
    """
    logits, hidden = session.step(np.array([prompt.tokens[fed:]]))
    mask = whisper_mask(vocabulary, prompt.anchored, logits.shape[1])
    search = Search(vocabulary, beams, [mask, *steering], stops)
    for _ in range(prompt.room):
        parents = search.advance(logits, hidden[:, -1])
        if search.over:
            break
        yield search.best("")
        if parents != list(range(len(logits))):
            session.reorder(np.array(parents))
        logits, hidden = session.step(np.array([[beam.tokens[-1]] for beam in search.live]))
    yield search.best("room")


class Search:
    """Beams in competition; with one beam this is greedy decoding."""

    def __init__(
        self, vocabulary: Vocabulary, beams: int, steering: Sequence[Steering], stops: Sequence[Stop]
    ):
        self._vocabulary, self._beams, self._steering, self._stops = vocabulary, beams, steering, stops
        self.live = [Beam()]
        self._finished: list[tuple[Beam, Decoded]] = []

    @property
    def over(self) -> bool:
        """Whether enough beams have ended."""
        return len(self._finished) >= self._beams or not self.live

    def advance(self, logits: Logits, hidden: NDArray[np.float32]) -> list[int]:
        """Logits and hidden states of the live beams -> the parent of each beam that lives on."""
        candidates = sorted(self._candidates(logits, hidden), key=lambda c: -sum(c[1].logprobs))
        live: list[Beam] = []
        parents: list[int] = []
        for parent, beam in candidates:
            if not self._ended(beam):
                live.append(beam)
                parents.append(parent)
            if len(live) == self._beams or len(self._finished) >= self._beams:
                break
        self.live = live
        return parents

    def _candidates(self, logits: Logits, hidden: NDArray[np.float32]) -> Iterator[tuple[int, Beam]]:
        width = 1 if self._beams == 1 else self._beams + 1
        for parent, beam in enumerate(self.live):
            row = logits[parent]
            for steer in self._steering:
                row = steer(row, beam, hidden[parent])
            logprobs = log_softmax(row)
            for token in best_of(logprobs, width):
                if np.isfinite(value := float(logprobs[token])):
                    yield parent, Beam((*beam.tokens, int(token)), (*beam.logprobs, value))

    def _ended(self, beam: Beam) -> bool:
        if not self._vocabulary.is_text(beam.tokens[-1]):
            self._finish(beam, len(beam.tokens) - 1, "end")
            return True
        for stop in self._stops:
            if (keep := stop(beam.tokens)) is not None:
                self._finish(beam, keep, stop.reason)
                return True
        return False

    def _finish(self, beam: Beam, keep: int, reason: Literal["end", "loop", "length"]) -> None:
        self._finished.append((beam, self._decoded(beam, keep, reason)))

    def _decoded(
        self, beam: Beam, keep: int, reason: Literal["", "end", "loop", "length", "room"]
    ) -> Decoded:
        tokens = beam.tokens[:keep]
        return Decoded(tokens, beam.logprobs[:keep], self._vocabulary.decode(tokens).strip(), reason)

    def best(self, reason: Literal["", "room"]) -> Decoded:
        """The likeliest transcript: of those that ended by themselves, of those cut, of the live ones."""
        if self._finished and reason:
            ranked = max(self._finished, key=lambda f: (f[1].stopped == "end", f[0].score))
            return ranked[1]
        tokens = self.live[0].tokens
        return self._decoded(self.live[0], len(tokens) if reason else unrepeated(tokens), reason)


def best_of(row: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Indices of the n largest values, largest first; the earlier index wins a tie."""
    if n == 1:
        return np.array([row.argmax()])
    top = np.argpartition(-row, n)[:n]
    return top[np.argsort(-row[top], kind="stable")]


__all__ = [
    "Beam",
    "LengthStop",
    "LoopStop",
    "Mask",
    "NoRepeat",
    "Search",
    "Steering",
    "Stop",
    "decode",
    "unrepeated",
    "whisper_mask",
]
