"""Finds a language by what a person types: its name, another of its names, or its ISO 639-3 code."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from smile.datatypes import Language, PoolError
from smile.paths import LANGUAGES
from smile.text.characters import unaccented
from smile.text.languages import language, languages
from smile.util.names import label

SPOKEN = ("Individual", "Macrolanguage")  # scopes; the others stand for no language
UNLISTED = "mis"  # ISO 639-3's code for a language that has none
LETTERS = str.maketrans({"ɓ": "b", "ɗ": "d", "ƙ": "k", "ŋ": "n", "ɛ": "e", "ɔ": "o", "ł": "l", "ø": "o"})
NAMES = LANGUAGES.with_name("other_names.csv")
SHORT, LONG = 5, 9  # letters, below which a name has to be right, and from which two may be wrong
SIGNED = (" Sign Language", "International Sign")  # in one of its names, if not in the first


class _Entry(NamedTuple):
    code: str
    names: tuple[str, ...]  # folded
    own: tuple[str, ...] = ()  # what its speakers call it, and its names on our page: for people alone

    @property
    def every(self) -> tuple[str, ...]:
        """Return all names that a person may type."""
        return self.names + self.own


def search(typed: str, count: int = 8) -> tuple[Language, ...]:
    """Find languages that best fit what was typed, best first.

    By code, whole name, beginning, any part; and where these are few, names that are spelt nearly so.
    """
    wanted = folded(typed)
    if not wanted:
        return ()
    ranked = ((_rank(entry.code, entry.every, wanted), entry) for entry in _entries())
    matches = sorted((rank, len(entry.names[0]), entry.code) for rank, entry in ranked if rank is not None)
    found = [code for _, _, code in matches[:count]]
    if len(found) < count:
        found += [code for code in _nearly(wanted) if code not in found][: count - len(found)]
    return tuple(map(language, found))


def named(name: str) -> str:
    """Return the code of the only language that is called so, by its first name or another; else ""."""
    wanted = folded(name)
    first = [entry.code for entry in _entries() if entry.names[0] == wanted]
    codes = first or [entry.code for entry in _entries() if wanted in entry.names]
    return codes[0] if wanted and len(codes) == 1 else ""


def only(typed: str) -> str:
    """Return the code of the one language that can be meant; "" where that may be none, or several.

    It is the only one that has this code or first name, or the only one with a word that begins so.
    """
    wanted = folded(typed)
    ranked = [(_rank(entry.code, entry.names, wanted), entry) for entry in _entries()] if wanted else []
    fitting = [entry for rank, entry in ranked if rank is not None]
    exact = [entry for entry in fitting if wanted in (entry.code, entry.names[0])]
    words = [entry for entry in fitting if any(_fit(name, wanted) < 4 for name in entry.names)]
    meant = exact or (words if len(fitting) == 1 else [])
    return meant[0].code if len(meant) == 1 else ""


def unlisted(name: str) -> Language:
    """Return a language that ISO 639-3 does not list, by the name that its speakers give it.

    Raises:
        PoolError: the name is too long, or cannot be printed.
    """
    try:
        return Language(UNLISTED, name=label(" ".join(name.split())))
    except ValueError as error:
        raise PoolError(str(error)) from error


def _nearly(wanted: str) -> list[str]:
    """Return the codes of names a letter from what was typed, or two from a long one; the nearest first."""
    from rapidfuzz.distance import Levenshtein

    most = 0 if len(wanted) < SHORT else 1 if len(wanted) < LONG else 2
    if not most:
        return []
    near = []
    for entry in _entries():
        edits = min(Levenshtein.distance(name, wanted, score_cutoff=most) for name in entry.every)
        if edits <= most:
            near.append((edits, len(entry.names[0]), entry.code))
    return [code for _, _, code in sorted(near)]


def _rank(code: str, names: Iterable[str], wanted: str) -> float | None:
    if code == wanted:
        return 0
    fits = [_fit(name, wanted) for name in names]
    best = min(fits[0], 1.5 if 1 in fits else 10, *(fit + 4 for fit in fits[1:]))
    return best if best < 10 else None


def _fit(name: str, wanted: str) -> int:
    """1 the whole name, 2 its beginning, 3 the beginning of a word, 4 any part, 10 none."""
    if wanted not in name:
        return 10
    if name == wanted:
        return 1
    if name.startswith(wanted):
        return 2
    return 3 if f" {wanted}" in name else 4


@cache
def _entries() -> tuple[_Entry, ...]:
    """All languages of ISO 639-3, with the names of our own table first."""
    from iso639 import iter_langs

    own, called = languages(), other_names()
    entries = {code: _Entry(code, _names([known.name])) for code, known in own.items()}
    for listed in iter_langs():
        if listed.pt3 and listed.scope() in SPOKEN:
            names = [own[listed.pt3].name] if listed.pt3 in own else []
            names += [listed.name, *listed.other_names()]
            if not any(sign in name for sign in SIGNED for name in names):
                entries[listed.pt3] = _Entry(listed.pt3, _names(names), called.get(listed.pt3, ()))
    return tuple(entries.values())


def iso_names() -> dict[str, tuple[str, ...]]:
    """Return what ISO 639-3 and our own table call languages, folded, by code."""
    return {entry.code: entry.names for entry in _entries()}


def other_names() -> dict[str, tuple[str, ...]]:
    """Return more names by code, folded: of the language's speakers, English and French.

    They are CLDR's and some that it lacks; `smile.demo.language_names` makes their table.
    """
    found: dict[str, list[str]] = {}
    with NAMES.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            found.setdefault(row["code"], []).append(row["name"])
    return {code: _names(names) for code, names in found.items()}


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded(name) for name in names))


def folded(text: str) -> str:
    """Lower case, without marks and signs: "Ɓàsàa" is found by "basaa"."""
    plain = unaccented(text).translate(LETTERS)
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
