"""Long runs of the tab My language: what the page says after each, and when there is something to cancel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from smile.own import check as leave_one_out
from smile.own import transcripts
from smile.own.workspaces import Workspaces
from smile.settings import VERSIONS, Level
from smile.transcription import batch
from smile.ui import VisitorService
from smile.ui.own import adding, checking, correcting, editing, naming, runs, transcribing
from smile.ui.own.arriving import arrived
from smile.ui.own.page import Page
from smile.ui.own.runs import Runs, counted, ended, failed, marking
from smile.ui.parts import so_far
from tests.support.cut_by_hand import NAME, corrected, transcribed
from tests.support.fake_engine import in_three
from tests.support.visitors import DEMO, add_recordings, named, with_examples

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
def test_runs_at_work_together_each_have_a_line(idle: VisitorService) -> None:
    key, session = with_examples(idle, 0, 3), Runs()
    add_recordings(idle, key, 1)
    check = begun(idle, checking.check, key, session, "0 of 40")
    pages = list(counted(transcribing.run, idle)(key, session))
    assert any("0 of 40 transcripts" in str(page.stage) and "1 of 1: " in str(page.stage) for page in pages)
    assert ended(idle, "run", key, session).stage == gr.skip()
    assert re.findall(r"1 of 40|Done", str(next(check).stage)) == ["1 of 40", "Done"], "it is still told"
    runs.cancel(session)
    check.close()
    ended(idle, "check", key, session)
    add_recordings(idle, key, 1)
    *_, last = counted(transcribing.run, idle)(key, session)
    assert str(last.stage).count("<p ") == 1


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


@pytest.mark.parametrize(("name", "shown"), [("add_files", "uploads"), ("find_text", "text_files")])
def test_uploads_that_a_cancel_discards_do_not_stay_in_view(
    idle: VisitorService, name: str, shown: str
) -> None:
    key, session = named(idle), Runs()
    session.begin(name)
    runs.cancel(session)
    page = ended(idle, name, key, session)
    assert getattr(page, shown) is None
    assert (runs.TEXT in page.stage) == (name == "find_text")
    session.begin(name)
    session.end(name, "badly")
    assert getattr(ended(idle, name, key, session), shown) == gr.skip(), "they can be tried once more"


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


def test_a_correction_that_was_added_before_a_cancel_opens_no_other(idle: VisitorService) -> None:
    key, session = named(idle), Runs()
    workspace = idle.visitors.open(key)
    transcribed(workspace.folder)
    part = transcripts.part(workspace, NAME, 0)
    here = [*part.key, part.start, part.end]
    session.begin("learn")
    assert ended(idle, "learn", key, session, here, None).part_saved == gr.skip(), "the draft is still one"
    corrected(workspace, part)
    session.begin("learn")
    told = ended(idle, "learn", key, session, here, None)
    assert told.part_saved == editing.DRAFT.format("Added.")
    session.end("learn", "well")
    assert ended(idle, "learn", key, session, here, None).part_saved == gr.skip()


def test_uploads_of_counted_runs_are_discarded_as_those_of_the_callback(idle: VisitorService) -> None:
    made = {
        f: counted(f, idle)
        for f in (adding.add_files, adding.add_typed, transcribing.bring, correcting.learn)
    }
    assert [getattr(one, "consuming", False) for one in made.values()] == [True, True, True, False]
    assert [one.__name__ for one in made.values()] == ["add_files", "add_typed", "bring", "learn"]


def test_a_long_transcription_goes_on_after_a_restart(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    key, session = named(idle), Runs()
    add_recordings(idle, key, 1)
    steps = begun(idle, transcribing.run, key, session, "piece 2")
    runs.cancel(session)
    steps.close()
    page = ended(idle, "run", key, session)
    assert "piece 0 piece 1<" in page.results
    assert "broken off" in page.results
    again = VisitorService(idle.engine, Workspaces(idle.visitors.root, 24))
    assert "piece 0 piece 1<" in arrived(again, key).results
    shown = [str(page.results) for page in transcribing.run(again, key)]
    written = [text for text in shown if "writing" in text]
    assert all("piece 0 piece 1 piece 2" in text for text in written), "nothing is written a second time"
    assert shown[-1].count("pick-row") == 3
    workspace = again.visitors.open(key)
    assert list(workspace.folder.glob("segments-*")) == [], "a whole transcript needs none"


def test_it_says_how_far_it_is_in_each_recording(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    monkeypatch.setattr(so_far, "LONG", 0.0)
    key = named(idle)
    add_recordings(idle, key, 2)
    said = [str(page.stage) for page in transcribing.run(idle, key)]
    for number in (1, 2):
        assert any(re.search(rf"{number} of 2: [^,]+, 0:00 of 0:0\d<", line) for line in said)
    assert " of 0:0" not in said[-1]


def test_what_is_kept_of_a_recording_goes_with_it(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    key = named(idle)
    add_recordings(idle, key, 1)
    begun(idle, transcribing.run, key, Runs(), "piece 2").close()  # type: ignore[attr-defined]
    workspace = idle.visitors.open(key)
    assert len(list(workspace.folder.glob("segments-*"))) == 1
    transcribing.remove(idle, key, [next(workspace.recordings.iterdir()).name, 0])
    assert list(workspace.folder.glob("segments-*")) == []


@pytest.mark.parametrize("change", ["examples", "settings", "characters", "SMILE"])
def test_what_begins_anew_is_not_said_to_go_on(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(batch, "transcribe", in_three)
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (yield from ()))
    key = with_examples(idle, 0, 3)
    level: Level = "acoustic" if change == "SMILE" else "context"
    checking.choose(idle, key, 3, True, "off", level)
    add_recordings(idle, key, 1)
    begun(idle, transcribing.run, key, Runs(), "piece 2").close()  # type: ignore[attr-defined]
    page, anew = arrived(idle, key), "broken off, begins anew"
    assert "broken off, goes on" in page.results
    assert "to go on" in page.stage
    if change == "examples":
        adding.save_example(idle, key, DEMO.utterances[0].id, "facal eile")
    elif change == "SMILE":
        monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    else:
        chosen = ("off", 5) if change == "settings" else ("hard", 3)
        checking.choose(idle, key, chosen[1], True, chosen[0], "context")  # type: ignore[arg-type]
    page = arrived(idle, key)
    assert anew in page.results
    assert "begin it anew" in page.stage
    written = [str(page.results) for page in transcribing.run(idle, key) if "writing" in str(page.results)]
    assert "piece 0<" in written[0], "it did"


OPEN = 'class="chosen"'


@pytest.mark.usefixtures("asked")
def test_the_transcript_that_is_open_stays_marked_when_the_list_is_shown_anew(idle: VisitorService) -> None:
    key, session = named(idle), Runs()
    add_recordings(idle, key, 2)
    assert transcripts_of(idle, key, session).results == gr.skip(), "none is open"
    opened = correcting.open_part(idle, key, sorted(r.name for r in recordings(idle, key))[1], 0)
    assert opened.results.count(OPEN) == 1
    choose = marking(checking.choose, idle)
    for page in (
        choose(key, 5, True, "off", "context", opened.part, None, session),
        transcripts_of(idle, key, session, opened.part),
        marking(naming.name, idle)(key, "x", "gla", opened.part, None, session),
    ):
        assert page.results.count(OPEN) == 1
        row = page.results.split(OPEN)[1]
        assert row.index(str(opened.part[0])) < row.index("</tr>")
    assert choose(key, 3, True, "off", "context", None, None, session).results.count(OPEN) == 0


@pytest.mark.usefixtures("asked")
def test_the_example_that_is_open_stays_marked_when_the_list_is_shown_anew(idle: VisitorService) -> None:
    key, session = with_examples(idle, 0, 3), Runs()
    add_recordings(idle, key, 1)
    example = adding.open_example(idle, key, DEMO.utterances[1].id).example
    (recording,) = recordings(idle, key)
    for page in (
        marking(naming.name, idle)(key, "x", "gla", None, example, session),
        marking(transcribing.remove, idle)(key, (recording.name, 0), None, example, session),
        transcripts_of(idle, key, session, None, example),
    ):
        assert page.examples.count(OPEN) == 1
        row = page.examples.split(OPEN)[1]
        assert row.index(f'data-name="{example}"') < row.index("</tr>")
    closes = marking(adding.save_example, idle)(key, example, "other words", None, example, session)
    assert closes.examples.count(OPEN) == 0, "its editor is closed by that"
    assert closes.example is None


def recordings(service: VisitorService, key: str) -> list[Path]:
    return list(service.visitors.open(key).recordings.iterdir())


def transcripts_of(service: VisitorService, key: str, session: Runs, *opened: Any) -> Page:
    """The page after a run that has ended well, with a transcript open, an example, or none."""
    list(counted(transcribing.run, service)(key, session))
    session.begin("run")
    session.end("run", "well")
    return ended(service, "run", key, session, *opened)
