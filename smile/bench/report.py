"""What every benchmark says of the machine, and its table as Markdown."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from datetime import UTC, datetime

from smile.util.commit import commit
from smile.util.machine import cores, cpu


def stamp() -> str:
    """Return date, commit and machine, as a figure has to carry them."""
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {commit() or 'unknown'}, {cpu()}, {cores()} cores"


def memory() -> float:
    """Return the most memory that this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def markdown_table(rows: Sequence[dict[str, object]]) -> str:
    """Return rows of equal keys as a Markdown table."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([str(row[h]) for h in heads] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
