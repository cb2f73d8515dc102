"""What is known of a language, by its ISO 639-3 code: name, family, script and Whisper's own code."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

from smile.datatypes import Language
from smile.paths import LANGUAGES
from smile.util.names import as_code

_LABEL = re.compile(r"(?:org_)?([a-z]{3})")
_SCRIPTS = (
    "arab armn beng cans cher cyrl deva ethi geor grek gujr guru hang hans hant hebr jpan khmr knda kore "
    "laoo latn mlym mong mymr nkoo olck orya sinh taml telu tfng thaa thai tibt vaii"
)
_LOCALE = re.compile(rf"([a-z]{{2,3}})(?:[-_](?:{_SCRIPTS.replace(' ', '|')}))?(?:[-_]([a-z]{{2}}|\d{{3}}))?")
_CANTONESE = ("zh", ("hk", "mo"))  # what is spoken there


@cache
def languages() -> Mapping[str, Language]:
    """Return the table of known languages by ISO 639-3 code.

    Macrolanguages and their main members ("swa", "swh") are both in it, with the same Whisper code.
    """
    with LANGUAGES.open(encoding="utf-8", newline="") as table:
        return MappingProxyType({row["code"]: Language(**row) for row in csv.DictReader(table)})


def language(code: str) -> Language:
    """Return what is known of a language; of one not in the table, just the name ISO 639-3 gives it.

    A code such as "mdw+sxb" stands for speech in both; one that ISO 639-3 does not know is its own name.
    """
    if "+" in code:
        return together([language(part) for part in code.split("+")])
    return languages().get(code) or Language(code, name=_listed(code) or code)


def _listed(code: str) -> str:
    """The name in ISO 639-3's own list; empty where it has no such code."""
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    try:
        return Lang(pt3=code).name if len(code) == 3 else ""
    except (InvalidLanguageValue, DeprecatedLanguageValue):
        return ""


def together(parts: Sequence[Language]) -> Language:
    """Return several languages as one, called after all of them."""
    name, family, script = (
        " and ".join(dict.fromkeys(filter(None, values)))
        for values in zip(*((p.name, p.family, p.script) for p in parts), strict=True)
    )
    return Language("+".join(p.code for p in parts), name, family, script)


def from_whisper(code: str) -> Language | None:
    """Return the language that Whisper means by a code such as "zh"; None where it has no such code."""
    return next((known for known in languages().values() if code and known.whisper == code), None)


@lru_cache(maxsize=4096)
def iso_code(label: str) -> str:
    """Return the ISO 639-3 code in a corpus's label of a language.

    Takes ML-SUPERB's forms ("org_jpn", "[jpn]"), codes of two letters ("ja"), locales ("pt-BR",
    "cmn_hans_cn") and names ("Scottish Gaelic"); any other label becomes a code as `names.as_code` makes it.
    """
    from smile.text.language_search import named

    plain = label.strip().strip("[]").lower()
    if match := _LABEL.fullmatch(plain):
        return match[1]
    return _of_locale(plain) or named(plain) or as_code(plain)


def _of_locale(label: str) -> str:
    """The code of a locale, or of a code of two letters; empty where it is none."""
    match = _LOCALE.fullmatch(label)
    if not match:
        return ""
    code, region = match.groups()
    if code == _CANTONESE[0] and region in _CANTONESE[1]:
        return "yue"
    if known := from_whisper(code):
        return known.code
    return _of_two_letters(code) if len(code) == 2 else code if _listed(code) else ""


def _of_two_letters(code: str) -> str:
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    try:
        return str(Lang(pt1=code).pt3)
    except (InvalidLanguageValue, DeprecatedLanguageValue):
        return ""
