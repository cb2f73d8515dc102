"""A logits processor that keeps a transcript to the characters of a pool, over Whisper's byte-level tokens.

A token may hold part of a character's UTF-8 bytes, so which tokens may follow depends on the bytes that are
still waiting for the rest of their character.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smile.decoding.processors import Beam, Logits
from smile.whisper.token_bytes import TokenBytes
from smile.whisper.tokenizer import Tokenizer

PENALTY = 4.0  # log units that "soft" takes off a token that leaves the characters; our choice
KEPT = 64  # beginnings of characters whose toll is kept

Allowance = NDArray[np.bool_]  # (tokenizer.end,) whether a token of text may follow


@dataclass(frozen=True)
class CharacterConstraint:
    """Let no token (hard) or hardly a token (a penalty) write another character.

    In hard mode a character that has been begun must be ended before the transcript may, and something is
    always possible. It comes after all other processors, since it says what is left where others have ruled
    out all that is allowed.
    """

    tokenizer: Tokenizer
    characters: frozenset[str]  # the code points that may be written
    penalty: float = np.inf  # log units taken off others; infinite for "hard"

    @property
    def _spelling(self) -> Spelling:
        return _spelling(self.tokenizer, self.characters)

    def __call__(self, logits: Logits, beam: Beam, hidden: NDArray[np.float32]) -> Logits:
        """Return the logits with the tokens that leave the characters lowered or at minus infinity."""
        waiting, end = self.tokenizer.waiting(beam.tokens), self.tokenizer.end
        changed = logits.copy()
        changed[:end] += self._spelling.toll(waiting, self.penalty)
        if waiting:
            changed[end:] -= self.penalty
        return changed if np.isfinite(changed).any() else self._way_out(waiting, len(logits))

    def _way_out(self, waiting: bytes, size: int) -> Logits:
        """What is left: to end the character that has been begun, with as little as possible, or the text."""
        logits = np.full(size, -np.inf, dtype=np.float32)
        allowance = self._spelling.after(waiting)
        if waiting and allowance.any():
            sizes = np.where(allowance, self._spelling.tokens.sizes, np.inf)
            logits[: len(sizes)][sizes == sizes.min()] = 0.0
        else:
            logits[self.tokenizer.end] = 0.0
        return logits


class Spelling:
    """Which tokens may follow some waiting bytes so that all characters are of a set."""

    def __init__(self, tokens: TokenBytes, characters: frozenset[str]):
        self.tokens = tokens
        self._whole = frozenset(c.encode() for c in characters)
        self._begun = frozenset(w[:n] for w in self._whole for n in range(len(w)))
        known = np.array([c in characters for c in tokens.characters], dtype=bool)
        self._rest = self._are(self._begun, tokens.tails)[tokens.tail] & (tokens.sizes > 0)
        self._rest[tokens.token[~known[tokens.character]]] = False
        self._bare = tokens.bare & self._rest
        self.toll = lru_cache(maxsize=KEPT)(self._toll)

    def _toll(self, waiting: bytes, penalty: float) -> Logits:
        """What each token costs after the bytes (n,): nothing or minus the penalty."""
        return np.where(self.after(waiting), 0.0, -penalty).astype(np.float32)

    def after(self, waiting: bytes) -> Allowance:
        """Return whether each token may follow (n,).

        Its head ends the character, or goes on with it and is all of the token.
        """
        joined = [waiting + head for head in self.tokens.heads]
        ends = self._are(self._whole | {b""}, joined)[self.tokens.head]
        goes_on = self._are(self._begun, joined)[self.tokens.head]
        return self._rest & ends | self._bare & goes_on

    @staticmethod
    def _are(of: frozenset[bytes], some: tuple[bytes, ...] | list[bytes]) -> Allowance:
        return np.array([one in of for one in some], dtype=bool)


@lru_cache(maxsize=1)
def _token_bytes(tokenizer: Tokenizer) -> TokenBytes:
    return TokenBytes.of(tokenizer.pieces)


@lru_cache(maxsize=8)
def _spelling(tokenizer: Tokenizer, characters: frozenset[str]) -> Spelling:
    return Spelling(_token_bytes(tokenizer), characters)
