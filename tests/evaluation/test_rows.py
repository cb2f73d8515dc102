"""Files of rows that somebody or something has spoilt: one sentence, whichever file it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.datatypes import SmileError
from smile.evaluation.rows import Row, RowFile, Seconds, read_manifest


@pytest.fixture
def rows(tmp_path: Path) -> RowFile:
    """A row on disk."""
    made = RowFile(tmp_path, "mdw")
    made.add([(Row("a", "mdw", "10min_test", "x", "c0ffee"), Seconds("a", "c0ffee", 1.5))])
    made.write()
    return made


def test_rows_and_times_come_back(rows: RowFile, tmp_path: Path) -> None:
    again = RowFile(tmp_path, "mdw")
    assert (again.rows, again.seconds) == (rows.rows, rows.seconds)


@pytest.mark.parametrize("text", ["{", '["a"]\n', '{"id": "a", "colour": "red"}\n', "3\n"])
@pytest.mark.parametrize("which", ["path", "timing"])
def test_a_damaged_file_is_one_sentence(rows: RowFile, tmp_path: Path, which: str, text: str) -> None:
    path: Path = getattr(rows, which)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SmileError, match=path.name):
        RowFile(tmp_path, "mdw")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"conditions": 3, "runs": []}'])
def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, text: str) -> None:
    assert read_manifest(tmp_path) == {"conditions": {}, "runs": []}
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(SmileError, match=r"manifest\.json is damaged"):
        read_manifest(tmp_path)
