"""A catalogue: the English texts of the page, and what each is in another language.

A text may have places: `{n}`, `{n1}` and so on stand for a number, `{t}`, `{t1}` and so on for a text that is
translated itself, other names for what stays as it is, such as the name of a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from smile.paths import ASSETS, GLOSSARY
from smile.ui.parts.terms import glossary

LOCALES = ASSETS / "locale"
PLACE = re.compile(r"\{(\w+)\}")
NUMBERED, OWN = re.compile(r"n\d*"), re.compile(r"t\d*")
NUMBER = r"[−+-]?\d[\d.,:\u00a0 ]*?"
NAMED = r"(?:(?![.!?]\s).)+?"  # what stands in a place goes over no end of a sentence
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
PART = " · "
TIGHT = re.compile(r"(?<=\S) (?=[:;!?%»])|(?<=«) ")
REMEMBERED = 20_000  # texts
LONGEST = 2_000  # characters of a text with places


class Pattern(NamedTuple):
    """A text with places, as an expression that finds it, and its translation."""

    english: str
    found: re.Pattern[str]
    translation: str


class Catalogue:
    """Texts of one language by their English ones, whole or with places."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = {plain(english): typeset(text) for english, text in texts.items()}
        with_places = sorted(filter(PLACE.search, self.texts), key=_specific, reverse=True)
        self._patterns = [Pattern(text, expression(text), self.texts[text]) for text in with_places]
        self._remembered = lru_cache(REMEMBERED)(self._translated)

    def text(self, english: str) -> str | None:
        """Return a text of the page in this language; None where the catalogue does not have it all.

        A text of several sentences, or of parts with dots between, is looked up in these.
        """
        return self._remembered(plain(english))

    def entry(self, english: str) -> str | None:
        """Return which entry of the catalogue a text is, as it stands there; None where it is none."""
        english = plain(english)
        if english in self.texts and not PLACE.search(english):
            return english
        found = (p for p in self._patterns if self._filled(p, p.found.fullmatch(english)) is not None)
        return next((pattern.english for pattern in found), None)

    def parts(self, english: str) -> list[str]:
        """Return the entries that a text comes to: itself, its parts, or its sentences; else nothing."""
        for pieces in ([english], english.split(PART), SENTENCE.split(english)):
            entries = [self.entry(piece) for piece in pieces if _is_text(piece)]
            if all(entries):
                return [entry for entry in entries if entry]
        return []

    def _translated(self, english: str) -> str | None:
        if not _is_text(english):
            return None
        if (whole := self._one(english)) is not None:
            return whole
        for between, pieces in ((PART, english.split(PART)), (" ", SENTENCE.split(english))):
            made = [self._one(piece) for piece in pieces]
            if len(pieces) > 1 and any(made):
                return between.join(new or old for new, old in zip(made, pieces, strict=True))
        return None

    def _one(self, english: str) -> str | None:
        if english in self.texts:
            return self.texts[english]
        if len(english) > LONGEST:
            return None
        made = (self._filled(pattern, pattern.found.fullmatch(english)) for pattern in self._patterns)
        return next((text for text in made if text is not None), None)

    def _filled(self, pattern: Pattern, match: re.Match[str] | None) -> str | None:
        """The translation with what was found in its places; None where a text in them is not known."""
        if match is None:
            return None
        put = {
            name: self.text(value) if _is_own(name) else value for name, value in match.groupdict().items()
        }
        if None in put.values():
            return None
        return PLACE.sub(lambda place: str(put[place[1]]), pattern.translation)


def expression(text: str) -> re.Pattern[str]:
    """Return what finds a text with places."""
    pieces = PLACE.split(text)  # what stands between places, and their names, in turn
    made = [_place(piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.compile("".join(made), re.DOTALL)


def _place(name: str) -> str:
    return f"(?P<{name}>{NUMBER if NUMBERED.fullmatch(name) else NAMED})"


def _is_own(name: str) -> bool:
    return OWN.fullmatch(name) is not None


def plain(text: str) -> str:
    """Return a text with usual spaces for those that do not break."""
    return text.replace("\u00a0", " ")


def typeset(text: str) -> str:
    """Return a French text with the spaces that do not break where French has them."""
    return TIGHT.sub("\u00a0", text)


def _specific(text: str) -> tuple[int, int]:
    """How much a text says beside its places, and in how many of these a text that is known."""
    return len(PLACE.sub("", text)), sum(map(_is_own, PLACE.findall(text)))


def _is_text(text: str) -> bool:
    return any(map(str.isalpha, text))


@cache
def french() -> Catalogue:
    """Return the French texts of the page."""
    return Catalogue(dict(read(LOCALES / "fr.toml")) | dict(documents("fr")) | words("fr"))


def read(file: Path) -> Iterator[tuple[str, str]]:
    """Yield (English, translation) of a catalogue; its tables are there to find one's way."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    for table in tables.values():
        yield from table.items()


def documents(language: str) -> Iterable[tuple[str, str]]:
    """Return (English, translation) of the page's longer texts."""
    for file in (ASSETS / "about.md", GLOSSARY):
        translation = LOCALES / language / file.name
        yield tuple(shown(path) for path in (file, translation))  # type: ignore[misc]


def words(language: str) -> dict[str, str]:
    """Return (English, translation) of what the glossary says of each word, whose rows have one order."""
    english, other = (glossary(file).values() for file in (GLOSSARY, LOCALES / language / GLOSSARY.name))
    return dict(zip(english, other, strict=True))


def shown(file: Path) -> str:
    """Return a document as the page shows it: without its heading, which the page has already."""
    text = file.read_text(encoding="utf-8")
    return (text.partition("\n")[2] if text.startswith("# ") else text).strip()
