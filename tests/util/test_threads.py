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


def test_products_are_computed_alone_until_the_last_block_is_left_and_stay_the_same() -> None:
    import numpy as np

    keys = np.random.default_rng(0).normal(0, 1, (4000, 512)).astype(np.float32)
    before = [library.get_num_threads() for library in threads._libraries()]
    assert before
    together = keys[:1] @ keys.T
    with threads.alone():
        with threads.alone():
            pass
        assert {library.get_num_threads() for library in threads._libraries()} == {1}
        np.testing.assert_array_equal(keys[:1] @ keys.T, together)
    assert [library.get_num_threads() for library in threads._libraries()] == before


def test_a_failure_gives_the_threads_back() -> None:
    before = [library.get_num_threads() for library in threads._libraries()]
    with pytest.raises(ValueError, match="bad"), threads.alone():
        raise ValueError("bad")
    assert [library.get_num_threads() for library in threads._libraries()] == before


@pytest.mark.parametrize(("said", "count"), [("3", 3), ("4,2", 4), ("0", 1), ("", None), ("many", None)])
def test_a_job_computes_with_as_many_threads_as_the_environment_says(
    silent: pytest.MonkeyPatch, said: str, count: int | None
) -> None:
    silent.setenv("OMP_NUM_THREADS", said)
    assert threads.computing() == (count or cores())
