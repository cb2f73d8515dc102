"""Who comes back to a list of My language that the page before has left: it goes on by itself, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from smile.own import batches, held
from smile.transcription import batch
from smile.ui import VisitorService
from smile.ui.i18n import french
from smile.ui.own import returning, transcribing
from smile.ui.own.page import Page
from smile.ui.own.runs import Runs, counted
from tests.support.fake_engine import in_three
from tests.support.visitors import add_recordings, asked_by, named


@pytest.fixture
def key(idle: VisitorService, monkeypatch: pytest.MonkeyPatch) -> str:
    """A visitor with two recordings."""
    monkeypatch.setattr(batch, "transcribe", in_three)
    key = named(idle)
    add_recordings(idle, key, 2)
    return key


def under_way(service: VisitorService, key: str, session: Runs) -> Iterator[Page]:
    """A run that writes its first recording's last segment."""
    steps = counted(transcribing.run, service)(key, session)
    assert any("piece 2" in str(page.results) for page in steps)
    return steps


def left(service: VisitorService, key: str) -> None:
    under_way(service, key, Runs()).close()  # type: ignore[attr-defined]


def said(page: Page) -> str:
    return str(page.stage).partition(">")[2].removesuffix("</p>")


def looked(service: VisitorService, key: str, session: Runs) -> Page:
    return returning.looked(service, key, None, None, session)


ACTIVE, QUIET = gr.update(active=True), gr.update(active=False)


def test_what_a_page_has_left_goes_on_and_nothing_is_written_twice(idle: VisitorService, key: str) -> None:
    left(idle, key)
    session = Runs()
    page = returning.returned(idle, key, session)
    assert page.going == key
    assert " goes on at 0:05. 1 more recording waits." in said(page)
    assert "piece 0 piece 1<" in page.results
    pages = list(counted(returning.resume, idle)(key, session))
    written = [str(page.results) for page in pages if "writing" in str(page.results)]
    assert "piece 0 piece 1 piece 2" in written[0]
    assert "Done." in pages[-1].stage
    assert batches.left(idle.visitors.open(key)) is None
    assert returning.returned(idle, key, Runs()).going == gr.skip()


def test_a_page_that_was_about_to_and_has_gone_is_not_waited_for(idle: VisitorService, key: str) -> None:
    left(idle, key)
    with asked_by("one"):
        assert returning.returned(idle, key, Runs()).going == key
    other = Runs()
    assert looked(idle, key, other).looking == ACTIVE
    idle.visitors.claims.release("one")
    assert looked(idle, key, other).going == key


def test_another_window_waits_and_says_how_far_it_is(idle: VisitorService, key: str) -> None:
    steps, other = under_way(idle, key, Runs()), Runs()
    for page in (returning.returned(idle, key, other), looked(idle, key, other)):
        assert (page.going, page.looking) == (gr.skip(), ACTIVE)
        assert " is under way in another window, or stops just now; it is at 0:05. 1 more" in said(page)
        assert french().missing(said(page)) == []
    steps.close()  # type: ignore[attr-defined]
    page = looked(idle, key, other)
    assert (page.going, page.looking) == (key, QUIET)
    third = returning.returned(idle, key, Runs())
    assert (third.going, third.looking) == (gr.skip(), ACTIVE), "the second one is about to go on"


def test_a_list_that_is_done_in_another_window_is_shown(idle: VisitorService, key: str) -> None:
    steps, other = under_way(idle, key, Runs()), Runs()
    assert returning.returned(idle, key, other).looking == ACTIVE
    list(steps)
    page = looked(idle, key, other)
    assert (page.going, page.looking, page.results.count("pick-row")) == (gr.skip(), QUIET, 6)


def test_its_own_page_says_nothing_else_of_it(idle: VisitorService, key: str) -> None:
    session = Runs()
    under_way(idle, key, session)
    assert returning.returned(idle, key, session).stage == gr.skip()
    assert looked(idle, key, session) == Page(looking=QUIET)


def test_a_page_goes_on_by_itself_once(idle: VisitorService, key: str) -> None:
    session = Runs()
    for goes in (key, gr.skip()):
        left(idle, key)
        page = returning.returned(idle, key, session)
        assert page.going == goes
    assert "stopped at 0:05; press Transcribe to go on. 1 more recording waits." in said(page)
    assert said(page).count("press Transcribe") == 1
    assert french().missing(said(page)) == []


def test_a_cancelled_list_does_not_go_on(idle: VisitorService, key: str) -> None:
    session = Runs()
    steps = under_way(idle, key, session)
    returning.cancel(idle, key, session)
    steps.close()  # type: ignore[attr-defined]
    page = returning.returned(idle, key, Runs())
    assert (page.going, page.looking) == (gr.skip(), QUIET)
    assert "press Transcribe to go on" in said(page)


def test_a_list_that_failed_does_not_go_on(
    idle: VisitorService, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribing.transcripts, "keep", lambda *_: {}["full"])
    *_, last = counted(transcribing.run, idle)(key, Runs())
    assert "stage error" in last.stage
    assert returning.returned(idle, key, Runs()).going == gr.skip()


def test_a_run_waits_for_one_that_stops(
    idle: VisitorService, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = under_way(idle, key, Runs())
    pages: Any = transcribing.run(idle, key)
    assert any(transcribing.STOPPING in str(page.stage) for page in pages)
    first.close()  # type: ignore[attr-defined]
    *_, last = pages
    assert "Done." in last.stage
    monkeypatch.setattr(held, "PATIENCE", 0.0)
    add_recordings(idle, key, 3)
    under_way(idle, key, Runs())
    assert "Done." in list(transcribing.run(idle, key))[-1].stage, "it does not wait without end"


@pytest.mark.parametrize("text", ["", "[]", '{"again": 7}', "\0"])
def test_a_damaged_note_is_none(idle: VisitorService, key: str, text: str) -> None:
    left(idle, key)
    workspace = idle.visitors.open(key)
    (batches.folder(workspace) / batches.ASKED).write_text(text)
    assert returning.returned(idle, key, Runs()).going == gr.skip()
    *_, last = returning.resume(idle, key)
    assert "press Transcribe to go on" in last.stage
