"""What sentences advise: on the command line an option, and on the page what a visitor finds there.

A sentence that is made where files are read holds the command line's words. Where a visitor is told it,
`on_page` gives them what can be done there; `tests/util/test_advice.py` sees that no option is left.
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple


class Advice(NamedTuple):
    """One piece of advice, as a part of a sentence."""

    option: str
    page: str


NAME_ENCODING = Advice(
    ", or name its encoding (--encoding)", ", or choose its encoding below the chosen files"
)
THAT_ENCODING = Advice(
    ", or choose that encoding (--encoding cp1252)", ", or choose that encoding below the chosen files"
)
NAME_RECORDING = Advice(", or name the recording (--recording)", "")
NO_TRACK = Advice("leave --track out", "choose the default audio track")
TAKE_TRACK = Advice("--track takes another", "bring another one as a file of its own")
PASTED = ", or paste its text into the field"  # where a text is brought as a file, or written
OF_AN_ERROR = {
    errno.ENOSPC: "; make room on its disk",
    errno.EDQUOT: "; make room on its disk",
    errno.EROFS: "; copy what it belongs to into a folder that can be written",
    errno.EACCES: "; check its rights, or copy what it belongs to into a folder of your own",
    errno.EPERM: "; check its rights, or copy what it belongs to into a folder of your own",
    errno.ENOENT: "; check its name",
}
ADVICE = (NAME_ENCODING, THAT_ENCODING, NAME_RECORDING, NO_TRACK, TAKE_TRACK)


def on_page(text: str) -> str:
    """Return a sentence whose advice a visitor of the page can follow."""
    for advice in ADVICE:
        text = text.replace(advice.option, advice.page)
    return text


def of_a_text(text: str) -> str:
    """Return a sentence on a text file where the page asks for no encoding, but has a field for a text."""
    for advice in (NAME_ENCODING, THAT_ENCODING):
        text = text.replace(advice.option, PASTED)
    return text


def of_a_file(error: OSError) -> str:
    """Return a sentence on a file that cannot be read or written."""
    reason = (
        f"({error.strerror or str(error) or type(error).__name__}){OF_AN_ERROR.get(error.errno or 0, '')}"
    )
    named = isinstance(error.filename, str | bytes | os.PathLike) and os.fsdecode(error.filename)
    return f"{named or 'A file'} cannot be read or written {reason}."
