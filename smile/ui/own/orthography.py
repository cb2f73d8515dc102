"""The characters of a visitor's examples, with those that may be typing errors marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from markupsafe import Markup

from smile.datatypes import Utterance
from smile.text.characters import Character, inventory, mixed_forms

MOST = 400  # characters that are shown
CELL = Markup('<li{mark} title="{title}"><b dir="auto">{character}</b><small>{count}</small></li>')
DOUBT = Markup(
    '<li>{character} ({name}) occurs once: a typing error? It stands in: <bdi dir="auto">{text}</bdi></li>'
)
MIXED = Markup(
    '<p class="note">Some letters with marks are written as one character, others as two (NFC and NFD). '
    "They look alike, and are different to a computer: choose one form.</p>"
)


def letters(utterances: Sequence[Utterance]) -> str:
    """Return the characters as HTML by how often they occur; rare ones with the text around them."""
    if not utterances:
        return Markup('<p class="note">The characters of your examples will stand here.</p>')
    texts = [u.text for u in utterances]
    characters = inventory(texts)
    cells = Markup().join(map(_cell, characters[:MOST]))
    doubts = Markup().join(
        DOUBT.format(character=c.character, name=_name(c.character), text=utterances[c.example].text)
        for c in characters
        if c.rare
    )
    listed = Markup('<ul class="own-doubts">{}</ul>').format(doubts) if doubts else ""
    forms = MIXED if mixed_forms(texts) else ""
    return Markup('<ul class="own-letters">{}</ul>{}{}').format(cells, listed, forms)


def _cell(letter: Character) -> Markup:
    mark = Markup(' class="rare"') if letter.rare else ""
    shown = f"\u25cc{letter.character}" if unicodedata.combining(letter.character) else letter.character
    return CELL.format(mark=mark, title=_name(letter.character), character=shown, count=letter.count)


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '').lower()}".strip()
