"""Tables and annotations whose encoding only a person can name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smile.corpora.encodings import is_eight_bit
from smile.corpora.tables import SUFFIXES
from smile.corpora.undecoded import Undecoded, choices
from smile.importing.annotations import check_sizes, read_bytes
from smile.importing.eaf import says_utf8
from smile.importing.limits import Limits
from smile.importing.textgrid import BINARY

SHEETS = (".xlsx",)  # which say it themselves


def undecoded(paths: Sequence[Path], limits: Limits) -> Undecoded | None:
    """Return the encodings that can read annotation files, or a table; None where nobody needs to name one.

    Raises:
        CorpusError: one cannot be read, or they are too large.
    """
    table = any(path.suffix.lower() in SUFFIXES for path in paths)
    if table and max(path.stat().st_size for path in paths) > limits.table.bytes:
        return None  # which is told where it is read
    if not table:
        check_sizes(paths, limits)
    files = [data for path in paths if (data := _data(path))]
    return Undecoded(table, choices(files)) if files else None


def _data(path: Path) -> bytes | None:
    """The bytes of a file that is read in the encoding that a person names, if it is one."""
    suffix = path.suffix.lower()
    data = read_bytes(path) if suffix not in SHEETS else b""
    if (suffix == ".eaf" and not says_utf8(data)) or data.startswith(BINARY):
        return None
    return data if is_eight_bit(data) else None
