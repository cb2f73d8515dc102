"""Freed memory goes back to the system, now and then."""

from __future__ import annotations

import pytest

from smile.util import memory
from smile.util.memory import EVERY, NowAndThen


def test_it_is_given_back_no_more_often_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    now, given = [100.0], list[float]()
    monkeypatch.setattr(memory, "give_back", lambda: given.append(now[0]))
    tidy = NowAndThen(lambda: now[0])
    for seconds in (0.0, EVERY - 1, 1.0, 1.0, EVERY - 2, 1.0, 5 * EVERY):
        now[0] += seconds
        tidy()
    assert given == [100.0 + EVERY, 100.0 + 2 * EVERY, 100.0 + 7 * EVERY]
