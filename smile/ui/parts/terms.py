"""Words of the glossary, which a press explains where they stand; the page's script listens for it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

from smile.paths import GLOSSARY

TERM = Markup('<button type="button" class="term" data-line="{line}" aria-expanded="false">{word}</button>')
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)


@cache
def glossary(file: Path = GLOSSARY) -> dict[str, str]:
    """Return what a glossary says of each word, without its marks of emphasis, in its order."""
    rows = file.read_text(encoding="utf-8").partition("|---|---|")[2]
    return {word: line.replace("*", "") for word, line in ROW.findall(rows)}


def term(word: str, entry: str, kind: str = "") -> Markup:
    """Return a word of the page that tells its line of the glossary, which has it as `entry`.

    Of which `kind` it is here goes before that line.

    Raises:
        KeyError: the glossary has no such entry.
    """
    return TERM.format(word=word, line=f"{kind}. {glossary()[entry]}" if kind else glossary()[entry])
