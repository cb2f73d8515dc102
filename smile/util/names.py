"""Codes and ids that come from outside, checked by strict patterns before anything is called by them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

CODE = re.compile(r"[a-z0-9](?:[a-z0-9_+-]{0,38}[a-z0-9])?")
LONGEST_ID = 200  # characters
LONGEST_LABEL = 100  # characters
UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))  # categories: controls, halves of characters, line ends
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # show text in another order


def code(text: str) -> str:
    """Return the code of a language or of several ("mdw", "mdw+sxb") as it is, safe as the name of a file.

    Raises:
        ValueError: it is anything else; the message is a sentence that says what to write.
    """
    if not CODE.fullmatch(text):
        raise ValueError(
            f"{_shown(text)} is no code of a language; write the ISO 639-3 code in small letters, like mdw."
        )
    return text


def as_code(label: str) -> str:
    """Return a label of a language in small letters where it is a code, else a code made of it.

    A digest marks what had to go, so that two labels never share a code. An empty label stays empty.
    """
    small = label.lower()
    if not small or CODE.fullmatch(small):
        return small
    plain = re.sub(r"[^a-z0-9]+", "-", small).strip("-")[:24].strip("-")
    return f"{plain or 'language'}-{hashlib.sha256(small.encode(errors='replace')).hexdigest()[:10]}"


def identifier(text: str) -> str:
    """Return the id of a clip as it is: one line of 1 to 200 characters that can be printed.

    Raises:
        ValueError: it is anything else; the message is a sentence that says what to do.
    """
    if not text.strip() or len(text) > LONGEST_ID:
        raise ValueError(f"{_shown(text)} is no id of a clip; give it one of 1 to {LONGEST_ID} characters.")
    if any(c in TURNING or unicodedata.category(c) in UNPRINTABLE for c in text):
        raise ValueError(f"The id {_shown(text)} has characters that cannot be printed; write it without.")
    return text


def label(text: str) -> str:
    """Return a language's name as it is: one line of at most 100 characters, or nothing.

    Raises:
        ValueError: it is anything else; the message is a sentence that says what to do.
    """
    if len(text) > LONGEST_LABEL:
        raise ValueError(f"{_shown(text)} is too long for a name; write {LONGEST_LABEL} characters at most.")
    if any(c in TURNING or unicodedata.category(c) in UNPRINTABLE for c in text):
        raise ValueError(f"The name {_shown(text)} has characters that cannot be printed; write it without.")
    return text


def printable(name: str) -> str:
    """Return a name without what would move a terminal's cursor or turn its line around, which is escaped."""
    return "".join(ascii(c)[1:-1] if _unprintable(c) else c for c in name)


def _unprintable(character: str) -> bool:
    return character in TURNING or unicodedata.category(character) in UNPRINTABLE


def _shown(text: str) -> str:
    """A text for a message: one short line, whatever is in it."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}...")
