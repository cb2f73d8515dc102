"""A figure says which processor it comes from, since int8 rounds otherwise on another."""

from __future__ import annotations

import os
import platform
from math import ceil, inf
from pathlib import Path

import pytest

from smile.util import machine


def test_a_processor_is_its_name_and_what_it_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: Example 9000\nflags\t\t: fpu avx2 avx512_vnni sse4a avx512fx\n" * 2)
    monkeypatch.setattr(machine, "INFO", info)
    assert machine.cpu() == "Example 9000 avx2 avx512_vnni"
    assert machine.machine().startswith("Example 9000 avx2 avx512_vnni, ")


def test_without_linux_it_is_the_kind_of_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "INFO", tmp_path / "none")
    assert machine.cpu() == platform.machine()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, inf),
        ({"cpu.max": "max 100000\n"}, inf),
        ({"cpu.max": "200000 100000\n"}, 2.0),
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu.max": "nonsense"}, inf),
        ({"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, inf),
    ],
)
def test_a_container_s_quota_bounds_the_cores(
    files: dict[str, str], expected: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert machine.quota() == expected
    assert machine.cores() == (64 if expected == inf else max(1, ceil(expected)))
