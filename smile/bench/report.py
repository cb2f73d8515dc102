"""What every benchmark says of the machine, and its table as Markdown."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from smile.commit import commit


def stamp() -> str:
    """Date, commit and machine, as a figure has to carry them."""
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {commit() or 'unknown'}, {cpu()}, {os.cpu_count()} cores"


def cpu() -> str:
    """The processor's name and its instruction sets that matter here."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    lines = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    known = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
    return " ".join([lines[0] if lines else platform.machine(), *(f for f in known if f in info.split())])


def memory() -> float:
    """Most memory that this process has held, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def table(rows: Sequence[dict[str, object]]) -> str:
    """Rows of equal keys as a Markdown table."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([str(row[h]) for h in heads] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
