"""Encodings of texts that were saved before UTF-8 was usual: which may be named, and reading in one of them.

Nobody's guess takes one. A person names it, and even then what is surely or perhaps UTF-8 is not read in it.
"""

from __future__ import annotations

import codecs
import re

from smile.datatypes import CorpusError

ENCODINGS = {  # Python's names -> what people call them; all have ASCII in them, byte by byte
    "cp1252": "Windows-1252, western European",
    "cp1250": "Windows-1250, central European",
    "cp1251": "Windows-1251, Cyrillic",
    "cp1253": "Windows-1253, Greek",
    "cp1254": "Windows-1254, Turkish",
    "cp1255": "Windows-1255, Hebrew",
    "cp1256": "Windows-1256, Arabic",
    "cp1257": "Windows-1257, Baltic",
    "cp1258": "Windows-1258, Vietnamese",
    "iso8859-1": "ISO 8859-1, western European",
    "iso8859-2": "ISO 8859-2, central European",
    "iso8859-3": "ISO 8859-3, southern European",
    "iso8859-4": "ISO 8859-4, northern European",
    "iso8859-5": "ISO 8859-5, Cyrillic",
    "iso8859-6": "ISO 8859-6, Arabic",
    "iso8859-7": "ISO 8859-7, Greek",
    "iso8859-8": "ISO 8859-8, Hebrew",
    "iso8859-9": "ISO 8859-9, Turkish",
    "iso8859-10": "ISO 8859-10, Nordic",
    "iso8859-13": "ISO 8859-13, Baltic",
    "iso8859-14": "ISO 8859-14, Celtic",
    "iso8859-15": "ISO 8859-15, western European",
    "iso8859-16": "ISO 8859-16, south-eastern European",
    "mac-roman": "Mac OS Roman",
    "mac-latin2": "Mac OS central European",
    "mac-cyrillic": "Mac OS Cyrillic",
    "mac-greek": "Mac OS Greek",
    "mac-turkish": "Mac OS Turkish",
    "mac-iceland": "Mac OS Icelandic",
    "cp437": "DOS 437, United States",
    "cp850": "DOS 850, western European",
    "cp852": "DOS 852, central European",
    "cp857": "DOS 857, Turkish",
    "cp866": "DOS 866, Cyrillic",
    "koi8-r": "KOI8-R, Russian",
    "koi8-u": "KOI8-U, Ukrainian",
    "kz1048": "KZ-1048, Kazakh",
    "ptcp154": "PT154, Cyrillic of Asia",
    "cp874": "Windows-874, Thai",
    "gb18030": "GB 18030, Chinese",
    "big5hkscs": "Big5, Chinese",
    "cp932": "Windows-932, Japanese",
    "euc_jp": "EUC-JP, Japanese",
    "cp949": "Windows-949, Korean",
}
ALIASES = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
ALIASES |= {"tis-620": "cp874", "iso8859-11": "cp874"}
LONGEST = 40  # characters of a name
LINES = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")  # where lines begin
CONTROLS = re.compile(
    "[\x80-\x9f]"
)  # in no text: those of ISO 8859 stand where Windows has letters and signs
DAMAGED = "\ufffd"


def encoding_named(said: str) -> str:
    """Return Python's name of an encoding that a person names; "" stays so.

    Raises:
        CorpusError: it is none of ENCODINGS.
    """
    if not said:
        return ""
    try:
        name = codecs.lookup(said.strip()).name if len(said) <= LONGEST and said.isascii() else ""
    except (LookupError, ValueError):
        name = ""
    name = ALIASES.get(name, name)
    if name not in ENCODINGS:
        raise CorpusError(
            f'There is no encoding "{said[:LONGEST]}" for texts here; choose one of {", ".join(ENCODINGS)}.'
        )
    return name


def in_utf8(data: bytes, encoding: str) -> bytes:
    """Return a file's bytes in UTF-8, where they are in an encoding that a person has named.

    What is in UTF-8 or UTF-16 already stays as it is. What cannot be read becomes U+FFFD, and so do letters
    of a line that may be UTF-8, since nobody can say which of the two it is.
    """
    if not encoding or not is_eight_bit(data):
        return data
    return "".join(_line(line, encoding) for line in LINES.split(data)).encode("utf-8")


def _line(line: bytes, encoding: str) -> str:
    if line.isascii():
        return line.decode("ascii")
    if is_utf8(line):
        return line.decode("ascii", errors="replace")
    return in_encoding(line, encoding)


def in_encoding(data: bytes, encoding: str) -> str:
    """Return what bytes read in one of ENCODINGS, with U+FFFD for what is in no text that is in it."""
    return CONTROLS.sub(DAMAGED, data.decode(encoding, errors="replace"))


def is_eight_bit(data: bytes) -> bool:
    """Return whether a file's bytes are neither in UTF-8 nor in UTF-16, as far as they say."""
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    # no text in any of ENCODINGS has zeros, which UTF-16 without a mark has
    return b"\0" not in data and not is_utf8(data)


def is_utf8(data: bytes) -> bool:
    """Return whether bytes can be read as UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
