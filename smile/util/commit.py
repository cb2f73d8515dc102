"""Which commit of this code is at work, as every figure and every trained file says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from smile.paths import ROOT


def commit(repository: Path = ROOT) -> str:
    """12 hex digits, "+" behind them where tracked files differ; empty where git cannot say."""
    describe = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        found = subprocess.run(describe, cwd=repository, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()
