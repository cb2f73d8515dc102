"""What steers a decoding and what ends it: small objects of one method, each to be tried alone.

A logits processor changes the distribution of the next token, a stopping criterion looks at what has been
written. Both are frozen: two that are equal do the same, so what was decoded under one holds for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from smile.whisper.tokenizer import Tokenizer

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Beam:
    """A transcript in the making."""

    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """Return the mean log probability, which beams compete by."""
        return sum(self.logprobs) / max(len(self.logprobs), 1)


class LogitsProcessor(Protocol):
    """Changes the distribution of the next token."""

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Logits (vocabulary,), the beam so far, the decoder's last hidden state (d,) -> logits."""
        ...


class StoppingCriterion(Protocol):
    """Ends a transcript."""

    @property
    def reason(self) -> Literal["loop", "length"]:
        """Return what to say of a transcript that it ended."""
        ...

    def __call__(self, tokens: tuple[int, ...]) -> int | None:
        """How many of the tokens to keep if this is where to stop, else None."""
        ...


class Mask:
    """Never choose these tokens; `first` ones neither as the first token."""

    def __init__(self, never: Sequence[int], first: Sequence[int], size: int):
        self._always = np.zeros(size, dtype=np.float32)
        self._always[[t for t in never if t < size]] = -np.inf
        self._first = self._always.copy()
        self._first[[t for t in first if t < size]] = -np.inf

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Logits with the forbidden ones at minus infinity."""
        return logits + (self._always if beam.tokens else self._first)


def whisper_mask(tokenizer: Tokenizer, timestamps: bool, size: int) -> Mask:
    """Return the mask of text and the end; with timestamps one of them may end it too, but not come first."""
    specials = range(tokenizer.end + 1, tokenizer.first_timestamp)
    times = range(tokenizer.first_timestamp, size)
    if timestamps:
        first = [*tokenizer.suppress_first, tokenizer.end, *times]
        return Mask([*tokenizer.suppress, *specials], first, size)
    return Mask([*tokenizer.suppress, *specials, *times], tokenizer.suppress_first, size)


@dataclass(frozen=True)
class NoRepeat:
    """Let no loop begin, so that decoding goes on, mostly to its end, where it would have looped.

    A run of `ngram` tokens does not come twice; a shorter unit that has come twice in a row does not
    begin again, a single token not after its fifth time.
    """

    ngram: int = 6
    copies: int = 2
    single: int = 5

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Logits with the tokens that would repeat at minus infinity."""
        banned = list(self.banned(beam.tokens))
        if not banned:
            return logits
        changed = logits.copy()
        changed[banned] = -np.inf
        return changed

    def banned(self, tokens: tuple[int, ...]) -> Iterator[int]:
        """Yield the tokens that may not come next."""
        start = tokens[len(tokens) - self.ngram + 1 :]
        if len(tokens) >= self.ngram:
            places = range(len(tokens) - self.ngram + 1)
            yield from (tokens[i + self.ngram - 1] for i in places if tokens[i : i + self.ngram - 1] == start)
        for unit in range(1, self.ngram):
            copies = self.single if unit == 1 else self.copies
            tail = tokens[-unit * copies :]
            alike = len(tokens) >= unit * copies and tail == tail[:unit] * copies
            if alike and (unit == 1 or len(set(tail)) > 1):
                yield tail[0]


@dataclass(frozen=True)
class LoopStop:
    """Stop where the end repeats itself, and keep one copy.

    A unit of several tokens is a loop at its third copy (METHOD: loops cut at the third repeat);
    a single token, which may be a drawn-out letter, only at its sixth.
    """

    copies: int = 3
    single: int = 6
    longest: int = 40  # tokens of a unit
    reason: Literal["loop"] = "loop"

    def __call__(self, tokens: tuple[int, ...]) -> int | None:
        """The length without the repeated copies, or None."""
        for unit in range(1, self.longest + 1):
            copies = self.single if unit == 1 else self.copies
            if unit * copies > len(tokens):
                break
            tail = tokens[-unit * copies :]
            if tail == tail[:unit] * copies:
                return len(tokens) - unit * (copies - 1)
        return None


@dataclass(frozen=True)
class LengthStop:
    """Stop a transcript of more characters than the target's seconds can hold."""

    characters: int
    tokenizer: Tokenizer
    reason: Literal["length"] = "length"

    def __call__(self, tokens: tuple[int, ...]) -> int | None:
        """The length up to the bound, or None."""
        over = len(self.tokenizer.decode(tokens).strip()) > self.characters
        return len(tokens) - 1 if over else None


def unrepeated(tokens: tuple[int, ...], longest: int = 40) -> int:
    """Return how many tokens of a transcript in the making to show; its end may be the beginning of a loop.

    What says again what stands up to `longest` tokens before it waits until something else follows.
    """
    held = 0
    for unit in range(1, min(longest, len(tokens) - 1) + 1):
        pairs = zip(reversed(tokens), reversed(tokens[:-unit]), strict=False)
        held = max(held, next((i for i, (a, b) in enumerate(pairs) if a != b), len(tokens) - unit))
    return len(tokens) - held
