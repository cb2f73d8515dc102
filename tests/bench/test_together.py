"""The benchmark of two jobs at once: what it compares, and that a job that fails is told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from smile.bench import together
from smile.bench.asked import Asked
from smile.datatypes import Samples, SmileError
from smile.util.threads import WAIT

SILENCE = np.zeros(16000, np.float32)


def test_each_job_is_beside_the_other_what_it_is_alone_times_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str | None, tuple[str, ...]]] = []
    monkeypatch.setenv(WAIT, "active")
    monkeypatch.setattr(together, "_made", lambda asked, work: (work, SILENCE))

    def timed(kinds: Sequence[str], folder: Path, clip: Samples) -> list[float]:
        seen.append((os.environ.get(WAIT), tuple(kinds)))
        return [len(kinds) * (1.5 if kind == "fitting" else 1.0) for kind in kinds]

    monkeypatch.setattr(together, "timed", timed)
    rows = together.run(Asked(Path(), "mdw")).splitlines()[4:]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert [cell[-1] for cell in cells] == ["2.00"] * 12
    assert [tuple(cell[:3]) for cell in cells[6:]] == [
        ("sleep", a, b) for p in together.PAIRS for a, b in (p, p[::-1])
    ]
    assert {wait for wait, _ in seen[:5]} == {None}
    assert {wait for wait, _ in seen[5:]} == {"passive"}
    assert os.environ[WAIT] == "active"


def test_a_job_that_fails_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SmileError, match="its message stands above"):
        together.timed(["transcribing"], tmp_path / "none", SILENCE)
    assert "none" in capfd.readouterr().err
