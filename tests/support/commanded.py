"""Commands with a tiny model, in this process or in one of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smile.cli import main as cli
from smile.whisper import model
from tests.conftest import ROOT

WITHOUT = (  # the adapter that comes with SMILE, which is for another size
    "from smile.cli import main as cli; from smile.whisper import model; "
    "model.shipped_adapter = lambda model: None; raise SystemExit(cli.main({}))"
)


def with_model(folder: Path, line: list[str]) -> list[str]:
    return [*line, "--model", str(folder), "--precision", "float32"]


def commanded(folder: Path, *line: str) -> int:
    """Run a command here with the model of a folder; return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "shipped_adapter", lambda model: None)
        return cli.main(with_model(folder, [*line]))


def begun(folder: Path, line: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    """Begin a command in a process of its own with the model of a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", WITHOUT.format(with_model(folder, line))],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
