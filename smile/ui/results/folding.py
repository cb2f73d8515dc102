"""Loops of a transcript folded: a piece that comes over and over is shown twice, and how often it came."""

from __future__ import annotations

import re

from markupsafe import Markup

LONGEST = 80  # characters of a piece
LEAST = 4  # times that it comes
SHORTEST = 12  # characters that all its copies have together
SHOWN = 2  # copies that stay
LOOP = re.compile(rf"(.{{1,{LONGEST}}}?)\1{{{LEAST - 1},}}", re.DOTALL)
FOLDED = Markup('<span class="folded" title="The same piece, over and over">… {} times</span>')


def folded(text: str) -> tuple[Markup, bool]:
    """Return a text as HTML with its loops folded, and whether there were any."""
    parts, at = [], 0
    for loop in LOOP.finditer(text):
        piece, whole = loop.group(1), loop.group()
        if len(whole) < SHORTEST or not piece.strip():
            continue
        parts += [
            Markup.escape(text[at : loop.start()] + SHOWN * piece),
            FOLDED.format(len(whole) // len(piece)),
        ]
        at = loop.end()
    return Markup().join([*parts, Markup.escape(text[at:])]), bool(parts)
