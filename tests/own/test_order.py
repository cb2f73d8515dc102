"""Orders of correcting: who comes first, and the measure of what an order brings."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from smile.datatypes import PoolError
from smile.own.order import ORDERS, SHOWN, Draft, first, ranked, worth_correcting
from smile.own.order_measure import OrderEdits, Plan, as_csv, as_text, measure
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.pools.pool import open_pool
from smile.settings import Settings
from smile.whisper.model import Models
from tests.conftest import POOLS

SURE = Draft("sure", "tha mi", 0.9, 0.4)
UNSURE = Draft("unsure", "tha i", 0.1, 0.2)
FAR = Draft("far", "mi tha", 0.8, 2.0)
NEW = Draft("new", "thà mi", 0.95, 0.1)
DRAFTS = [SURE, UNSURE, FAR, NEW]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("doubtful", ["unsure", "far", "sure", "new"]),
        ("unlike", ["far", "sure", "unsure", "new"]),
        ("both", ["new", "far", "unsure", "sure"]),
    ],
)
def test_the_least_sure_the_least_like_the_pool_and_new_letters_come_first(
    order: str, ids: list[str]
) -> None:
    assert [draft.id for draft in ranked(DRAFTS, "Tha mi", order)] == ids
    assert [draft.id for draft in ranked(DRAFTS[::-1], "Tha mi", order)] == ids


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_keeps_all_and_is_the_same_again(order: str) -> None:
    equals = [replace(SURE, id=str(number)) for number in range(20)]
    first = ranked(equals, "", order)
    assert sorted(first, key=lambda d: int(d.id)) == equals
    assert first == ranked(equals[::-1], "", order)
    assert first != ranked(equals, "", order, seed=1)


def part(number: int, text: str, **known: float | None) -> Part:
    """A transcript that nobody has corrected."""
    known = {"confidence": 0.9, "probability": 0.5, "distance": 0.1, **known}
    return Part("a.wav", number, 5, number, number + 1, text, "", known.pop("confidence"), 9, **known)  # type: ignore[arg-type]


def test_transcripts_are_put_in_the_order_both() -> None:
    parts = [
        part(0, "tha mi"),
        part(1, "tha i", confidence=0.1, distance=0.2),
        part(2, "mi tha", confidence=0.8, distance=2.0),
        part(3, "thà mi", confidence=0.95),
    ]
    assert [p.number for p in worth_correcting(parts, "Tha mi")] == [3, 2, 1, 0]


def test_what_is_not_known_of_all_decides_nothing() -> None:
    parts = [
        part(0, "tha mi", confidence=0.1, probability=0.9, distance=0.5),
        part(1, "tha mi", confidence=None, probability=0.3, distance=None),
    ]
    assert [p.number for p in worth_correcting(parts, "tha mi")] == [1, 0]


def test_the_first_few_are_named_while_more_are_left(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [part(number, "tha mi", distance=float(number)) for number in range(SHOWN + 1)]
    assert first(workspace, parts) == []  # no examples, so nothing is like them
    monkeypatch.setattr(Workspace, "pool", lambda self: open_pool(POOLS / "gla"))
    assert [p.number for p in first(workspace, parts)] == [3, 2, 1]
    assert first(workspace, [replace(parts[0], corrected="tha mi"), *parts[1:]]) == []
    assert first(workspace, parts[1:]) == []


def test_a_damaged_pool_is_told_elsewhere(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: Workspace) -> None:
        raise PoolError("damaged")

    monkeypatch.setattr(Workspace, "pool", damaged)
    assert first(workspace, [part(number, "tha mi") for number in range(9)]) == []


def test_an_order_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match='no order "best"; choose one of random'):
        ranked(DRAFTS, "", "best")


def test_clips_are_scored_before_and_after_corrections_in_each_order(models: Models) -> None:
    pool = open_pool(POOLS / "gla")
    plan = Plan(("random", "both"), 2, waiting=3, steps=(1, 3), settings=Settings(shots=1, knn=False))
    given = list(measure(models, pool, pool.queries[:2], plan))
    rows = [row for row in given if row]
    assert [(row.order, row.corrected) for row in rows] == [
        ("", 0),
        ("random", 1),
        ("random", 3),
        ("both", 1),
        ("both", 3),
    ]
    assert len(given) - len(rows) == plan.transcripts(2) == 3 + 2 * 5
    assert {(row.clips, row.length) for row in rows} == {(2, rows[0].length)}
    assert rows[2].edits == rows[4].edits, "all are corrected in the end, in whatever order"
    with pytest.raises(PoolError, match="ask for fewer"):
        next(measure(models, pool, pool.queries, replace(plan, examples=len(pool))))


def test_the_tables_have_the_mean_of_languages_and_the_start_in_each_order() -> None:
    rows = [
        OrderEdits(code, order, corrected, 1, 100, edits)
        for code, more in (("gla", 0), ("gle", 20))
        for order, corrected, edits in (
            ("", 0, 50 + more),
            ("random", 10, 40 + more),
            ("both", 10, 30 + more),
        )
    ]
    shown = as_text(rows)
    assert shown.splitlines()[-2].split() == ["macro", "0", "60.0", "60.0"]
    assert shown.splitlines()[-1].split() == ["10", "50.0", "40.0"]
    assert [int(row["edits"]) for row in csv.DictReader(io.StringIO(as_csv(rows)))] == [r.edits for r in rows]
