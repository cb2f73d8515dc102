"""What is written beside an adapter: how it was trained, on what, from which commit."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from smile.training.checkpoint import Run
from smile.training.config import TrainConfig
from smile.training.data import Data


def record(config: TrainConfig, data: Data, run: Run, hours: float) -> str:
    """The content of `smile.json`."""
    seconds = dict.fromkeys(config.languages, 0.0)
    for clip in data.clips:
        seconds[clip.language] += clip.seconds
    content = {
        "config": config.as_dict(),
        "data": {
            "sha256": data.sha256,
            "clips": len(data.clips),
            "minutes": {code: round(s / 60, 2) for code, s in seconds.items()},
            "left_out": data.left_out,
        },
        "hours": round(hours, 3),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}",
        "validation": [row for row in run.rows() if row["kind"] == "validation"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=list) + "\n"


def commit() -> str:
    """The commit of the code that runs, "+" added where files differ from it; empty outside a repository."""
    folder = Path(__file__).parent
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head[:12] + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
