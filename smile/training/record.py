"""What is written beside an adapter: how it was trained, on what, from which commit."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from smile.commit import commit
from smile.machine import machine
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
        "start": run.settings().get("start", ""),  # SHA-256 of the adapter that it began with
        "data": {
            "sha256": data.sha256,
            "clips": len(data.clips),
            "minutes": {code: round(s / 60, 2) for code, s in seconds.items()},
            "left_out": data.left_out,
        },
        "hours": round(hours, 3),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "validation": [row for row in run.rows() if row["kind"] == "validation"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=list) + "\n"
