"""The machine that a figure was made on: its kind, never its name."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from math import ceil, inf
from pathlib import Path

INFO = Path("/proc/cpuinfo")  # of Linux
CGROUP = Path("/sys/fs/cgroup")
QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))  # of cgroup v2 and v1
KNOWN = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
"""Instruction sets that decide how fast int8 and bfloat16 are, and how int8 rounds."""


def cpu() -> str:
    """Return the processor's name and its instruction sets that matter here."""
    info = INFO.read_text(encoding="utf-8") if INFO.exists() else ""
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return " ".join([name, *(known for known in KNOWN if known in info.split())])


def amd() -> bool:
    """Return whether the processor is one of AMD's."""
    info = INFO.read_text(encoding="utf-8") if INFO.exists() else platform.processor()
    return "AuthenticAMD" in info


def cores() -> int:
    """Return how many cores this process may use: of its affinity, within its container's quota."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, ceil(min(bound, quota())))


def quota() -> float:
    """Return how many cores' time the container may use, by cgroup v2 or v1; infinity without a limit."""
    for names in QUOTAS:
        with suppress(OSError, ValueError, ZeroDivisionError):
            allowed, period = " ".join((CGROUP / name).read_text(encoding="ascii") for name in names).split()
            if allowed not in ("max", "-1"):
                return int(allowed) / int(period)
    return inf


def machine() -> str:
    """Return processor, cores, system and Python in one line."""
    return f"{cpu()}, {cores()} cores, {platform.system()}, Python {platform.python_version()}"
