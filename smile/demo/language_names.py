"""What languages are called by their speakers, in English and in French, for who looks for theirs.

    python -m smile.demo.language_names

writes `smile/text/other_names.csv` anew: CLDR's names as Babel carries them, under the licence that lies with
the demo pools, and some that CLDR lacks. What ISO 639-3 calls a language already is left out.
"""

from __future__ import annotations

import csv
from io import StringIO

from smile.demo.sentences import own_data
from smile.text.language_search import NAMES, folded, iso_names
from smile.util.storage import write_text

READ = ("en", "fr")  # in which the page is read
OURS = {
    "chr": ("Tsalagi",),
    "kmr": ("Kurmancî",),
    "mdw": ("Embosi", "Mbochi"),
    "ori": ("Oriya",),
    "orm": ("Afaan Oromoo",),
    "sxb": ("Olusuba",),
}


def rows() -> list[tuple[str, str]]:
    """Return (ISO 639-3 code, name), each once, by code and name."""
    from babel import localedata
    from iso639 import iter_langs

    called: dict[str, list[str]] = {code: list(names) for code, names in OURS.items()}
    codes = {
        tag: str(known.pt3) for known in iter_langs() for tag in (known.pt1, known.pt3) if tag and known.pt3
    }
    for locale in localedata.locale_identifiers():
        if "_" in locale:
            continue
        names = own_data.__wrapped__(locale).get("languages", {})  # all of them would take 100 MB
        for tag in names if locale in READ else {locale} & names.keys():
            if tag in codes:
                called.setdefault(codes[tag], []).append(names[tag])
    known = iso_names()
    found = {(code, folded(name)): name for code in called for name in called[code]}
    return sorted(
        (code, name) for (code, plain), name in found.items() if plain not in known.get(code, {plain})
    )


def table() -> str:
    """Return the file's text."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([("code", "name"), *rows()])
    return text.getvalue()


if __name__ == "__main__":
    write_text(NAMES, table())
