"""The check of the level combined: what it needs, and a share that is fitted on other clips."""

from __future__ import annotations

from dataclasses import replace

from smile.datatypes import EncoderId, RecognizerInfo
from smile.evaluation.conditions import Condition
from smile.evaluation.rows import Row
from smile.own import check as loo
from smile.own.combined import checked_clips, combined_rows, parts, share_of
from smile.pools.pool import open_pool
from smile.settings import ACOUSTIC_SHARE
from tests.conftest import POOLS

POOL = open_pool(POOLS / "gla")
INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
TRIED = loo.conditions(INFO, acoustic=True)
BOTH = TRIED[-1]


def rows_of(head: str, others: str, count: int = 4) -> list[Row]:
    """Rows of the first clips: R stands for the right text, W for one that is wrong."""
    rows = []
    for utterance in POOL.utterances[:count]:
        written = {"R": utterance.text, "W": f"{utterance.text} agus an"}
        for condition in TRIED[1:-1]:
            text = written[head if condition.settings.level == "acoustic" else others]
            rows.append(Row(utterance.id, "gla", "", condition.name, condition.hash, text))
    return rows


def test_it_is_tried_where_all_that_it_needs_is() -> None:
    assert (BOTH.name, BOTH.settings.level) == (loo.COMBINED, "combined")
    needed = parts(BOTH, TRIED)
    assert [c.settings.level for c in needed] == ["acoustic", "context", "context", "context"]
    assert [c.settings.shots for c in needed[1:]] == [3, 1, 5]
    assert {c.settings.knn for c in needed[1:]} == {1.0}
    assert parts(BOTH, TRIED[:3]) == ()
    names = [c.name for c in loo.conditions(INFO, shots=(1, 2), acoustic=True)]
    assert loo.COMBINED not in names


def test_the_head_counts_for_as_much_as_it_is_worth() -> None:
    good, bad = (checked_clips(rows_of(*texts), BOTH, TRIED, POOL) for texts in ("RW", "WR"))
    assert share_of(good) == 1.0
    assert share_of(bad) < 1.0
    for clips in (good, bad):
        rows = combined_rows(clips, BOTH)
        assert [row.hypothesis for row in rows] == [u.text for u in POOL.utterances[:4]]
        assert {(row.condition, row.hash) for row in rows} == {(BOTH.name, BOTH.hash)}
    assert share_of([]) == ACOUSTIC_SHARE


def test_a_clips_own_text_chooses_nothing() -> None:
    """Of two clips with opposite errors each is written by the share that is best for the other."""
    good, bad = rows_of("R", "W", 1), rows_of("W", "R", 2)[len(TRIED) - 2 :]
    rows = combined_rows(checked_clips([*good, *bad], BOTH, TRIED, POOL), BOTH)
    assert [row.hypothesis.endswith("agus an") for row in rows] == [True, True]


def test_a_clip_without_one_of_the_transcripts_takes_no_part() -> None:
    first, *others = rows_of("R", "W", 2)
    failed = replace(first, error="It could not be read.")
    assert [c.rows[0].id for c in checked_clips([failed, *others], BOTH, TRIED, POOL)] == [
        POOL.utterances[1].id
    ]
    other = Condition("other", settings=replace(BOTH.settings, shots=2))
    assert checked_clips([first, *others], other, TRIED, POOL) == []
