"""The letters of text files: which encoding their bytes are in, and what to say where it is another."""

from __future__ import annotations

import codecs
import re
import unicodedata

from smile.util.advice import NAME_ENCODING, THAT_ENCODING

UNREADABLE = "Some characters cannot be read; save the file as UTF-8."
UNKNOWN = f"Some characters cannot be read; save the file as UTF-8{NAME_ENCODING.option}."
LIKELY = (
    'Some characters cannot be read; it looks like Windows-1252 (line {} would read "{}"), so save the file '
    f"as UTF-8{THAT_ENCODING.option}."
)
OTHER = "Line {} has characters that are not in {}, or may be in UTF-8; save the file as UTF-8."
DAMAGE = re.compile("[\ufffd\ud800-\udfff]")
WESTERN = "cp1252"  # what Windows of western Europe and America writes, unless it is asked not to
SIGNS = "‘’“”‚„–—…«»‹›€£°ªº¡¿·\u00a0\u00ad"  # besides letters, those that texts have in it
DAMAGED = "\ufffd".encode()
AROUND = 30  # characters that are shown of a line on each side of the first that is in question


def codec(data: bytes) -> str:
    """Return the encoding of a file that begins with a byte order mark or with an ASCII character."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8-sig"


def damaged(text: str) -> bool:
    """Return whether there are replacement characters or halves of surrogate pairs in a text."""
    return DAMAGE.search(text) is not None


def unreadable(lines: list[bytes], first: int = 1, encoding: str = "") -> str:
    """Return what to say of a file's lines, from the given number on, that are not in UTF-8.

    Where they fit Windows-1252, it is proposed with what the first such line would read: no program can
    tell for sure, but who wrote it sees it. Where an `encoding` was named and `in_utf8` has read them so,
    it is said which line has what cannot be read.
    """
    for number, line in enumerate(lines, start=first):
        if encoding and DAMAGED in line:
            return OTHER.format(number, encoding)
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            reads = _western(line)
            if not reads:
                return UNKNOWN
            shown = reads[max(0, error.start - AROUND) : error.start + AROUND].strip(' "')
            return LIKELY.format(number, shown)
    return UNREADABLE


def _western(line: bytes) -> str:
    """A line as Windows-1252, where that gives a text such as people write; else nothing.

    Texts of other scripts in encodings of their own would be all accented letters.
    """
    try:
        text = line.decode(WESTERN)
    except UnicodeDecodeError:
        return ""
    beyond = [character for character in text if character > "\x7f"]
    letters = sum(map(str.isalpha, text))
    accented = sum(map(str.isalpha, beyond))
    likely = all(character in SIGNS or unicodedata.category(character)[0] == "L" for character in beyond)
    return " ".join(text.split()) if likely and 2 * accented <= letters else ""
