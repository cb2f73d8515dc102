"""Text normalisers by name, as they are applied to reference and transcript before scoring.

A change of what one returns must raise its version: the version is stamped on every result. What the
version before returned stays in FORMER, so that a reference can be told to be that of a row scored then.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from smile.datatypes import SmileError
from smile.text.characters import seen

UNSPACED = frozenset({"cmn", "jpn", "tha", "yue"})
"""ISO 639-3 of the languages that ML-SUPERB scores without spaces."""
DOTTED_I = frozenset({"tur", "aze", "azj", "crh", "gag", "tat"})
"""ISO 639-3 of the languages where the small letter of I is ı and that of İ is i."""

BRACKETED = regex.compile(r"\[[^\]]*\]")
PUNCTUATION = regex.compile(r"\p{P}+")
IGNORABLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
INNER_APOSTROPHE = regex.compile(r"(?<=[\p{L}\p{M}])['’‘‛`´′＇](?=\p{L})")
APOSTROPHE_LETTER = regex.compile("[\u02bb\ua78c]")  # ʻ and ꞌ, which are typed for each other and for ʼ
TONES = "\u02e5-\u02eb\ua700-\ua716\ua789\ua78a"  # letters of tone, which Unicode counts as symbols
NOT_TEXT = regex.compile(rf"[^\p{{L}}\p{{M}}\p{{N}}{TONES}]+")
NOT_TEXT_1 = regex.compile(r"[^\p{L}\p{M}\p{N}]+")  # of plain/1


def plain(text: str, language: str = "") -> str:
    """Keep letters, marks and numbers of every script, in lower case, NFC, words parted by single spaces.

    An apostrophe inside a word, however typed, becomes the letter ʼ, which it is in many orthographies
    (Swahili ng'ombe, Breton c'h), as do ʻ and ꞌ wherever they stand; letters of tone (˥, ꜌, ꞉) stay, and any
    other sign parts words. Characters without a shape of their own
    (joiners, variation selectors, soft hyphens, marks of direction) are dropped.
    """
    text = APOSTROPHE_LETTER.sub("ʼ", _lowered(text, language))
    return unicodedata.normalize("NFC", NOT_TEXT.sub(" ", text).strip())


def plain_1(text: str, language: str = "") -> str:
    """Normalise a text as version 1 of `plain` did: ʻ and ꞌ stay, and letters of tone part words."""
    return unicodedata.normalize("NFC", NOT_TEXT_1.sub(" ", _lowered(text, language)).strip())


def _lowered(text: str, language: str) -> str:
    """A text in lower case, NFC, with ʼ for every apostrophe in a word and without what has no shape."""
    text = IGNORABLE.sub("", unicodedata.normalize("NFC", text))
    if language in DOTTED_I:
        text = text.replace("I", "ı").replace("İ", "i")
    return INNER_APOSTROPHE.sub("ʼ", text.lower())


def ml_superb(text: str, language: str = "") -> str:
    """Normalise a text as ESPnet's scoring scripts for ML-SUPERB do.

    Drops `[...]` (language tags, noises) and all Unicode punctuation, writes capitals, and takes the
    spaces out of Mandarin, Japanese, Thai and Cantonese. No Unicode normalisation; other spaces stay.
    """
    text = BRACKETED.sub("", text).strip()
    if language.removeprefix("org_") in UNSPACED:
        text = "".join(text.split())
    return str(PUNCTUATION.sub("", text).upper().strip())


@dataclass(frozen=True)
class Normaliser:
    """A way to bring reference and transcript to a common form; a score means nothing without it."""

    name: str
    version: int
    apply: Callable[[str, str], str]  # of a text and its language in ISO 639-3 ("" where unknown)

    @property
    def stamp(self) -> str:
        """Return what results are marked with, such as "plain/1"."""
        return f"{self.name}/{self.version}"


NORMALISERS = {
    normaliser.name: normaliser
    for normaliser in (Normaliser("plain", 2, plain), Normaliser("ml_superb", 1, ml_superb))
}
FORMER = (Normaliser("plain", 1, plain_1),)
STAMPS = " ".join(normaliser.stamp for normaliser in NORMALISERS.values())
"""What rows that are scored today are marked with."""


def normalise(text: str, normaliser: str = "plain", language: str = "") -> str:
    """Return a text in the named normaliser's form; `language` in ISO 639-3.

    Raises a SmileError for a name that is none.
    """
    return find(normaliser).apply(text, language)


def find(name: str) -> Normaliser:
    """Return the normaliser of that name; raise a SmileError where there is none."""
    if name not in NORMALISERS:
        raise SmileError(f'There is no normaliser "{name}"; choose one of {", ".join(NORMALISERS)}.')
    return NORMALISERS[name]


def stamped(stamp: str) -> Normaliser:
    """Return the normaliser that left a stamp, of today or before; raise a SmileError where none is known."""
    for normaliser in (*NORMALISERS.values(), *FORMER):
        if normaliser.stamp == stamp:
            return normaliser
    raise SmileError(f'This version of SMILE has no normaliser "{stamp}"; use the one that made the rows.')


def one_line(text: str) -> str:
    """Return a text as it is taken in: one line, without space at its ends and without unseen characters."""
    return " ".join(seen(text).split())
