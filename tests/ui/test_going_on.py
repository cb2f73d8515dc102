"""A long transcription of the tab Transcribe that its page has left goes on by itself on the next one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from smile.own import held, jobs
from smile.own.workspaces import Workspaces
from smile.ui.i18n import french
from smile.ui.transcribe import broken_off, callbacks, returning, view
from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.returning import Offer, Seen, looked
from smile.ui.transcribe.view import Resumed, Unfinished, View
from tests.support.fake_engine import DEFAULTS, HEARD, FakeEngine, tone
from tests.support.uploads import upload
from tests.support.visitors import asked_by

ACTIVE, QUIET = gr.update(active=True), gr.update(active=False)


class Run:
    """A transcription that has come to its second segment; the visitor's key, and what its page notes."""

    def __init__(self, keeper: Keeper, folder: Path, **choices: Any):
        clip = upload(tone(folder / "long.wav", 20, 300))
        self.key, self.noted = "", Unfinished()
        self.pages: Any = callbacks.run(keeper, clip, "gla", "", **{**DEFAULTS, **choices})
        for page in self.pages:
            self._note(page)
            if self.noted.written and len(self.noted.written.result.vanilla.segments) == 2:
                return

    def _note(self, page: View) -> None:
        self.key = page.key if isinstance(page.key, str) else self.key
        self.noted = page.outcome if isinstance(page.outcome, Unfinished) else self.noted


@pytest.fixture
def run(keeper: Keeper, tmp_path: Path) -> Iterator[Run]:
    run = Run(keeper, tmp_path)
    yield run
    run.pages.close()


def only(keeper: Keeper, run: Run) -> jobs.Job:
    (job,) = jobs.jobs(keeper.visitors.open(run.key))
    return job


def opening(keeper: Keeper, run: Run, **seen: Any) -> Offer:
    return looked(keeper, run.key, *Seen(**seen))


def test_it_goes_on_with_its_text_once_the_page_that_left_has_stopped(
    engine: FakeEngine, keeper: Keeper, run: Run
) -> None:
    page = opening(keeper, run)
    assert "long.wav is under way in another window, or stops just now; it is at 0:06 of 0:20" in page.text
    assert (page.going, page.timer) == (gr.skip(), ACTIVE)
    assert page.vanilla.count(HEARD) == 1
    run.pages.close()
    page = opening(keeper, run, job=page.job)
    assert (page.going, page.timer, type(page.outcome)) == (only(keeper, run).id, QUIET, Resumed)
    assert "long.wav goes on at 0:06 of 0:20" in page.stage
    assert french().missing("The transcription of long.wav goes on at 0:06 of 0:20") == []
    assert page.vanilla.count(HEARD) == 1
    assert view.started(page.outcome).vanilla == gr.skip(), "the text stays"
    audio, pool, *_ = broken_off.restore(keeper, run.key, page.going)
    engine.steps = 0
    shown = list(callbacks.run(keeper, audio, pool, run.key, **DEFAULTS))
    assert all(HEARD in page.vanilla for page in shown if isinstance(page.vanilla, str))
    assert (shown[-1].outcome.result.done, 0 < engine.steps < 3 * 13) == (True, True)


def test_of_two_pages_one_goes_on(keeper: Keeper, run: Run) -> None:
    run.pages.close()
    assert opening(keeper, run).going == only(keeper, run).id
    second = opening(keeper, run)
    assert (second.going, second.timer) == (gr.skip(), ACTIVE)
    before = time.time() - 2 * held.CLAIM_SECONDS
    os.utime(only(keeper, run).folder / held.CLAIMED, (before, before))
    assert opening(keeper, run).going == only(keeper, run).id, "the first one has never begun"


def test_a_page_that_was_about_to_and_has_gone_is_not_waited_for(keeper: Keeper, run: Run) -> None:
    run.pages.close()
    with asked_by("one"):
        assert opening(keeper, run).going == only(keeper, run).id
    assert opening(keeper, run).timer == ACTIVE
    keeper.visitors.claims.release("one")
    assert opening(keeper, run).going == only(keeper, run).id


@pytest.mark.parametrize("query", [{"pool": "gla", "shots": "3"}, {"pool": "nowhere", "shots": "many"}])
def test_it_goes_on_where_the_address_asks_for_the_same(
    keeper: Keeper, run: Run, query: dict[str, str]
) -> None:
    run.pages.close()
    assert opening(keeper, run, query=query).going == only(keeper, run).id


@pytest.mark.parametrize(
    "seen",
    [
        {"touched": True},
        {"going": "x"},
        {"query": {"pool": "gla", "example": "q1"}},
        {"query": {"pool": "chr"}},
        {"query": {"shots": "1"}},
        {"query": {"pool": "gla", "knn": "0"}},
    ],
)
def test_a_page_with_something_else_on_it_offers_to_go_on(
    keeper: Keeper, run: Run, seen: dict[str, Any]
) -> None:
    assert opening(keeper, run, **seen).vanilla == gr.skip()
    run.pages.close()
    page = opening(keeper, run, **seen)
    assert (page.going, page.vanilla, page.timer) == (gr.skip(), gr.skip(), QUIET)
    assert "long.wav stopped at 0:06 of 0:20." in page.text


def test_its_own_page_shows_no_line(keeper: Keeper, run: Run) -> None:
    assert opening(keeper, run, outcome=run.noted) == returning.HIDDEN


@pytest.mark.parametrize("way", ["cancel", "another example", "another recording"])
def test_what_the_visitor_ends_does_not_go_on(keeper: Keeper, run: Run, way: str) -> None:
    if way == "cancel":
        callbacks.cancel(run.noted)
    elif way == "another example":
        callbacks.pick(keeper.engine, "gla", "q1", run.noted)
    else:
        callbacks.own_recording("", "", run.noted)
    page = opening(keeper, run)
    assert "long.wav stops just now; it is at 0:06 of 0:20." in page.text
    assert (page.going, page.timer, page.vanilla) == (gr.skip(), ACTIVE, gr.skip())
    run.pages.close()
    page = opening(keeper, run)
    assert "long.wav stopped at 0:06 of 0:20." in page.text
    assert (page.going, page.timer) == (gr.skip(), QUIET)


def test_a_cancel_before_it_is_kept_counts(keeper: Keeper, tmp_path: Path) -> None:
    clip, noted, key = upload(tone(tmp_path / "early.wav", 20, 320)), Unfinished(), ""
    pages: Any = callbacks.run(keeper, clip, "gla", "", **DEFAULTS)
    for page in pages:
        noted = page.outcome if isinstance(page.outcome, Unfinished) else noted
        if isinstance(page.key, str):
            key = page.key
            break
    callbacks.cancel(noted)
    next(pages)
    pages.close()
    assert looked(keeper, key, *Seen()).going == gr.skip()


def test_what_has_failed_does_not_go_on(engine: FakeEngine, keeper: Keeper, run: Run) -> None:
    run.pages.close()
    job = only(keeper, run)
    engine.error = RuntimeError("broken")
    audio, pool, *_ = broken_off.restore(keeper, run.key, job.id)
    *_, last = callbacks.run(keeper, audio, pool, run.key, **DEFAULTS)
    assert isinstance(last.outcome, view.Failed)
    assert opening(keeper, run).going == gr.skip()
    engine.error = None
    list(callbacks.run(keeper, audio, pool, run.key, **DEFAULTS))
    assert not jobs.jobs(keeper.visitors.open(run.key)), "by hand it goes on"


def test_one_whose_pool_is_gone_says_so(keeper: Keeper, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.pages.close()
    monkeypatch.setattr(FakeEngine, "choice", lambda *_: None)
    page = opening(keeper, run)
    assert page.going == gr.skip()
    assert returning.NO_POOL in page.text


def test_one_whose_sound_is_gone_is_none(keeper: Keeper, run: Run) -> None:
    run.pages.close()
    only(keeper, run).recording.unlink()
    page = opening(keeper, run, job="x")
    assert (page.box["visible"], page.going) == (False, gr.skip())
    assert page.vanilla == view.empty().vanilla


def test_it_goes_on_after_a_restart_of_the_server(engine: FakeEngine, keeper: Keeper, run: Run) -> None:
    run.pages.close()
    again = Keeper(engine, Workspaces(keeper.visitors.root, 24))  # type: ignore[arg-type]
    again.visitors.claim()
    assert opening(again, run).going == only(keeper, run).id
    again.visitors.close()


def test_a_cancel_while_it_takes_up_what_is_kept_leaves_that_on_the_page(keeper: Keeper, run: Run) -> None:
    run.pages.close()
    audio, pool, *_ = broken_off.restore(keeper, run.key, only(keeper, run).id)
    noted, pages = Unfinished(), callbacks.run(keeper, audio, pool, run.key, **DEFAULTS)
    for page in pages:
        noted = page.outcome if isinstance(page.outcome, Unfinished) else noted
        if isinstance(page.vanilla, str):
            break
    callbacks.cancel(noted)
    pages.close()  # type: ignore[attr-defined]
    ended = callbacks.settle(noted, "")
    assert callbacks.CANCELLED in ended.stage
    assert (HEARD in ended.vanilla, "caret" in ended.vanilla) == (True, False)
