"""Texts of the demo pools: days, months, countries and languages, named and joined as CLDR does it.

A name counts only where the language's own CLDR file has it, so nothing is inherited from English
or from the root; the file is read past `babel.Locale`, which merges those in.
"""

from __future__ import annotations

import pickle
import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from smile.datatypes import SmileError
from smile.demo.voices import DemoLanguage

COUNTRIES = (
    "FR DE IT ES PT GB IE US CA MX BR AR CL PE CU EG MA DZ TN NG KE TZ ET ZA GH SN ML IN CN JP KR VN TH "
    "MY ID PH PK IR IQ TR SY SA YE RU UA PL CZ HU RO BG GR SE NO FI DK NL BE CH AT AU NZ MN KZ UZ AF NP GE"
)
TONGUES = (
    "fr de it es pt en ga cy br eu ca gl eo la el ru uk pl cs sk hu ro bg sr hr sq sv nb fi et lv lt nl is "
    "tr az kk uz ky mn zh ja ko vi th ms id hi bn ta te ur fa ar he am sw ha yo zu so ku ka hy ne my km mi"
)
NAMES = 28  # at most so many countries and so many languages, that names come back in other company
KINDS = ("dates", "countries", "languages", "mixed")


def cldr_version() -> str:
    """Return the version of the CLDR that Babel carries, such as "47"."""
    from babel.core import get_cldr_version

    return str(get_cldr_version())


@cache
def own_data(locale: str) -> dict[str, Any]:
    """Return what the CLDR file of this locale says itself, as Babel stores it."""
    try:
        from babel import localedata
    except ImportError as error:
        raise SmileError("Babel is missing: install it with pip install babel.") from error
    with open(localedata.resolve_locale_filename(locale), "rb") as file:
        data: dict[str, Any] = pickle.load(file)
    return data


def vocabulary(language: DemoLanguage) -> dict[str, list[str]]:
    """Return the usable names of each kind, in the language's own orthography."""
    own, english = own_data(language.locale), own_data("en")
    months, days = _months(own), own["days"]["format"]["wide"]

    def usable(kind: str, codes: list[str]) -> list[str]:
        named = {own[kind][code]: english[kind][code] for code in codes if code in own[kind]}
        native = [name for name in named if not set(name.split()) & set(named[name].split())]
        return [name for name in native if spelled_in(name, language.alphabet)][:NAMES]

    return {
        "days": [days[day] for day in sorted(days)],
        "months": [months[month] for month in sorted(months)],
        "countries": usable("territories", COUNTRIES.split()),
        "languages": usable("languages", TONGUES.split()),
    }


def _months(own: dict[str, Any]) -> dict[int, str]:
    """The months by number, as they stand alone where the language tells that apart."""
    return own["months"].get("stand-alone", {}).get("wide") or own["months"]["format"]["wide"]


def spelled_in(text: str, alphabet: str) -> bool:
    """Return whether all characters but spaces are of the alphabet, in either case."""
    return set(text.lower().replace(" ", "")) <= set(alphabet.lower())


def list_endings(language: DemoLanguage) -> list[str]:
    """Return how a list may end: by a comma, and by CLDR's "and" and "or" where this language has them."""
    comma = "{0}" + language.comma + "{1}"
    patterns = own_data(language.locale)["list_patterns"]
    ends = [patterns[style]["2"] for style in ("standard", "or") if "2" in patterns.get(style, {})]
    return [comma, *(end for end in ends if spelled_in(end.format("", ""), language.alphabet))]


def texts(language: DemoLanguage, seed: int = 0) -> Iterator[str]:
    """Yield lists of two to four names without end; no two have the same names in them."""
    rng = random.Random(f"{seed} {language.code}")
    words, endings, seen = vocabulary(language), list_endings(language), set()
    words["dates"] = words["days"] + words["months"]
    words["mixed"] = words["dates"] + words["countries"] + words["languages"]
    while True:
        names = rng.sample(words[rng.choice(KINDS)], rng.choice((2, 3, 3, 4)))
        if frozenset(names) not in seen:
            seen.add(frozenset(names))
            yield rng.choice(endings).format(language.comma.join(names[:-1]), names[-1])


def translated(language: DemoLanguage, text: str) -> str:
    """Return a text of `texts` in English, its names joined by commas; empty where one has none."""
    english, words = _english(language), _joining(language)
    pieces = re.split("|".join(map(re.escape, sorted(words, key=len, reverse=True))), text)
    names = [english.get(piece.strip(), "") for piece in pieces]
    return ", ".join(names) if all(names) else ""


def _joining(language: DemoLanguage) -> set[str]:
    """Return what stands between the names of lists: the comma, and "and" and "or" with their spaces."""
    ends = {end.format("\0", "\0").strip("\0") for end in list_endings(language)}
    return {language.comma, *ends}


def _english(language: DemoLanguage) -> dict[str, str]:
    """Return the English name of every name that texts may have."""
    own, english = own_data(language.locale), own_data("en")
    pairs = [
        (own["days"]["format"]["wide"], english["days"]["format"]["wide"]),
        (_months(own), english["months"]["format"]["wide"]),
        (own["territories"], english["territories"]),
        (own["languages"], english["languages"]),
    ]
    return {mine[key]: theirs[key] for mine, theirs in reversed(pairs) for key in mine if key in theirs}
