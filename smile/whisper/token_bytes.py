"""Byte-level tokens cut at the characters in them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bytes, str)


@dataclass(frozen=True, eq=False)
class TokenBytes:
    """Tokens (n,): of each the bytes that end a character, the whole characters, the bytes that begin one."""

    sizes: NDArray[np.int64]  # (n,) in bytes
    heads: tuple[bytes, ...]  # all that occur
    head: NDArray[np.int64]  # (n,) which of them a token has
    tails: tuple[bytes, ...]
    tail: NDArray[np.int64]  # (n,)
    characters: tuple[str, ...]
    character: NDArray[np.int64]  # (m,) those of all tokens, one token after the other
    token: NDArray[np.int64]  # (m,) whose each is

    @classmethod
    def of(cls, pieces: tuple[bytes, ...]) -> TokenBytes:
        """Return the tokens (n,) with these bytes."""
        heads, wholes, tails = zip(*map(cut, pieces), strict=True)
        sizes = np.array([len(piece) for piece in pieces])
        token = np.repeat(np.arange(len(pieces)), [len(whole) for whole in wholes])
        return cls(sizes, *_numbered(heads), *_numbered(tails), *_numbered("".join(wholes)), token)

    @property
    def bare(self) -> NDArray[np.bool_]:
        """Return whether each token is nothing but a head (n,)."""
        return self.sizes == np.array([len(head) for head in self.heads])[self.head]


def cut(piece: bytes) -> tuple[bytes, str, bytes]:
    """Return the bytes that end a character, whole characters, and the bytes that begin one.

    Bytes that no text has are taken for the beginning of a character, which then is none that there is.
    """
    inner = next((i for i, byte in enumerate(piece) if not 0x80 <= byte < 0xC0), len(piece))
    head, rest = piece[:inner], piece[inner:]
    try:
        whole, size = codecs.utf_8_decode(rest, "strict", False)
    except UnicodeDecodeError:
        whole, size = "", 0
    return head, whole, rest[size:]


def _numbered(values: Iterable[T]) -> tuple[tuple[T, ...], NDArray[np.int64]]:
    """What occurs among values, and which of it each value is."""
    numbers: dict[T, int] = {}
    indices = [numbers.setdefault(value, len(numbers)) for value in values]
    return tuple(numbers), np.array(indices, dtype=np.int64)
