"""Decoding one token at a time, greedily or with beams, the same for every recognizer.

A decoding is steered and stopped by the small objects of `smile.decoding.processors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DecoderSession, DecodingResult, Prompt, Stopped
from smile.decoding.processors import (
    Beam,
    LengthStop,
    Logits,
    LogitsProcessor,
    LoopStop,
    Mask,
    NoRepeat,
    StoppingCriterion,
    unrepeated,
    whisper_mask,
)
from smile.whisper.logits import log_softmax
from smile.whisper.tokenizer import Tokenizer


@dataclass(frozen=True)
class Control:
    """What a decoding depends on beside model and prompt; equal ones decode alike."""

    beam_size: int = 1  # 1 is greedy
    processors: tuple[LogitsProcessor, ...] = ()
    stopping: tuple[StoppingCriterion, ...] = (LoopStop(),)


GREEDY = Control()


def decode(
    session: DecoderSession, prompt: Prompt, tokenizer: Tokenizer, control: Control = GREEDY, fed: int = 0
) -> Iterator[DecodingResult]:
    """Go on from a prompt, of which the session has been fed the first `fed` tokens.

    Yields the best transcript so far after every token; the last one carries `stopped`. The
    session is spent afterwards.
    """
    logits, hidden = session.step(np.array([prompt.tokens[fed:]]))
    mask = whisper_mask(tokenizer, prompt.timestamps, logits.shape[1])
    search = Search(tokenizer, replace(control, processors=(mask, *control.processors)))
    for _ in range(prompt.max_new_tokens):
        parents = search.advance(logits, hidden[:, -1])
        if search.over:
            break
        yield search.best("")
        if parents != list(range(len(logits))):
            session.reorder(np.array(parents))
        logits, hidden = session.step(np.array([[beam.tokens[-1]] for beam in search.live]))
    yield search.best("max_new_tokens")


class Search:
    """Beams in competition; with one beam this is greedy decoding."""

    def __init__(self, tokenizer: Tokenizer, control: Control):
        self._tokenizer, self._control, self._beams = tokenizer, control, control.beam_size
        self.live = [Beam()]
        self._finished: list[tuple[Beam, DecodingResult]] = []

    @property
    def over(self) -> bool:
        """Return whether enough beams have ended."""
        return len(self._finished) >= self._beams or not self.live

    def advance(self, logits: Logits, hidden: NDArray[np.float32]) -> list[int]:
        """Take logits and hidden states of the live beams; return the parent of each beam that lives on."""
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
            for process in self._control.processors:
                row = process(row, beam, hidden[parent])
            logprobs = log_softmax(row)
            for token in best_of(logprobs, width):
                if np.isfinite(value := float(logprobs[token])):
                    yield parent, Beam((*beam.tokens, int(token)), (*beam.logprobs, value))

    def _ended(self, beam: Beam) -> bool:
        if not self._tokenizer.is_text(beam.tokens[-1]):
            self._finish(beam, len(beam.tokens) - 1, "end")
            return True
        for stop in self._control.stopping:
            if (keep := stop(beam.tokens)) is not None:
                self._finish(beam, keep, stop.reason)
                return True
        return False

    def _finish(self, beam: Beam, keep: int, reason: Literal["end", "loop", "length"]) -> None:
        self._finished.append((beam, self._decoded(beam, keep, reason)))

    def _decoded(self, beam: Beam, keep: int, reason: Stopped) -> DecodingResult:
        tokens = beam.tokens[:keep]
        return DecodingResult(tokens, beam.logprobs[:keep], self._tokenizer.decode(tokens).strip(), reason)

    def best(self, reason: Literal["", "max_new_tokens"]) -> DecodingResult:
        """Pick the likeliest transcript: of those that ended by themselves, of those cut, of live ones."""
        if self._finished and reason:
            ranked = max(self._finished, key=lambda f: (f[1].stopped == "end", f[0].score))
            return ranked[1]
        tokens = self.live[0].tokens
        return self._decoded(self.live[0], len(tokens) if reason else unrepeated(tokens), reason)


def best_of(row: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Return the indices of the n largest values, largest first; the earlier index wins a tie."""
    if n == 1:
        return np.array([row.argmax()])
    top = np.argpartition(-row, n)[:n]
    return top[np.argsort(-row[top], kind="stable")]


__all__ = [
    "GREEDY",
    "Beam",
    "Control",
    "LengthStop",
    "LogitsProcessor",
    "LoopStop",
    "Mask",
    "NoRepeat",
    "Search",
    "StoppingCriterion",
    "decode",
    "unrepeated",
    "whisper_mask",
]
