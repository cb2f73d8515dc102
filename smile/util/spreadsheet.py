"""Cells of csv files that spreadsheets open: letters stay as they are, and no text becomes a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

BOM = "\ufeff"  # without it Excel reads a csv in the machine's own encoding
FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # how a cell begins that spreadsheets would compute
ERROR = re.compile(r"#[¿¡]?[A-ZÉÚÍ]+(?:/0)?[!?]|#N/[AD]|#NV|#GETTING_DATA|Err:\d{3}")  # in whatever language


def is_error(cell: str) -> bool:
    """Return whether a cell holds nothing but a spreadsheet's error, such as #NAME? or #N/A."""
    return ERROR.fullmatch(cell.strip()) is not None


def guarded(value: Any) -> Any:
    """Return a cell's value, a text that would be a formula with an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def guarded_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose cells are guarded."""
    return {name: guarded(value) for name, value in row.items()}


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
