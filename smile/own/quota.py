"""The room that visitors have on the disk: each, all together, and what stays free."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smile.datatypes import PoolError

EACH_FULL = (
    "What you keep here, with what you bring, comes to more than the {size} that one visitor may have; "
    "take it with you, delete some, and go on."
)
ALL_FULL = "The server keeps as much of its visitors' material as it may; please try again later."
DISK_FULL = "The server's disk is nearly full, so nothing more is taken; what is there stays. Try later."
MANY = "As many visitors as this server has room for keep examples here; please try again later."


class FullError(PoolError):
    """An error for a disk or a quota without room for more."""


@dataclass(frozen=True)
class Quota:
    """Limits in bytes; the defaults suit a free Space, which has 50 GB of disk that does not last."""

    each: int = 1_500_000_000  # of one visitor, in all languages
    total: int = 16_000_000_000  # of all visitors
    visitors: int = 500  # folders at a time, one for each language
    free: int = 1_000_000_000  # that stay free on the disk
    uploads: int = 2_000_000_000  # of uploads that have not been used yet, or are under way
    file: int = 750_000_000  # of one uploaded file; an hour of stereo at 48 kHz in 16 bits is 691 MB

    @property
    def at_once(self) -> int:
        """Return how many bytes one upload may bring, one file or several; others have room beside it."""
        return max(self.file, self.uploads // 2)

    def room(self, mine: int, everybodys: int, folder: Path) -> int:
        """Return how many more bytes a visitor may keep.

        Raises:
            FullError: none.
        """
        left = {
            EACH_FULL.format(size=said(self.each)): self.each - mine,
            ALL_FULL: self.total - everybodys,
            DISK_FULL: shutil.disk_usage(folder).free - self.free,
        }
        sentence, least = min(left.items(), key=lambda item: item[1])
        if least <= 0:
            raise FullError(sentence)
        return least


def said(size: int) -> str:
    """Return a size for a person, such as "500 MB"."""
    return f"{size / 1e9:g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"


def used(folder: Path) -> int:
    """Return the bytes of the files in a folder; what is there under two names counts once."""
    return sum({(info.st_dev, info.st_ino): info.st_size for info in _files(folder)}.values())


def _files(folder: Path) -> Iterator[os.stat_result]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # removed just now
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            try:
                yield entry.stat(follow_symlinks=False)
            except OSError:
                continue
