"""The profile of a transcription: every part is found, and all come to the whole."""

from __future__ import annotations

import pytest

from smile.bench import stages
from smile.settings import DEFAULTS
from smile.whisper.model import Models
from tests.conftest import ROOT
from tests.support.clips import clips

ALWAYS = ("finding speech", "log-mel", "encoder", "keys and values of encoder states")
ALWAYS += ("decoder, vocabulary included", "masks, kNN-LM, choice of tokens", "everything else")


def test_the_parts_of_a_transcription_come_to_the_whole(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "ROUNDS", 1)
    spent = stages.spent(models, clips("deu", 1)[0].samples, None, DEFAULTS)
    assert all(spent[part] > 0 for part in ALWAYS)
    assert {part for part, seconds in spent.items() if seconds} == {*ALWAYS, "whole"}
    assert sum(spent.values()) == pytest.approx(2 * spent["whole"])


def test_a_part_that_no_way_has_is_left_out() -> None:
    columns = {
        "a": {"encoder": 2.4, "heads": 0.0, "whole": 3.0},
        "b": {"encoder": 0.0, "heads": 0.0, "whole": 1.0},
    }
    assert stages.rows(columns) == [
        {"part": "encoder", "a": "2", "b": ""},
        {"part": "whole", "a": "3", "b": "1"},
    ]


def test_every_part_is_a_function_there_is() -> None:
    for file, name in stages.PARTS.values():
        (path,) = [p for p in (ROOT / "smile").rglob("*.py") if p.as_posix().endswith(f"/{file}")]
        assert f"def {name}(" in path.read_text(encoding="utf-8")
