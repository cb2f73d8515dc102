"""The curves of a run as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw loss and validation CER over the steps of a log, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row for row in rows if row["kind"] == "step"]
    left.plot([row["step"] for row in steps], [row["loss"] for row in steps], linewidth=1)
    left.set(xlabel="step", ylabel="training loss")
    checks = [row for row in rows if row["kind"] == "validation"]
    for name in [key for key in checks[0] if key not in ("kind", "step")] if checks else []:
        right.plot([r["step"] for r in checks], [100 * r[name] for r in checks], marker="o", label=name)
    right.set(xlabel="step", ylabel="dev CER, %")
    if checks:
        right.legend()
    figure.savefig(path, dpi=110)
