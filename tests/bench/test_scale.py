"""The simulation of many machines: it agrees with arithmetic where there is no trouble, and loses no task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smile.bench.scale import Plan, UnitCosts, run, simulated

COSTS = UnitCosts(index=360, datastore=240, heads=1800, transcription=600, audio=1e6, states=0.0)
CALM = Plan(
    languages=4,
    hours=2,
    machines=2,
    cores=2,
    start=0.0,
    slow=0.0,
    between_failures=1e9,
    link=1e15,
    costs=COSTS,
)


def test_a_plan_without_trouble_takes_what_division_says() -> None:
    assert CALM.preparing == (100, 100, 100, 100)
    assert CALM.work == 4 * (400 + 12 * 100)
    came = simulated(CALM)
    assert came.makespan == pytest.approx(CALM.work / 4)
    assert came.efficiency == pytest.approx(1)
    assert came.failures == 0
    assert came.dollars == pytest.approx(CALM.work / 3600 * CALM.price)


def test_the_same_seed_gives_the_same_and_another_one_another() -> None:
    troubled = replace(CALM, between_failures=0.5, slow=0.3)
    assert simulated(troubled, 1) == simulated(troubled, 1)
    assert len({simulated(troubled, seed) for seed in range(5)}) > 1


def test_failures_cost_time_and_are_counted() -> None:
    came = simulated(replace(CALM, between_failures=0.5), 3)
    assert came.failures > 0
    assert came.makespan > simulated(CALM).makespan
    assert came.efficiency < 1


def test_slow_machines_take_longer() -> None:
    assert simulated(replace(CALM, slow=1.0)).makespan == pytest.approx(2 * simulated(CALM).makespan)


def test_one_driver_is_the_limit_where_it_sends_too_slowly() -> None:
    sent = sum(size for _, _, size in CALM.tasks())
    came = simulated(replace(CALM, link=sent / 1e6))
    assert came.makespan == pytest.approx(1e6, rel=0.01)


def test_recordings_named_by_a_url_leave_the_link_to_pools() -> None:
    by_url = replace(CALM, by_url=True)
    of_pools = sum(size for language, _, size in CALM.tasks() if language >= 0)
    assert sum(size for _, _, size in by_url.tasks()) == pytest.approx(of_pools)
    assert simulated(replace(by_url, link=of_pools / 1e6)).makespan == pytest.approx(1e6, rel=0.01)


def test_a_recording_waits_for_its_languages_pool() -> None:
    one = replace(CALM, languages=1, machines=32, hours=1 / 6)
    assert simulated(one).makespan == pytest.approx(200)  # a pool's tasks side by side, then a recording


def test_the_table_has_a_row_for_each_size_and_kind() -> None:
    small = run()
    assert small.count("\n|") == 2 + 12
    assert "seed 0" in small
