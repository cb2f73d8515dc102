"""Which encodings can read files that are not in Unicode, and where they differ, for a person who knows.

No program can tell them apart for sure; who wrote the texts sees it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from smile.corpora.encodings import DAMAGED, ENCODINGS, LINES, in_encoding, is_utf8
from smile.corpora.letters import SIGNS

WORD = re.compile(rb"[^\x00-\x2f]+")  # what stands between them is part of no other character
PLACES = 3  # that are shown of each encoding at least, where there are so many
AROUND = 16  # characters that are shown on each side of where readings part


@dataclass(frozen=True)
class EncodingChoice:
    """Encodings in which files read the same."""

    names: tuple[str, ...]  # some of ENCODINGS
    shown: tuple[str, ...]  # what places read in them that tell them from the others


@dataclass(frozen=True)
class Undecoded:
    """Files whose encoding only a person can name, and the encodings that can read them."""

    table: bool  # whether it is a table; else they are annotations
    choices: tuple[EncodingChoice, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Any) -> Undecoded | None:
        """Return what `to_json` gave, or None.

        Raises:
            KeyError, TypeError or ValueError: it is anything else.
        """
        if said is None:
            return None
        choices = [
            EncodingChoice(tuple(map(str, one["names"])), tuple(map(str, one["shown"])))
            for one in said["choices"]
        ]
        if not all(one.names and ENCODINGS.keys() >= set(one.names) for one in choices):
            raise ValueError("an encoding that is not known")
        return cls(said["table"] is True, tuple(choices))


def choices(files: Iterable[bytes]) -> tuple[EncodingChoice, ...]:
    """Return the encodings that can read all lines of files that are not in UTF-8, those alike together.

    Those that give fewer signs that texts do not have come first.
    """
    words = _words(files)
    every, alike = b" ".join(words), dict[bytes, list[str]]()
    for name in ENCODINGS:
        text = in_encoding(every, name)
        if DAMAGED not in text:
            alike.setdefault(sha256(text.encode("utf-8")).digest(), []).append(name)
    shown = _places(list(words.values()), [names[0] for names in alike.values()])
    found = [EncodingChoice(tuple(names), tuple(shown[names[0]])) for names in alike.values()]
    return tuple(sorted(found, key=_strange))


def _words(files: Iterable[bytes]) -> dict[bytes, bytes]:
    """The words that are not in ASCII of the lines that are not in UTF-8, each once, with those around it."""
    words: dict[bytes, bytes] = {}
    for line in (line for data in files for line in LINES.split(data) if not is_utf8(line)):
        places = [match.span() for match in WORD.finditer(line)]
        for n, (start, end) in enumerate(places):
            if not (word := line[start:end]).isascii() and word not in words:
                first, last = places[max(0, n - 1)][0], places[min(n + 1, len(places) - 1)][1]
                words[word] = line[first:last]
    return words


def _places(pieces: Sequence[bytes], names: Sequence[str]) -> dict[str, list[str]]:
    """What each encoding makes of places by which it is told from every other, as far as they can be."""
    shown: dict[str, list[str]] = {name: [] for name in names}
    alike = [names] if len(names) > 1 else []
    for piece in pieces:
        if not alike:
            break
        alike = [part for same in alike for part in _parted(piece, same, shown)]
    for piece in pieces[:PLACES]:
        for name, text in _read(piece, names).items():
            if len(shown[name]) < PLACES and not any(text in other for other in shown[name]):
                shown[name].append(text)
    return shown


def _parted(piece: bytes, same: Sequence[str], shown: dict[str, list[str]]) -> Iterator[list[str]]:
    """Encodings that still read alike after a place, which is noted where it tells some apart."""
    parts: dict[str, list[str]] = {}
    for name, text in _read(piece, same).items():
        parts.setdefault(text, []).append(name)
    if len(parts) > 1:
        for text, names in parts.items():
            for name in names:
                shown[name].append(text)
    return (part for part in parts.values() if len(part) > 1)


def _read(piece: bytes, names: Sequence[str]) -> dict[str, str]:
    """A place as encodings read it, around the first character in which they differ."""
    texts = {name: in_encoding(piece, name) for name in names}
    at = _first(zip(*texts.values(), strict=False)) if len(texts) > 1 else _beyond(piece)
    return {name: " ".join(text[max(0, at - AROUND) : at + AROUND].split()) for name, text in texts.items()}


def _first(characters: Iterable[tuple[str, ...]]) -> int:
    """The first place at which readings differ, 0 where they do not before one of them ends."""
    return next((n for n, read in enumerate(characters) if len(set(read)) > 1), 0)


def _beyond(piece: bytes) -> int:
    """Where the first byte is that is not in ASCII."""
    return next((n for n, byte in enumerate(piece) if byte > 0x7F), 0)


def _strange(choice: EncodingChoice) -> int:
    """How many characters are shown that are neither letters nor signs that texts have."""
    beyond = [c for text in choice.shown for c in text if c > "\x7f" and c not in SIGNS]
    return sum(unicodedata.category(character)[0] not in "LM" for character in beyond)
