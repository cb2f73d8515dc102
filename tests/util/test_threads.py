"""What computes takes a thread a core, which sleeps while it waits, unless somebody said otherwise."""

from __future__ import annotations

import os

import pytest

from smile.util import threads
from smile.util.machine import cores


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing of threads, and is what it was afterwards."""
    for name in (*threads.COUNTS, threads.WAIT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_each_core_has_a_thread_that_sleeps_while_it_waits(silent: pytest.MonkeyPatch) -> None:
    threads.settle()
    assert {os.environ[name] for name in threads.COUNTS} == {str(cores())}
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_what_the_environment_says_stands(silent: pytest.MonkeyPatch) -> None:
    silent.setenv("OMP_NUM_THREADS", "1")
    silent.setenv("OMP_WAIT_POLICY", "active")
    threads.settle()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"]) == ("1", "active")


def test_numpy_which_was_loaded_before_keeps_to_a_container_s_quota(silent: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str]] = []
    silent.setattr(threads, "quota", lambda: 1.5)
    silent.setattr("threadpoolctl.threadpool_limits", lambda most, user_api: asked.append((most, user_api)))
    threads.settle()
    assert asked == [(cores(), "blas")]
