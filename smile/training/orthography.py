"""Random, consistent ways of writing, for meta-training: the only way to be right is to read the examples.

It is symbol tuning (arXiv 2305.08298) for speech: an episode's texts, examples and target alike, are
rewritten by one mapping of letters, case and punctuation that no other episode has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

LATIN = "abcdefghijklmnopqrstuvwxyz"
OTHERS = "ɛɔŋɓɗəɨʉɣʔɲʃʒθðɯɾɑʌøæßłđħıœþƙƴʋɖʈχλθφωπσжшщцчюяыъ"
MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0308\u030b\u030c\u0323\u0327\u0328\u0331"
SECONDS = "hyjwx:'ːʰʷn"
CASES = ("as is", "lower", "upper")

Case = Literal["as is", "lower", "upper"]


@dataclass(frozen=True)
class Orthography:
    """A way of writing: what becomes of each lower-case letter, of case and of punctuation."""

    letters: Mapping[str, str] = field(default_factory=dict)
    case: Case = "as is"
    punctuation: bool = True

    def __call__(self, text: str) -> str:
        """The text in this orthography, in NFC."""
        written = "".join(self._letter(c) for c in unicodedata.normalize("NFC", text))
        if not self.punctuation:
            written = "".join(c for c in written if not unicodedata.category(c).startswith("P"))
        cased = {"as is": written, "lower": written.lower(), "upper": written.upper()}[self.case]
        return unicodedata.normalize("NFC", " ".join(cased.split()))

    def _letter(self, character: str) -> str:
        lower = character.lower()
        new = self.letters.get(lower, lower)
        return new if character == lower else new.capitalize()


def letters_of(texts: Sequence[str]) -> list[str]:
    """Return the lower-case letters of some texts, the most frequent first."""
    letters = [c for text in texts for c in unicodedata.normalize("NFC", text).lower() if c.isalpha()]
    names, counts = np.unique(np.array(letters or ["a"]), return_counts=True)
    return [str(names[i]) for i in np.lexsort((names, -counts))]


def draw(texts: Sequence[str], generator: np.random.Generator) -> Orthography:
    """Draw a random orthography that changes between none and most of the letters of these texts."""
    letters = letters_of(texts)
    share = generator.choice([0.0, 0.15, 0.4, 0.8], p=[0.2, 0.3, 0.3, 0.2])
    count = int(np.ceil(share * len(letters)))
    chosen = generator.permutation(len(letters))[:count]
    mapping: dict[str, str] = {}
    for i in chosen:
        new = _replacement(letters[i], generator)
        if new not in mapping.values():
            mapping[letters[i]] = new
    case = CASES[int(generator.choice(3, p=[0.5, 0.4, 0.1]))]
    return Orthography(mapping, case, bool(generator.random() < 0.5))  # type: ignore[arg-type]


def _replacement(letter: str, generator: np.random.Generator) -> str:
    """A marked letter, a letter of another alphabet, another Latin letter, or two for one."""
    kind = generator.choice(4, p=[0.4, 0.25, 0.2, 0.15])
    if kind == 0:
        return unicodedata.normalize("NFC", letter + _pick(MARKS, generator))
    if kind == 1:
        return _pick(OTHERS, generator)
    return _pick(LATIN, generator) if kind == 2 else letter + _pick(SECONDS, generator)


def _pick(choices: str, generator: np.random.Generator) -> str:
    return choices[int(generator.integers(len(choices)))]
