"""An aligned difference of two texts as HTML: the reference above, the transcript below, chunk by chunk.

A chunk that one of the texts lacks has a dash in its place, so that no colour is needed to read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from markupsafe import Markup

from smile.text.scoring import Chunk, align

OPEN_BOX = "\u2423"  # stands for a space that is missing, too much or changed
JOINER = "\u200d"  # makes a letter take the shape that it has beside another
GAP = Markup('<span class="gap">\u2013</span>')
SAME = Markup('<span class="col" data-above="{0}">{0}</span>')
COLUMN = Markup('<span class="col {kind}">{above}{below}</span>')
MISSING, EXTRA = Markup("<del>{}</del>"), Markup("<ins>{}</ins>")
LEGEND = Markup(
    '<p class="legend">Above the reference, below the transcript: '
    "<span>{} changed</span> <span>{} missing</span> <span>{} too much</span></p>"
).format(*(Markup('<i class="key {}"></i>').format(kind) for kind in ("substitute", "delete", "insert")))


def difference(reference: str, hypothesis: str) -> Markup:
    """Align the two texts and return them as HTML.

    Both are shown as they stand; lines break between words only.
    """
    words = (Markup().join(map(_column, word)) for word in _words(_joined(align(reference, hypothesis))))
    shown = Markup().join(Markup('<span class="word">{}</span>').format(word) for word in words)
    return Markup('<p class="diff" dir="auto">{}</p>').format(shown)


def _words(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """The chunks, those that are equal cut after spaces, grouped by word."""
    word: list[Chunk] = []
    for chunk in chunks:
        for piece in _pieces(chunk):
            word.append(piece)
            if piece.kind == "equal" and piece.hypothesis.endswith(" "):
                yield word
                word = []
    if word:
        yield word


def _pieces(chunk: Chunk) -> Iterator[Chunk]:
    if chunk.kind != "equal":
        yield chunk
        return
    for text in re.findall(r"[^ ]* +|[^ ]+", chunk.hypothesis):
        yield Chunk("equal", text, text)


def _column(chunk: Chunk) -> Markup:
    if chunk.kind == "equal":
        return SAME.format(chunk.hypothesis)
    above, below = chunk.reference.replace(" ", OPEN_BOX), chunk.hypothesis.replace(" ", OPEN_BOX)
    return COLUMN.format(
        kind=chunk.kind,
        above=MISSING.format(above) if above else GAP,
        below=EXTRA.format(below) if below else GAP,
    )


def _joined(chunks: list[Chunk]) -> list[Chunk]:
    """The chunks, with joiners where a word of a cursive script such as Arabic was cut."""
    references = _with_joiners([chunk.reference for chunk in chunks])
    hypotheses = _with_joiners([chunk.hypothesis for chunk in chunks])
    return [Chunk(c.kind, *texts) for c, *texts in zip(chunks, references, hypotheses, strict=True)]


def _with_joiners(texts: list[str]) -> list[str]:
    done = list(texts)
    filled = [i for i, text in enumerate(texts) if text]
    for i, j in pairwise(filled):
        if _cursive(texts[i]) and _cursive(texts[j][:1]):
            done[i], done[j] = done[i] + JOINER, JOINER + done[j]
    return done


def _cursive(text: str) -> bool:
    """Whether the last base letter of a text is one of those that join: Arabic, Syriac and the like."""
    letters = [c for c in text if not unicodedata.combining(c)]
    return bool(letters) and unicodedata.bidirectional(letters[-1]) == "AL"
