"""What is written beside an adapter: how it was trained, on what, from which commit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smile.training.checkpoint import Reached, Run
from smile.training.config import TrainConfig
from smile.training.data import Data
from smile.util.commit import commit
from smile.util.machine import machine
from smile.whisper import adapters


def begun(start: Path) -> list[dict[str, Any]]:
    """Return an adapter to begin with, after those that it began with: what each is, how long it learned.

    Raises:
        WeightsError: it cannot be read.
    """
    adapter = adapters.load(start)
    config = adapter.card.get("config", {})
    learned = {name: config.get(name) for name in ("steps", "batch", "seed", "symbol_remapping")}
    said = {name: adapter.card.get(name) for name in ("hours", "commit", "date")}
    return [
        *adapter.card.get("begun", []),
        {"sha256": adapter.sha256, "encoding": adapter.encoding, **learned, **said},
    ]


def record(config: TrainConfig, data: Data, run: Run, reached: Reached) -> str:
    """Return the content of `smile.json`."""
    seconds = dict.fromkeys(config.languages, 0.0)
    for clip in data.clips:
        seconds[clip.language] += clip.seconds
    content = {
        "config": config.as_dict(),
        "begun": run.settings().get("begun", []),  # the adapters it began with, one from the other
        "data": {
            "sha256": data.sha256,
            "clips": len(data.clips),
            "minutes": {code: round(s / 60, 2) for code, s in seconds.items()},
            "left_out": data.left_out,
        },
        "hours": round(reached.hours, 3),
        "step": reached.step,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "validation": [row for row in run.rows() if row["kind"] == "validation"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=list) + "\n"
