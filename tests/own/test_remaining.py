"""How long a check still takes: nothing until it can be known, then within a factor of two."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from smile.evaluation.rows import Row
from smile.own.check import ACOUSTIC, Check
from smile.own.remaining import Remaining
from smile.util.pace import said

CLIPS = 20
TAKES = {"vanilla": 0.5, "1 shot": 1.0, "3 shots": 1.5, ACOUSTIC: 0.1}


def estimates(
    fitting: float, best: str = "3 shots", kept: int = 0, spread: float = 0.4, seed: int = 1
) -> list[tuple[float | None, float]]:
    """What is estimated after each step of a check, and what is true of it."""
    chance, clock, watch = random.Random(seed), 100.0, Remaining()
    watch.seconds(Check(0, CLIPS * len(TAKES)), clock)
    for share in (0.0, 0.1, 0.2):
        clock += fitting / 3
        step = Check(0, CLIPS * len(TAKES), fitted=share)
        assert watch.seconds(step, clock) is None
    work = [
        (kind, seconds * chance.uniform(1 - spread, 1 + spread))
        for _ in range(CLIPS)
        for kind, seconds in TAKES.items()
    ]
    step, found = Check(0, len(work), kept=kept), []
    for done, (kind, seconds) in enumerate(work, 1):
        clock += seconds
        left = tuple(kind for kind, _ in work[done:])
        step = replace(step, done=done, rows=(*step.rows, Row("clip", "mdw", "", kind, "")), left=left)
        last = fitting / 3 if best == ACOUSTIC else 0.0
        found.append((watch.seconds(step, clock, best), sum(s for _, s in work[done:]) + last))
    return found


@pytest.mark.parametrize("fitting", [0.0, 30.0, 600.0])
@pytest.mark.parametrize("best", ["3 shots", ACOUSTIC])
def test_what_is_said_is_right_within_a_factor_of_two(fitting: float, best: str) -> None:
    if best == ACOUSTIC and not fitting:
        return
    found = estimates(fitting, best)
    told = [(guess, true) for guess, true in found if guess is not None]
    assert len(told) > len(found) / 2, "most of the time it is known"
    assert all(true / 2 <= guess <= 2 * true + 1e-9 for guess, true in told)


def test_nothing_is_said_before_three_clips_and_little_of_work_that_varies_much() -> None:
    assert all(guess is None for guess, _ in estimates(30.0)[: 3 * len(TAKES) - 1])
    wild = [found for seed in range(20) for found in estimates(30.0, spread=0.99, seed=seed)]
    told = [(guess, true) for guess, true in wild if guess is not None]
    wrong = [pair for pair in told if not pair[1] / 2 <= pair[0] <= 2 * pair[1] + 1e-9]
    assert len(wrong) < len(told) / 20


def test_the_last_fit_of_a_check_that_goes_on_is_not_known() -> None:
    assert all(guess is None for guess, _ in estimates(1.0, ACOUSTIC, kept=8))
    assert any(guess is not None for guess, _ in estimates(1.0, kept=8))


def test_the_rest_of_the_fitting_is_known_from_its_epochs() -> None:
    watch, clock = Remaining(), 10.0
    assert watch.seconds(Check(0, 8), clock) is None
    for share in (0.0, 0.2, 0.29):  # encoding, in another time
        clock += 1
        assert watch.seconds(Check(0, 8, fitted=share), clock) is None
    assert watch.seconds(Check(0, 8, fitted=0.3), 20.0) is None
    assert watch.seconds(Check(0, 8, fitted=0.35), 21.0) is None
    assert watch.seconds(Check(0, 8, fitted=0.475), 30.0) == pytest.approx(30.0)
    assert watch.seconds(Check(0, 8, fitted=1.0), 60.0) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.2, "about 1 s left"),
        (65.4, "about 65 s left"),
        (90.0, "about 90 s left"),
        (91.0, "about 2 minutes left"),
        (5265.0, "about 88 minutes left"),
    ],
)
def test_it_is_said_in_seconds_or_whole_minutes(seconds: float | None, words: str) -> None:
    assert said(seconds) == words
