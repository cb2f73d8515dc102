"""The work that a transcript leaves is counted edit by edit, and against the text that it was scored with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smile.audio.io import write
from smile.corpora import open_corpus
from smile.datatypes import SmileError
from smile.evaluation.rescoring import counts
from smile.results.keystrokes import Typing, Work, edits, keystrokes
from smile.text.normalisers import STAMPS

TEXTS = {"one": "Ni kende mboka.", "two": "Ayei lelo"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ni kende mboka.", (0, 0, 0, 0)),
        ("", (15, 0, 0, 1)),
        ("ni kende mboka", (1, 0, 1, 2)),
        ("Ni kkende mboka.", (0, 1, 0, 1)),
        ("Ni kende  mboka.", (0, 0, 0, 0)),
    ],
)
def test_edits_are_of_the_text_as_it_is_written(text: str, expected: tuple[int, int, int, int]) -> None:
    assert edits(text, "Ni kende mboka.") == expected


def test_what_is_composed_otherwise_is_the_same() -> None:
    assert edits("mwa\u0301si", "mw\u00e1si") == (0, 0, 0, 0)


def test_neighbouring_edits_are_one_place() -> None:
    inserted, deleted, replaced, places = edits("abXYef", "abcdQef")
    assert inserted + deleted + replaced == 3
    assert places == 1


def test_what_is_faster_typed_anew_costs_that() -> None:
    work = Work(Typing(key=1.0, place=2.0))
    work.add("abcd", "abce", 30.0)  # a place, and two keys
    work.add("abcd", "wxyz", 30.0)  # a place, and eight keys: anew it is six
    assert work.seconds == 4 + 6
    assert work.anew == 12
    assert work.row()["replaced"] == 5
    assert work.row()["left"] == pytest.approx(100 * 10 / 12)


@pytest.fixture
def corpus(tmp_path: Path) -> Any:
    folder = tmp_path / "some" / "mdw"
    (folder / "wav").mkdir(parents=True)
    for name in TEXTS:
        write(folder / "wav" / f"{name}.wav", 0.1 * np.ones(32000, np.float32))
    lines = "".join(f"{name}\t{name}\t{text}\n" for name, text in TEXTS.items())
    (folder / "transcript_10min_test.txt").write_text(lines, encoding="utf-8")
    return open_corpus(tmp_path)


def row(name: str, hypothesis: str, **others: Any) -> dict[str, Any]:
    fixed = {"id": name, "language": "mdw", "split": "10min_test", "condition": "smile", "error": ""}
    scored = counts(TEXTS[name], hypothesis, "mdw")
    return {**fixed, "hypothesis": hypothesis, "normalisers": STAMPS, **scored, **others}


def test_rows_are_read_beside_their_corpus(corpus: Any) -> None:
    rows = pd.DataFrame([row("one", "Ni kende"), row("two", "Ayei lelo"), row("two", "", error="full")])
    (line,) = keystrokes(rows, [corpus]).to_dict("records")
    assert (line["language"], line["condition"], line["clips"]) == ("mdw", "smile", 2)
    assert line["minutes"] == pytest.approx(4 / 60)
    assert line["inserted"] == pytest.approx(7 / (4 / 60))
    assert line["places"] == pytest.approx(1 / (4 / 60))


def test_another_corpus_is_refused(corpus: Any) -> None:
    with pytest.raises(SmileError, match="does not give the edits"):
        keystrokes(pd.DataFrame([row("one", "Ni kende", plain_edits=0)]), [corpus])
    with pytest.raises(SmileError, match="has no clip three"):
        keystrokes(pd.DataFrame([row("one", "Ni kende", id="three")]), [corpus])
    with pytest.raises(SmileError, match="No corpus has"):
        keystrokes(pd.DataFrame([row("one", "Ni kende", language="gla")]), [corpus])
