"""Texts in files of their own: read in Unicode, in the encoding that a person names, or not at all."""

from __future__ import annotations

from pathlib import Path

from smile.corpora.encodings import in_utf8, is_utf8
from smile.corpora.letters import DAMAGED, codec, unreadable
from smile.datatypes import CorpusError

MOST_BYTES = 100_000_000  # of a text


def text_of(path: Path, encoding: str = "") -> str:
    """Read a text file; `encoding` is that of one that is not in UTF-8 or UTF-16, where a person names it.

    Raises:
        CorpusError: it cannot be read, is too large, or has characters that are in another encoding.
    """
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise CorpusError(f"{path.name} has {size / 1e6:,.0f} MB; a text may have 100 MB, so split it.")
        return decoded(path, path.read_bytes(), encoding)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error


def decoded(path: Path, data: bytes, encoding: str = "") -> str:
    """Return the text of a file's bytes.

    Raises:
        CorpusError: they are in an encoding of 8 bits that nobody has named, or have characters that are
            not in the one that was named; or in UTF-16, and damaged.
    """
    data = in_utf8(data, encoding)
    if codec(data) != "utf-8-sig":
        try:
            return data.decode(codec(data)).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise CorpusError(f"{path.name} is damaged or no text; save it as UTF-8.") from error
    if not is_utf8(data) or (encoding and DAMAGED in data):
        raise CorpusError(f"{path.name}: {unreadable(data.splitlines(), encoding=encoding)}")
    return data.decode("utf-8-sig")
