"""The machine that a figure was made on: its kind, never its name."""

from __future__ import annotations

import os
import platform
from pathlib import Path

INFO = Path("/proc/cpuinfo")  # of Linux
KNOWN = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
"""Instruction sets that decide how fast int8 and bfloat16 are, and how int8 rounds."""


def cpu() -> str:
    """Return the processor's name and its instruction sets that matter here."""
    info = INFO.read_text(encoding="utf-8") if INFO.exists() else ""
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return " ".join([name, *(known for known in KNOWN if known in info.split())])


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Return processor, cores, system and Python in one line."""
    return f"{cpu()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
