"""A text as it is written, and the labels that a head has for each of its characters.

The form of the texts that a head is fitted to changes letters, joins and parts them, and drops signs. What
is aligned are its labels; what is given times are the words and characters as they are written. Characters
that a head does not know are passed over: they stay in the text and have the time between their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from smile.acoustic.alphabet import BLANK, Alphabet, Form
from smile.acoustic.trellis import WILD
from smile.text.units import characters, words


@dataclass(frozen=True)
class WrittenCharacter:
    """A character as it is written, and its labels; none where it is a sign or the head cannot write it."""

    text: str
    labels: tuple[int, ...]


@dataclass(frozen=True)
class WrittenWord:
    """A word as it is written. One of which the head can write nothing has the label WILD."""

    text: str
    characters: tuple[WrittenCharacter, ...]

    @property
    def labels(self) -> list[int]:
        """Return its labels in their order; empty where it is none but signs."""
        return [label for character in self.characters for label in character.labels]


def written(text: str, form: Form, alphabet: Alphabet) -> list[WrittenWord]:
    """Return the words of a text with their labels."""
    return [_word(text[start:end], form, alphabet) for start, end in words(text)]


def _word(word: str, form: Form, alphabet: Alphabet) -> WrittenWord:
    owned = list(_owned(word, form))
    known = [(text, tuple(alphabet.encode(letters).tolist())) for text, letters in owned]
    if any(letters.strip() for _, letters in owned) and not any(labels for _, labels in known):
        known[0] = known[0][0], (WILD,)
    return WrittenWord(word, tuple(WrittenCharacter(text, labels) for text, labels in known))


def _owned(word: str, form: Form) -> Iterator[tuple[str, str]]:
    """The characters of a word, and what the form makes of each; both strings are the word's, cut up.

    What it makes of the whole word is compared with what it makes of each, as neighbours may count.
    """
    pieces = [word[start:end] for start, end in characters(word)]
    alone = [form(piece) or piece for piece in pieces]
    owners = [number for number, letters in enumerate(alone) for _ in letters]
    made = [""] * len(pieces)
    target = form(word)
    for step in Levenshtein.opcodes("".join(alone), target):
        letters = target[step.dest_start : step.dest_end]
        for offset, letter in enumerate(letters):
            at = min(step.src_start + offset, max(step.src_start, step.src_end - 1), len(owners) - 1)
            made[owners[at]] += letter
    yield from zip(pieces, made, strict=True)


def space_of(alphabet: Alphabet) -> int:
    """Return the number of the space, BLANK where the alphabet has none."""
    return next(iter(alphabet.encode(" ").tolist()), BLANK)
