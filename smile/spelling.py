"""Steering that keeps a transcript to the characters of a pool, over Whisper's byte-level tokens.

A token may hold part of a character's UTF-8 bytes, so which tokens may follow depends on the bytes that are
still waiting for the rest of their character.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smile.steering import Beam, Logits
from smile.vocabulary import Vocabulary

PENALTY = (
    4.0  # log units that "soft" takes off a token that leaves the characters (recovered by nobody: ours)
)
LONGEST = 4  # bytes of a character in UTF-8

Allowance = NDArray[np.bool_]  # (vocabulary.end,) whether a token of text may follow


class Allowed:
    """Steering: no token (hard) or hardly a token (a penalty) that would write another character.

    In hard mode a character that has been begun must be ended before the transcript may.

    Args:
        characters: the code points that may be written.
        penalty: log units taken off others; infinite for "hard".
    """

    def __init__(self, vocabulary: Vocabulary, characters: frozenset[str], penalty: float = np.inf):
        self._vocabulary, self._penalty = vocabulary, penalty
        self._spelling = _spelling(vocabulary, characters)

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Logits with the tokens that leave the characters lowered or at minus infinity."""
        waiting = self._vocabulary.waiting(beam.tokens)
        allowance, end = self._spelling.after(waiting), self._vocabulary.end
        changed = logits.copy()
        changed[:end][~allowance] -= self._penalty
        if waiting:
            changed[end:] -= self._penalty
        if np.isfinite(changed).any():
            return changed
        return self._way_out(allowance, bool(waiting), len(logits))

    def _way_out(self, allowance: Allowance, begun: bool, size: int) -> Logits:
        """Where other steering has ruled out all that is allowed: end the character, then the text."""
        logits = np.full(size, -np.inf, dtype=np.float32)
        if begun:
            logits[: self._vocabulary.end][allowance] = 0.0
        else:
            logits[self._vocabulary.end] = 0.0
        return logits


class Spelling:
    """Which tokens may follow some waiting bytes so that all characters are of a set."""

    def __init__(self, pieces: tuple[bytes, ...], characters: frozenset[str]):
        self._pieces = pieces
        self._whole = frozenset(c.encode() for c in characters)
        self._begun = frozenset(w[:n] for w in self._whole for n in range(len(w)))
        self._known: dict[bytes, Allowance] = {}

    def after(self, waiting: bytes) -> Allowance:
        """Whether each token may follow; worked out once for each beginning of a character."""
        if waiting not in self._known:
            self._known[waiting] = np.array([self._fits(waiting, piece) for piece in self._pieces])
        return self._known[waiting]

    def _fits(self, waiting: bytes, piece: bytes) -> bool:
        """Whether the bytes end characters of the set, and begin one at most."""
        if not piece or (waiting and not is_inner(piece[0])):
            return False
        rest = waiting + piece
        while rest:
            size = length(rest[0])
            if len(rest) < size:
                return rest in self._begun
            if rest[:size] not in self._whole:
                return False
            rest = rest[size:]
        return True


def is_inner(byte: int) -> bool:
    """Whether a byte goes on with a character in UTF-8."""
    return 0x80 <= byte < 0xC0


def length(byte: int) -> int:
    """How many bytes a character has in UTF-8 that begins with this one."""
    return 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else LONGEST


@lru_cache(maxsize=32)
def _spelling(vocabulary: Vocabulary, characters: frozenset[str]) -> Spelling:
    return Spelling(vocabulary.pieces, characters)
