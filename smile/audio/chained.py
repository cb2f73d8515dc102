"""Chained Ogg, and joined FLAC: files of several links, each whole by itself, played one after the other."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import BinaryIO

from smile.datatypes import AudioError

BEGIN = {  # by what a file begins with, what each of its streams begins with
    b"OggS": re.compile(rb"OggS\x00[\x02\x06]"),
    b"fLaC": re.compile(rb"fLaC\x00\x00\x00\x22"),
}
HEAD = 27  # bytes of a page before its table of segments
STEP = 2**20  # bytes that are searched at a time
OVERLAP = 7  # of them that are searched again, less than a beginning may have
MOST = 10_000  # streams


def links(file: BinaryIO, subject: str) -> list[tuple[int, int]]:
    """Return where each link of an open file begins and ends, in bytes; one for a file of another format.

    Ogg streams that begin at once, page after page, are played together and make one link.

    Raises:
        AudioError: there are too many.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    kind = file.read(4)
    begins = list(islice(_begins(file, BEGIN[kind]), MOST + 1)) if kind in BEGIN else []
    if len(begins) > MOST:
        raise AudioError(f"{subject} is joined of too many parts; save it as one WAV file.")
    if kind == b"OggS":
        ends = {_page_end(file, page) for page in begins}
        begins = [page for page in begins if page not in ends]
    file.seek(0)
    return list(pairwise([0, *begins[1:], size]))


def _begins(file: BinaryIO, begin: re.Pattern[bytes]) -> Iterator[int]:
    """Where streams begin."""
    file.seek(0)
    place, data = 0, b""  # of what is searched
    while chunk := file.read(STEP):
        data += chunk
        last = -1
        for match in begin.finditer(data):
            last = match.start()
            yield place + last
        rest = max(last + 1, len(data) - OVERLAP)
        place, data = place + rest, data[rest:]


def _page_end(file: BinaryIO, page: int) -> int:
    file.seek(page + HEAD - 1)
    table = file.read(256)
    segments = table[0] if table else 0
    return page + HEAD + segments + sum(table[1 : 1 + segments])


class Part:
    """A part of an open file, as a file of its own."""

    def __init__(self, file: BinaryIO, begin: int, end: int):
        self._file, self._begin, self._size, self._at = file, begin, end - begin, 0

    def tell(self) -> int:
        """Return the place in this part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in this part, and return it."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = min(max(0, origin + offset), self._size)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer at the end."""
        left = self._size - self._at
        self._file.seek(self._begin + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data
