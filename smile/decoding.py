"""Decoding one token at a time, greedily or with beams, the same for every recognizer.

A decoding is steered by small objects: a `Mask` or any other callable changes a distribution,
a stop looks at what has been written. Both are plain callables and can be tried alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Decoded, DecoderSession, Opening, Prompt
from smile.vocabulary import Vocabulary

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Beam:
    """A transcript in the making."""

    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """Mean log probability: what beams compete by."""
        return sum(self.logprobs) / max(len(self.logprobs), 1)


class Steering(Protocol):
    """Changes the distribution of the next token."""

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Logits (vocabulary,), the beam so far, the decoder's last hidden state (d,) -> logits."""
        ...


class Stop(Protocol):
    """Ends a transcript."""

    @property
    def reason(self) -> Literal["loop", "length"]:
        """What to say of a transcript that it ended."""
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


def whisper_mask(vocabulary: Vocabulary, anchored: bool, size: int) -> Mask:
    """Text and the end; in an anchored prompt a timestamp may end it too, but not come first."""
    specials = range(vocabulary.end + 1, vocabulary.first_timestamp)
    timestamps = range(vocabulary.first_timestamp, size)
    if anchored:
        first = [*vocabulary.suppress_first, vocabulary.end, *timestamps]
        return Mask([*vocabulary.suppress, *specials], first, size)
    return Mask([*vocabulary.suppress, *specials, *timestamps], vocabulary.suppress_first, size)


@dataclass(frozen=True)
class NoRepeat:
    """Steering: no loop begins, so that decoding goes on, mostly to its end, where it would have looped.

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
        """Tokens that may not come next."""
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
    vocabulary: Vocabulary
    reason: Literal["length"] = "length"

    def __call__(self, tokens: tuple[int, ...]) -> int | None:
        """The length up to the bound, or None."""
        over = len(self.vocabulary.decode(tokens).strip()) > self.characters
        return len(tokens) - 1 if over else None


def listen(session: DecoderSession, vocabulary: Vocabulary) -> Opening:
    """Feed <|startoftranscript|> to a new session and read language and no-speech off what follows."""
    logits, _ = session.step(np.array([[vocabulary.start]]))
    codes = list(vocabulary.languages)
    languages = softmax(logits[0, list(vocabulary.languages.values())])
    best = int(languages.argmax())
    no_speech = float(softmax(logits[0])[vocabulary.no_speech])
    return Opening(codes[best], float(languages[best]), no_speech)


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
                value = float(logprobs[token])
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
        return self._decoded(self.live[0], len(self.live[0].tokens), reason)


def best_of(row: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Indices of the n largest values, largest first; the earlier index wins a tie."""
    if n == 1:
        return np.array([row.argmax()])
    top = np.argpartition(-row, n)[:n]
    return top[np.argsort(-row[top], kind="stable")]


def log_softmax(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities of logits (vocabulary,)."""
    shifted = row - row.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def softmax(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits (vocabulary,)."""
    return np.exp(log_softmax(row))


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
    "listen",
    "whisper_mask",
]
