"""A catalogue: the English texts of the page, and what each is in another language.

A text may have places: `{n}`, `{n1}` and so on stand for a number, which has a decimal comma then, `{t}`,
`{t1}` and so on for a text that is translated itself, other names for what stays as it is, such as the name
of a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from smile.paths import ASSETS, GLOSSARY
from smile.ui.i18n.numbers import with_commas
from smile.ui.parts.terms import glossary

LANGUAGE = "fr"
LOCALES = ASSETS / "locale"
PLACE = re.compile(r"\{(\w+)\}")
NUMBERED, OWN = re.compile(r"n\d*"), re.compile(r"t\d*")
NUMBER = r"[−+-]?\d[\d.,:\u00a0 ]*?"
NAMED = r"(?:(?![.!?]\s).)+?"  # what stands in a place goes over no end of a sentence
QUOTED = rf'(?:[^"]+?|{NAMED})'  # but for what is quoted
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
LISTED, PART, COLON, COMMA = "; ", " · ", ": ", ", "
SECONDS = re.compile(r"(?<=\d)[ \u00a0]s\b")
TIGHT = re.compile(r"(?<=\S) (?=[:;!?%»])|(?<=«) ")
REMEMBERED = 20_000  # texts
LONGEST = 1_000  # characters of a text with places, or of one that is more than its sentences


class Pattern(NamedTuple):
    """A text with places, as an expression that finds it, and its translation."""

    english: str
    found: re.Pattern[str]
    translation: str
    own: str  # its longest piece between places

    def match(self, text: str) -> re.Match[str] | None:
        """Return how a text fits; what lacks its own piece is told quickly."""
        return self.found.fullmatch(text) if self.own in text else None


class Made(NamedTuple):
    """What a catalogue makes of a text, by which of its entries, and the pieces that it has nothing for."""

    text: str
    entries: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Split(NamedTuple):
    """A way to take a text apart that is not in the catalogue as it stands."""

    pieces: Callable[[str], list[str]]
    between: str
    partly: bool = True  # whether it is done also where some pieces are not known


SPLITS = (
    Split(SENTENCE.split, " "),
    Split(partial(re.split, re.escape(LISTED)), f"\u00a0{LISTED}"),
    Split(partial(re.split, re.escape(PART)), PART),
    Split(partial(re.split, COLON, maxsplit=1), f"\u00a0{COLON}", partly=False),  # what is done, and how far
    Split(partial(re.split, re.escape(COMMA)), COMMA, partly=False),
)


class Catalogue:
    """Texts of one language by their English ones, whole or with places."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = {plain(english): typeset(text) for english, text in texts.items()}
        with_places = sorted(filter(PLACE.search, self.texts), key=_specific, reverse=True)
        self._patterns = [
            Pattern(text, expression(text), self.texts[text], max(PLACE.split(text)[::2], key=len))
            for text in with_places
        ]
        self._remembered = lru_cache(REMEMBERED)(self._made)
        self._one = lru_cache(REMEMBERED)(self._looked_up)

    def text(self, english: str) -> str | None:
        """Return a text of the page in this language, as far as it is known; None where nothing of it is.

        A text of several sentences, or of parts with dots, semicolons, a colon or commas between, is looked
        up in these. One without letters has its decimal commas.
        """
        made = self._remembered(plain(english))
        return made.text if made.entries or made.text != plain(english) else None

    def parts(self, english: str) -> list[str]:
        """Return the entries that a text comes to: itself, or its parts; nothing where one is missing."""
        made = self._remembered(plain(english))
        return [] if made.missing else list(made.entries)

    def missing(self, english: str) -> list[str]:
        """Return what of a text is not in the catalogue."""
        return list(self._remembered(plain(english)).missing)

    def _made(self, english: str, splits: Sequence[Split] = SPLITS) -> Made:
        """A text whole, or taken apart in the way that leaves least of it as it is."""
        if not _is_text(english):
            return Made(typeset(with_commas(english)))
        whole = self._one(english)
        if whole and not whole.missing:
            return whole
        fit = splits if len(english) <= LONGEST else splits[:1]
        made = [whole, *(self._apart(english, fit[i:]) for i in range(len(fit)))]
        known = [one for one in made if one is not None and one.entries]
        return min(known, key=_left, default=Made(english, missing=(english,)))

    def _apart(self, english: str, splits: Sequence[Split]) -> Made | None:
        """A text in the pieces of the first of some splits; None where it has no such pieces."""
        split, *finer = splits
        pieces = split.pieces(english)
        if len(pieces) < 2:
            return None
        made = [self._made(piece, finer) for piece in pieces]
        if not split.partly and any(one.missing for one in made):
            return None
        return _joined(split.between.join(one.text for one in made), made)

    def _looked_up(self, english: str) -> Made | None:
        if english in self.texts and not PLACE.search(english):
            return Made(self.texts[english], (english,))
        if len(english) > LONGEST:
            return None
        made = (self._filled(pattern, pattern.match(english)) for pattern in self._patterns)
        found = [one for one in made if one is not None]
        if english.endswith("."):  # perhaps the last of a list that is a sentence
            ending = self._one(english[:-1])
            found += [ending._replace(text=f"{ending.text}.")] if ending else []
        return min(found, key=_left, default=None)

    def _filled(self, pattern: Pattern, match: re.Match[str] | None) -> Made | None:
        """The translation with what was found in its places; None where a text in them is not known."""
        if match is None:
            return None
        found = match.groupdict()
        own = {name: self._made(value) for name, value in found.items() if not _is_data(name)}
        if any(one.missing for one in own.values()):
            return None
        put = found | {name: one.text for name, one in own.items()}
        text = PLACE.sub(lambda place: str(put[place[1]]), pattern.translation)
        return _joined(text, [Made("", (pattern.english,)), *own.values()])


def _joined(text: str, made: Sequence[Made]) -> Made:
    entries, missing = ([piece for one in made for piece in one[i]] for i in (1, 2))
    return Made(text, tuple(entries), tuple(missing))


def _left(made: Made) -> int:
    """How many characters of a text are not translated."""
    return sum(map(len, made.missing))


def expression(text: str) -> re.Pattern[str]:
    """Return what finds a text with places."""
    pieces = PLACE.split(text)  # what stands between places, and their names, in turn
    quoted = [before[-1:] == after[:1] == '"' for before, after in pairwise(pieces[::2])]
    made = [_place(piece, quoted[i // 2]) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.compile("".join(made), re.DOTALL)


def _place(name: str, quoted: bool) -> str:
    named = QUOTED if quoted and _is_data(name) else NAMED
    return f"(?P<{name}>{NUMBER if NUMBERED.fullmatch(name) else named})"


def _is_own(name: str) -> bool:
    return OWN.fullmatch(name) is not None


def _is_data(name: str) -> bool:
    """Whether what stands in a place stays as it is."""
    return not _is_own(name) and NUMBERED.fullmatch(name) is None


def plain(text: str) -> str:
    """Return a text with usual spaces for those that do not break."""
    return text.replace("\u00a0", " ")


def typeset(text: str) -> str:
    """Return a French text with the spaces that do not break where French has them."""
    return TIGHT.sub("\u00a0", text)


def _specific(text: str) -> tuple[int, int]:
    """How much a text says beside its places, and how little may stand in these."""
    strict = sum(2 if NUMBERED.fullmatch(name) else _is_own(name) for name in PLACE.findall(text))
    return len(PLACE.sub("", text)), strict


def _is_text(text: str) -> bool:
    """Whether there is more in it than numbers and signs, and seconds."""
    return any(map(str.isalpha, SECONDS.sub("", text)))


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
