"""A figure says which processor it comes from, since int8 rounds otherwise on another."""

from __future__ import annotations

import platform
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
