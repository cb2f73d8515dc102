"""HTML of the page in another language: its texts, and the attributes that are read out or pointed at.

What visitors bring, or a recogniser writes, is left as it is: its element says `dir="auto"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

from smile.ui.i18n.catalogue import Catalogue

PIECE = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.DOTALL)
TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
ATTRIBUTE = re.compile(r'(\s(?:title|aria-label|placeholder|alt|data-line|data-label)=")([^"]*)(")')
DATA = re.compile(r'\s(?:dir="auto"|translate="no")')
SPACES = re.compile(r"[ \t\r\n]+")  # no-break spaces stay
VOID = frozenset(
    ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
OWN = frozenset(("script", "style", "code", "kbd"))


def translated_html(markup: str, catalogue: Catalogue) -> str:
    """Return HTML with all texts that the catalogue has in its language."""
    return "".join(_translated(piece, kept, catalogue) for piece, kept in _pieces(markup))


def texts(markup: str) -> Iterator[str]:
    """Yield what a visitor reads of HTML that is the page's own: texts and attributes."""
    for piece, kept in _pieces(markup):
        if piece.startswith("<"):
            yield from (unescape(found[1]) for found in ATTRIBUTE.findall(piece) if found[1].strip())
        elif not kept and piece.strip():
            yield _read(piece)


def _pieces(markup: str) -> Iterator[tuple[str, bool]]:
    """Yield tags and texts, and whether each stands in data."""
    inside: list[str] = []  # elements from the outermost one of data inwards
    for piece in PIECE.findall(markup):
        tag = TAG.match(piece)
        if tag is None:
            yield piece, bool(inside)
            continue
        closes, name = tag[1], tag[2].lower()
        if inside and closes and name == inside[-1]:
            inside.pop()
        elif not closes and (inside or DATA.search(piece) or name in OWN) and not _alone(piece, name):
            inside.append(name)
        yield piece, bool(inside)


def _alone(piece: str, name: str) -> bool:
    return name in VOID or piece.endswith("/>")


def _translated(piece: str, kept: bool, catalogue: Catalogue) -> str:
    if piece.startswith("<"):
        return ATTRIBUTE.sub(lambda a: f"{a[1]}{_escaped(a[2], catalogue, quote=True)}{a[3]}", piece)
    if kept:
        return piece
    text = piece.strip()
    if not text:
        return piece
    before, _, after = piece.partition(text)
    return f"{before}{_escaped(text, catalogue)}{after}"


def _escaped(text: str, catalogue: Catalogue, quote: bool = False) -> str:
    """A text of HTML translated, or as it stands where there is nothing to translate."""
    new = catalogue.text(_read(text))
    return text if new is None else escape(new, quote=quote)


def _read(text: str) -> str:
    """A text as a browser shows it: characters for their names, and one space for several."""
    return SPACES.sub(" ", unescape(text)).strip(" ")
