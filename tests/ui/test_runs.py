"""Long runs of the tab My language: what the page says after each, and when there is something to cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from smile.own import check as leave_one_out
from smile.ui import VisitorService
from smile.ui.own import adding, checking, correcting, runs, transcribing
from smile.ui.own.page import Page
from smile.ui.own.runs import Runs, counted, ended, failed
from tests.support.visitors import add_recordings, named, with_examples

SLOW = 40


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that goes on until it is cancelled."""
    steps = (leave_one_out.Check(n, SLOW) for n in range(SLOW))
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (yield from ()))
    monkeypatch.setattr(VisitorService, "check", lambda self, workspace: steps)


def begun(service: VisitorService, function: Any, key: str, session: Runs, words: str) -> Iterator[Page]:
    """A run that has come to where it says some words."""
    steps = counted(function, service)(key, session)
    for page in steps:
        if words in f"{page.stage} {page.results}":
            return steps
    raise AssertionError(words)


@pytest.mark.usefixtures("endless", "asked")
def test_the_end_of_another_run_leaves_a_checks_cancel(idle: VisitorService) -> None:
    key, session = with_examples(idle, 0, 3), Runs()
    add_recordings(idle, key, 1)
    check = begun(idle, checking.check, key, session, "0 of 40")
    *_, last = counted(transcribing.run, idle)(key, session)
    assert "Done" in last.stage
    page = ended(idle, "run", key, session)
    assert page.stop == gr.update(visible=True), "the check is still at work"
    assert page.stage == gr.skip()
    assert next(check).stop == gr.update(visible=True)
    runs.cancel(session)
    check.close()
    assert failed(idle, "check", key, session) == Page(), "gradio tells a cancel as a failure, too"
    page = ended(idle, "check", key, session)
    assert (page.stop, runs.CHECK in page.stage) == (gr.update(visible=False), True)


def test_a_cancelled_batch_says_what_waits_and_no_row_is_still_written(
    idle: VisitorService,
    asked: list[tuple[float, int]],
) -> None:
    key, session = named(idle), Runs()
    add_recordings(idle, key, 3)
    batch = begun(idle, transcribing.run, key, session, "writing")
    while len(asked) < 2:
        next(batch)
    runs.cancel(session)
    batch.close()
    page = ended(idle, "run", key, session)
    assert "2 recordings wait to be transcribed" in page.stage
    assert page.results.count("waiting") == 2
    assert "writing" not in page.results


def test_after_an_error_no_row_is_still_written(
    idle: VisitorService,
    asked: list[tuple[float, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, session = named(idle), Runs()
    add_recordings(idle, key, 1)
    monkeypatch.setattr(transcribing.transcripts, "keep", lambda *_: {}["full"])
    *_, last = counted(transcribing.run, idle)(key, session)
    assert "stage error" in last.stage
    page = ended(idle, "run", key, session)
    assert page.stage == gr.skip(), "the error stays"
    assert "waiting" in page.results
    assert "writing" not in page.results


def test_a_run_that_never_began_is_told_as_cancelled_or_refused(idle: VisitorService) -> None:
    session = Runs()
    refused = failed(idle, "learn", "", session)
    assert (runs.FAILED in refused.stage, refused.stop) == (True, gr.update(visible=False))
    runs.cancel(session)
    assert runs.CANCELLED in ended(idle, "learn", "", session).stage


def test_uploads_of_counted_runs_are_discarded_as_those_of_the_callback(idle: VisitorService) -> None:
    made = {
        f: counted(f, idle)
        for f in (adding.add_files, adding.add_typed, transcribing.bring, correcting.learn)
    }
    assert [getattr(one, "consuming", False) for one in made.values()] == [True, True, True, False]
    assert [one.__name__ for one in made.values()] == ["add_files", "add_typed", "bring", "learn"]
