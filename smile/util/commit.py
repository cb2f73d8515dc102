"""The commit of this code that is at work, as every figure and every trained file says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from smile.paths import CHECKOUT, COMMIT


def commit(repository: Path | None = CHECKOUT) -> str:
    """Return 12 hex digits, "+" behind them where tracked files differ; empty where nothing says it.

    Where there is no repository, it is the commit that the wheel was built from.
    """
    if repository is None:
        return COMMIT.read_text(encoding="ascii").strip() if COMMIT.is_file() else ""
    if not (repository / ".git").exists():
        return ""  # a repository around it is another one
    describe = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        described = subprocess.run(describe, cwd=repository, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return described.stdout.strip()
