"""What a head writes: the characters of a pool's texts, in one form of writing, numbered after the blank."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from smile.text.normalisers import find, one_line

BLANK = 0
ORIGINAL = "original"  # as the texts are written: NFC, white space as single spaces, nothing else changed
Labels = NDArray[np.int64]  # (characters,), from 1 on


@dataclass(frozen=True)
class Form:
    """How texts are written before a head is fitted to them: by a normaliser, or as they are."""

    normaliser: str = "plain"
    language: str = ""  # ISO 639-3, for normalisers that ask

    @property
    def stamp(self) -> str:
        """Return what a head is marked with, such as "plain/1"."""
        return f"{ORIGINAL}/1" if self.normaliser == ORIGINAL else find(self.normaliser).stamp

    def __call__(self, text: str) -> str:
        """Return a text in this form; SmileError where the normaliser is none."""
        if self.normaliser == ORIGINAL:
            return unicodedata.normalize("NFC", one_line(text))
        return one_line(find(self.normaliser).apply(text, self.language))


@dataclass(frozen=True)
class Alphabet:
    """The characters (Unicode code points) that a head can write; number 0 is the blank of CTC."""

    characters: str  # each once, sorted

    @classmethod
    def of(cls, texts: Iterable[str]) -> Alphabet:
        """Return the characters of some texts."""
        return cls("".join(sorted(set().union(*map(set, texts)))))

    def __len__(self) -> int:
        """Count the characters and the blank."""
        return len(self.characters) + 1

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {character: number for number, character in enumerate(self.characters, 1)}

    def knows(self, text: str) -> bool:
        """Return whether a text has none but these characters."""
        return all(character in self._numbers for character in text)

    def encode(self, text: str) -> Labels:
        """Return the numbers (characters,) of a text; a character that is not here has none."""
        return np.array([self._numbers[c] for c in text if c in self._numbers], np.int64)

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of numbers, blanks left out."""
        return "".join(self.characters[number - 1] for number in numbers if number != BLANK)


def alike(character: str, known: Container[str]) -> list[str]:
    """Return the known characters that a character most likely sounds like; none where nothing tells.

    They are itself, or the letter without its marks, or the letters of its ASCII transliteration.
    """
    for same in (character, unicodedata.normalize("NFD", character)[0]):
        if same in known:
            return [same]
    return [letter for letter in anyascii(character).lower() if letter in known]


def frames_needed(labels: Labels) -> int:
    """Return how many frames CTC needs for a text: one a character, and a blank between equal ones."""
    return len(labels) + int((labels[1:] == labels[:-1]).sum())
