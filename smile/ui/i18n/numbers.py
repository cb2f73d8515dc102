"""Numbers as they are written where a comma stands before decimals."""

from __future__ import annotations

import re

DECIMAL, THOUSANDS = ",", "\u202f"
GROUPED = re.compile(r"(?<![\w.,:])\d{1,3}(?:,\d{3})+(?![\d,])")
POINT = re.compile(r"(?<![\w.,:])(\d+)\.(\d+)(?![\d:]|[.,]\d)")  # no times, versions, or parts of names


def with_commas(text: str) -> str:
    """Return a text whose numbers have decimal commas, and narrow spaces between thousands."""
    spaced = GROUPED.sub(lambda number: number[0].replace(",", THOUSANDS), text)
    return POINT.sub(rf"\1{DECIMAL}\2", spaced)
