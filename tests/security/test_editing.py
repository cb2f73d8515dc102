"""What no editor sends: other segments, times, texts and cursors than are there, and more than may be."""

from __future__ import annotations

import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from smile.corpora.reading import LONGEST_TEXT
from smile.own.edited import MOST_DRAFTS
from tests.security.client import Stranger
from tests.security.served import Served, leaks
from tests.support.cut_by_hand import CUTS, NAME, TEXTS, transcribed

EVENTS = ("draft", "split", "merge", "undo")
OPEN = {
    "name": NAME,
    "part": 0,
    "start": CUTS[0][0],
    "end": CUTS[0][1],
    "text": TEXTS[0],
    "caret": 2,
    "at": 0.5,
}
FORGED: tuple[dict[str, Any], ...] = (
    {"name": "../state.json"},
    {"name": "nobody's.ogg"},
    {"name": ["new.ogg"]},
    {"name": "x" * 30_000},
    {"part": -1},
    {"part": 10**30},
    {"part": 1},
    {"part": "0"},
    {"start": 0.0},
    {"start": "0.2"},
    {"start": None},
    {"end": math.nan},
    {"end": math.inf},
    {"end": 10**400},
    {"text": None},
    {"text": 7},
    {"text": ["x"]},
    {"text": {"a": 1}},
    {"text": "x" * 30_000},
    {"text": "\ud800"},
)
ODD: tuple[dict[str, Any], ...] = (
    {"text": "x " * LONGEST_TEXT},
    {"caret": -5, "at": None},
    {"caret": 10**30, "at": None},
    {"caret": "x", "at": "x"},
    {"caret": None, "at": math.nan},
    {"caret": [1], "at": True},
    {"caret": 0, "at": 10**400},
    {"caret": 0, "at": -1e300},
)


@pytest.fixture
def mine(app: Served, stranger: Stranger) -> tuple[str, Path]:
    """The key of a visitor with a transcript, and the folder of it."""
    key = stranger.named("mdw")
    folder = app.visitors / hashlib.sha256(key.encode()).hexdigest()[:32]
    transcribed(folder)
    return key, folder


def told(stranger: Stranger, event: str, key: str, facts: dict[str, Any]) -> str:
    answer = stranger.run(stranger.of("own-part-player", event), [key], event_data=facts)
    assert answer.status_code in (200, 422, 500), answer.text
    return answer.text


@pytest.mark.parametrize("event", EVENTS)
def test_what_is_not_there_is_refused_in_a_sentence(
    app: Served, stranger: Stranger, mine: tuple[str, Path], event: str
) -> None:
    key, folder = mine
    before, log = (folder / "transcripts.json").read_bytes(), len(app.log)
    for forged in FORGED:
        answer = told(stranger, event, key, OPEN | forged)
        assert "stage error" in answer or "problem" in answer or '"error"' in answer, (forged, answer[:500])
        assert not leaks(app, answer), forged
    assert (folder / "transcripts.json").read_bytes() == before
    assert not (folder / "edited.json").exists()
    assert "Traceback" not in app.log[log:]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:24])
def test_odd_cursors_and_texts_leave_all_whole(
    app: Served, stranger: Stranger, mine: tuple[str, Path], event: str, odd: dict[str, Any]
) -> None:
    key, folder = mine
    log = len(app.log)
    answer = told(stranger, event, key, OPEN | odd)
    assert not leaks(app, answer)
    assert "Traceback" not in app.log[log:]
    (kept,) = json.loads((folder / "transcripts.json").read_text(encoding="utf-8")).values()
    spans = kept["transcript"]["tiers"][0][1]
    assert [spans[0]["start"], spans[-1]["end"]] == [CUTS[0][0], CUTS[-1][1]]
    assert all(a["end"] <= b["start"] for a, b in pairwise(spans))
    assert " ".join(span["text"] for span in spans) == " ".join(TEXTS)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("key", ["", "x" * 32, "../..", 7, None])
def test_who_has_no_folder_changes_nothing(app: Served, stranger: Stranger, event: str, key: Any) -> None:
    before = app.prints(app.visitors)
    answer = told(stranger, event, key, OPEN)
    assert "stage error" in answer or "problem" in answer or '"error"' in answer
    assert app.prints(app.visitors) == before


def test_another_visitors_transcript_is_out_of_reach(app: Served, stranger: Stranger, mine: Any) -> None:
    other = Stranger(app.address)
    key = other.named("mdw")
    for event in EVENTS:
        assert "no longer there" in told(other, event, key, OPEN)
    assert not (mine[1] / "edited.json").exists()


def test_drafts_are_bounded(stranger: Stranger, mine: tuple[str, Path]) -> None:
    key, folder = mine
    many = [{"recording": NAME, "start": n, "end": n + 1, "text": "x"} for n in range(10, 10 + MOST_DRAFTS)]
    (folder / "edited.json").write_text(json.dumps({"drafts": many, "steps": []}), encoding="utf-8")
    assert "characters" in told(stranger, "draft", key, OPEN | {"text": "x" * (LONGEST_TEXT + 1)})
    assert "Draft saved" in told(stranger, "draft", key, OPEN | {"text": "<b>ngá</b>"})
    kept = json.loads((folder / "edited.json").read_text(encoding="utf-8"))["drafts"]
    assert [draft["text"] for draft in kept] == ["<b>ngá</b>"], "those of stretches that are gone made room"
    opened = stranger.run(
        stranger.of("own-results", "pick"), [key], event_data={"name": NAME, "part": 0}
    ).text
    assert "<b>ngá" not in opened.replace('"<b>ngá</b>"', ""), "it is a value of the field, and no HTML"
