"""The tab My language: its callbacks, what it shows, and what it keeps to itself."""

from __future__ import annotations

import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest

from smile.audio.tracks import ONE
from smile.datatypes import Utterance
from smile.exporting import Span, TieredTranscript
from smile.own import bringing, changes, fitting, growing, transcripts
from smile.own import check as leave_one_out
from smile.own.checked import Line, keep_table, kept_rows
from smile.own.made import Made
from smile.own.quota import FullError
from smile.own.state import Correction
from smile.own.transcripts import Item, Part
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.pools.setting import PoolSetting
from smile.settings import Level, Settings
from smile.text.scoring import score
from smile.transcription import batch, preparing, recut
from smile.transcription.recordings import Recording
from smile.ui import Engine, Options, VisitorService, build_app, guard, look
from smile.ui.guard import UNEXPECTED
from smile.ui.own import (
    adding,
    checking,
    columns,
    correcting,
    curve,
    deleting,
    editing,
    naming,
    orthography,
    question,
    tracks,
    transcribing,
    verdict,
    view,
)
from smile.ui.own.arriving import arrived
from smile.ui.own.page import Page
from smile.ui.own.samples import SAMPLES
from smile.ui.own.service import possible
from smile.ui.scheduler import FairLock, Scheduler
from tests.conftest import POOLS
from tests.support.fake_engine import FakeEngine
from tests.support.linguists import staircase, write_eaf
from tests.support.sounds import contained
from tests.support.uploads import upload
from tests.support.visitors import add_recordings, named, with_examples

DEMO = open_pool(POOLS / "gla")
FIRST = DEMO.utterances[0].id
NASTY = "<script>alert('x')</script> & more"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(Options(POOLS, tmp_path_factory.mktemp("cache"), read_ahead=False))


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> VisitorService:
    return VisitorService(engine, Workspaces(tmp_path / "visitors", 24))


def refused(page: Page) -> bool:
    return "stage error" in str(page.stage)


Call = Callable[[VisitorService, str, str], Iterable[Page]]
CALLS = {
    "undo": lambda service, key: [naming.undo(service, key)],
    "files": lambda service, key: adding.add_files(service, key, None, []),
    "typed": lambda service, key: adding.add_typed(service, key, None, "text"),
    "example": lambda service, key: [adding.open_example(service, key, "no such clip")],
    "save": lambda service, key: [adding.save_example(service, key, None, "text")],
    "remove": lambda service, key: [adding.remove_example(service, key, "no such clip")],
    "check": checking.check,
    "run": transcribing.run,
    "again": transcribing.run_again,
    "recorded": lambda service, key: [transcribing.bring_recorded(service, key, None)],
    "part": lambda service, key: [correcting.open_part(service, key, "../state.json", 0)],
    "learn": lambda service, key: correcting.learn(service, key, None, "text"),
}


@pytest.mark.parametrize("key", ["", "x" * 32])
@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_be_done_is_said_in_a_sentence(service: VisitorService, call: str, key: str) -> None:
    *_, last = CALLS[call](service, key)
    assert refused(last)
    assert "Traceback" not in str(last.stage)


def fails(caption: str, *_: object) -> str:
    raise KeyError(caption)


def test_nothing_of_a_visitor_is_logged(
    service: VisitorService, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = with_examples(service, 0, 2)
    monkeypatch.setattr(view, "player", fails)
    with caplog.at_level(logging.DEBUG):
        assert refused(adding.open_example(service, key, DEMO.utterances[0].id))
    assert "failed" in caplog.text
    assert key not in caplog.text
    assert DEMO.utterances[0].id not in caplog.text
    assert not any(u.text in caplog.text for u in DEMO.utterances[:2])


WORDS = "ngá o kwé"  # a visitor's, which no log may have
ALL = {"clips": 3, "same_clips": True}  # of a line of a check
FAILS: dict[str, tuple[object, str, Call]] = {
    "arrived": (view, "examples", lambda service, key, file: [arrived(service, key)]),
    "name": (changes, "renamed", lambda service, key, file: [naming.name(service, key, WORDS, "mdw")]),
    "undo": (Workspace, "undo", lambda service, key, file: [naming.undo(service, key)]),
    "delete": (Workspaces, "delete_all", lambda service, key, file: [deleting.delete(service, key)]),
    "files": (growing, "add_imported", lambda service, key, file: adding.add_files(service, key, [file], [])),
    "typed": (growing, "typed", lambda service, key, file: adding.add_typed(service, key, file, WORDS)),
    "save": (
        changes,
        "reworded",
        lambda service, key, file: [adding.save_example(service, key, FIRST, WORDS)],
    ),
    "remove": (changes, "without", lambda service, key, file: [adding.remove_example(service, key, FIRST)]),
    "check": (leave_one_out, "leave_one_out", lambda service, key, file: checking.check(service, key)),
    "choose": (
        checking,
        "write_setting",
        lambda service, key, file: [checking.choose(service, key, 1, True, "off", "context")],
    ),
    "bring": (bringing, "bring", lambda service, key, file: transcribing.bring(service, key, [file])),
    "run": (batch, "run", lambda service, key, file: transcribing.run(service, key)),
    "part": (
        transcripts,
        "part",
        lambda service, key, file: [correcting.open_part(service, key, "a.wav", 0)],
    ),
    "learn": (
        transcripts,
        "part",
        lambda service, key, file: correcting.learn(service, key, ["a.wav", 0], WORDS),
    ),
    "forget": (
        transcripts,
        "forget",
        lambda service, key, file: [transcribing.remove(service, key, ["a.wav", 0])],
    ),
}


@pytest.mark.parametrize("call", FAILS)
def test_an_unexpected_failure_is_one_sentence_and_no_log_has_its_words(
    idle: VisitorService,
    call: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, file = with_examples(idle, 0, 3, "gla"), tmp_path / "ngá.zip"
    SAMPLES["recordings" if call == "bring" else "table"](DEMO, file)
    (idle.visitors.open(key).recordings / "a.wav").write_bytes(b"")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"{key} {WORDS} {DEMO.utterances[0].text}")

    monkeypatch.setattr(growing, "ready", lambda *_: None)
    owner, name, ask = FAILS[call]
    monkeypatch.setattr(owner, name, fail)
    with caplog.at_level(logging.DEBUG):
        *_, last = ask(idle, key, upload(file))
    assert UNEXPECTED in last.stage
    assert "RuntimeError" in caplog.text
    assert not any(secret in caplog.text for secret in (key, WORDS, "ngá", DEMO.utterances[0].text))


def test_a_download_that_fails_unexpectedly_says_nothing_of_the_visitor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        told = guard.guarded_error(RuntimeError(f"secret-key {WORDS}"), "saved")
    assert (told.message, told.print_exception) == (UNEXPECTED, False)
    assert "RuntimeError" in caplog.text
    assert not any(secret in caplog.text for secret in ("secret-key", WORDS))


def test_tiers_that_cannot_be_looked_at_are_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = staircase(tmp_path / "talk.wav", 9)
    files = [upload(sound), upload(write_eaf(tmp_path / "talk.eaf", sound.name))]
    ((offered, names, *_),) = adding.look(files)
    assert [name for _, name in offered["choices"]] == names == ["utterance", "gloss"]
    assert (offered["value"], offered["visible"]) == (["utterance"], True)
    monkeypatch.setattr(adding, "look_apart", fails)
    nothing = [(adding.NO_TIERS, [], *columns.hidden(), *question.hidden(), *tracks.shown((), ONE))]
    assert list(adding.look(files)) == nothing
    assert list(adding.look([str(sound)])) == nothing, "it is no upload"
    assert "choices" not in adding.NO_TIERS, "the page goes on sending what was ticked"
    assert "talk" not in caplog.text


@pytest.mark.parametrize("count", [0, 1])
def test_a_check_needs_two_examples(
    idle: VisitorService, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    key = with_examples(idle, 0, count) if count else named(idle)
    *_, last = checking.check(idle, key)
    assert "two examples" in last.stage
    assert str(idle.visitors.root) not in last.stage


def test_each_visitor_comes_back_to_what_is_theirs(service: VisitorService) -> None:
    keys = [with_examples(service, 0, 2), with_examples(service, 2, 5)]
    pages = [arrived(service, key) for key in keys]
    assert DEMO.utterances[0].text in pages[0].examples
    assert DEMO.utterances[0].text not in pages[1].examples
    assert "3 examples" in pages[1].examples
    deleting.delete(service, keys[0])
    assert "No examples yet" in arrived(service, keys[0]).examples
    assert "3 examples" in arrived(service, keys[1]).examples


def test_a_text_is_corrected_and_taken_back(service: VisitorService) -> None:
    key, name = with_examples(service, 0, 3), DEMO.utterances[1].id
    opened = adding.open_example(service, key, name)
    assert (opened.example, opened.example_text) == (name, DEMO.utterances[1].text)
    assert "data:audio/flac;base64," in opened.example_player
    assert NASTY not in adding.save_example(service, key, name, NASTY).examples
    assert "&lt;script&gt;" in arrived(service, key).examples
    assert DEMO.utterances[1].text in naming.undo(service, key).examples
    assert "2 examples" in adding.remove_example(service, key, name).examples


def test_an_example_stays_one_line(service: VisitorService) -> None:
    key, name = with_examples(service, 0, 2), DEMO.utterances[1].id
    adding.save_example(service, key, name, " ngá\n o  kwé\n")
    assert adding.open_example(service, key, name).example_text == WORDS
    assert "Nothing was changed" in adding.save_example(service, key, name, "ngá o\nkwé").stage


def test_shots_neighbours_and_characters_by_hand_are_the_pools_own(service: VisitorService) -> None:
    key = with_examples(service, 0, 3)
    checking.choose(service, key, 5, False, "hard", "acoustic")
    page = arrived(service, key)
    assert (page.shots, page.knn, page.characters, page.level) == (5, False, "hard", "acoustic")


def test_others_are_said_to_be_in_only_where_they_are() -> None:
    row = ("line 1", "The row has no text.")
    assert "1 row could not be used.</p>" in view.rejected([row])
    assert "2 rows could not be used; the other one is in.</p>" in view.rejected([row, row], added=1)
    assert "1 row could not be used; the other 3 are in.</p>" in view.rejected([row], added=3)


def test_an_import_that_adds_nothing_does_not_say_that_it_did(
    idle: VisitorService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = named(idle, "gla")
    nothing = growing.Added(DEMO, 0, ((FIRST, growing.KNOWN),))
    monkeypatch.setattr(growing, "add_imported", lambda *_: nothing)
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    (tmp_path / "clips.csv").write_text("file,text\na.wav,a b\n")
    *_, last = adding.add_files(idle, key, [upload(tmp_path / "clips.csv")], [])
    assert "Nothing was added; the reasons are below." in str(last.stage)


def test_what_a_batch_could_not_transcribe_is_said_at_its_end(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = named(idle)
    add_recordings(idle, key, 1)
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    spoken = TieredTranscript("a.wav", 1.0, (("SMILE", (Span(0, 1, "text"),)),))
    problems = {"a.wav": "", "bad.wav": "It is damaged.", "b.wav": ""}
    steps = [
        batch.Step(n, 3, name, problem=problem, transcript=None if problem else spoken)
        for n, (name, problem) in enumerate(problems.items())
    ]
    monkeypatch.setattr(idle, "batch", lambda *_: iter(steps))
    *_, last = transcribing.run(idle, key)
    assert "2 of 3 transcribed; not, or not whole: bad.wav. The list says why. Click" in str(last.stage)
    monkeypatch.setattr(idle, "batch", lambda *_: iter(steps[:1]))
    *_, last = transcribing.run(idle, key)
    assert "Done. Click" in str(last.stage)


def test_a_table_without_its_recordings_says_how_many_are_missing(
    idle: VisitorService, tmp_path: Path
) -> None:
    (tmp_path / "clips.csv").write_text("file,text\na.wav,a b\nb.wav,c d\n")
    *_, last = adding.add_files(idle, named(idle), [upload(tmp_path / "clips.csv")], [])
    assert refused(last)
    assert "2 recordings that are named are missing; choose the table" in str(last.stage)


def test_a_recording_that_is_there_already_is_not_added_again(idle: VisitorService, tmp_path: Path) -> None:
    key, clips = named(idle), [staircase(tmp_path / f"{seconds}.wav", seconds) for seconds in (2, 3)]
    (tmp_path / "copy.wav").write_bytes(clips[0].read_bytes())
    *_, last = transcribing.bring(idle, key, [upload(path) for path in clips])
    assert "2 recordings added. Press Transcribe." in last.stage
    *_, last = transcribing.bring(idle, key, [upload(clips[0]), upload(tmp_path / "copy.wav")])
    assert "Nothing was added. 2.wav, copy.wav (as 2.wav) are there already. Press" in last.stage
    page = transcribing.bring_recorded(idle, key, upload(clips[1]))
    assert "Nothing was added: this recording is there already." in page.stage
    (tmp_path / "other").mkdir()
    *_, last = transcribing.bring(idle, key, [upload(staircase(tmp_path / "other" / "2.wav", 4))])
    assert "1 recording added. 2.wav is called 2-1.wav here: the other name is taken." in last.stage
    names = [item.recording.name for item in transcripts.items(idle.visitors.open(key))]
    assert names == ["2-1.wav", "2.wav", "3.wav"]


@pytest.fixture
def uncut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording stays one part, however short its text is."""
    monkeypatch.setattr(recut, "MOST_CUTS", 0)


@pytest.mark.usefixtures("uncut")
def test_other_settings_let_the_same_recordings_be_transcribed_again_but_what_was_corrected(
    service: VisitorService,
) -> None:
    key = with_examples(service, 0, 4, "gla")
    workspace = service.visitors.open(key)
    checking.choose(service, key, 1, True, "off", "context")
    add_recordings(service, key, 2)
    *_, last = transcribing.run(service, key)
    assert last.again["visible"] is False
    assert "with other settings" not in last.results
    *_, refusal = transcribing.run(service, key)
    assert transcribing.NOTHING in refusal.stage
    first = transcripts.parts(workspace)[0]
    correction = Correction(first.recording, first.number, WORDS, first.smile, first.vanilla, 4)
    state = workspace.state()
    version = replace(state.versions[-1], correction=correction)
    workspace.write(replace(state, versions=(*state.versions[:-1], version)))
    page = checking.choose(service, key, 3, True, "off", "context")
    assert (page.again["visible"], page.results.count("with other settings")) == (True, 1)
    *_, refusal = transcribing.run(service, key)
    assert transcribing.AGAIN in refusal.stage
    assert checking.choose(service, key, 1, True, "off", "context").again["visible"] is False
    checking.choose(service, key, 0, True, "off", "context")
    *_, last = transcribing.run_again(service, key)
    assert (last.again["visible"], "Done" in last.stage) == (False, True)
    assert transcripts.parts(workspace)[0].text == WORDS
    *_, refusal = transcribing.run_again(service, key)
    assert transcribing.UP_TO_DATE in refusal.stage


def test_a_zip_of_recordings_in_any_container_is_taken_and_the_rest_is_named(
    idle: VisitorService, tmp_path: Path
) -> None:
    key = named(idle)
    with ZipFile(tmp_path / "in.zip", "w") as archive:
        for name, container in (("a.mka", "matroska"), ("b.dat", "ogg"), ("c.wma", "asf")):
            archive.write(contained(tmp_path / name, container), name)
        archive.writestr("notes.txt", "x")
    *_, last = transcribing.bring(idle, key, [upload(tmp_path / "in.zip")])
    assert "3 recordings added. Left out, as they hold no sound: notes.txt. Press Transcribe." in str(
        last.stage
    )
    assert [i.recording.name for i in transcripts.items(idle.visitors.open(key))] == [
        "a.mka",
        "b.dat",
        "c.wma",
    ]


def test_a_transcript_of_a_beginning_says_so() -> None:
    recording = Recording("long.wav", Path("long.wav"), stranger=True)
    done = TieredTranscript("long.wav", 1.0, (("SMILE", (Span(0, 1, "text"),)),))
    part = Part("long.wav", 0, 1, 0.0, 1.0, "text", "text", 0.5, 3)
    shown = view.transcripts([Item(recording, done, problem="Only the first 60 minutes.")], [part])
    assert "text" in shown
    assert "Only the first 60 minutes." in shown


def test_the_transcripts_to_correct_first_can_be_opened() -> None:
    done = TieredTranscript("a & b.wav", 9.0, (("SMILE", (Span(0, 1, "text"), Span(2, 3, "more"))),))
    parts = [
        Part("a & b.wav", n, 2, 2.0 * n, 2.0 * n + 1, text, "", 0.5, 3)
        for n, text in enumerate(("text", "more"))
    ]
    items = [Item(Recording("a & b.wav", Path("a & b.wav"), stranger=True), done)]
    shown = view.transcripts(items, parts, first=parts[1:])
    assert '<button type="button" class="pick-first" data-name="a &amp; b.wav" data-part="1"' in shown
    assert "Least sure" not in view.transcripts(items, parts)


def test_a_transcript_says_why_it_is_older() -> None:
    part = Part("a.wav", 0, 1, 0.0, 1.0, "text", "text", 0.5, 3)
    for confidence, older, said in (
        (0.5, "", "50\u00a0% sure"),
        (0.5, "by an older SMILE", "50\u00a0% sure, by an older SMILE"),
        (None, "with other settings", "with other settings"),
    ):
        row = view._part(replace(part, confidence=confidence, older=older), False)
        assert f'<p class="state">{said}<button' in row


def test_what_other_settings_wrote_is_transcribed_again(service: VisitorService) -> None:
    key = with_examples(service, 0, 3, "gla")
    checking.choose(service, key, 1, True, "off", "context")
    add_recordings(service, key, 1)
    *_, last = transcribing.run(service, key)
    assert last.again["visible"] is False
    checking.choose(service, key, 0, True, "off", "context")
    page = arrived(service, key)
    assert (page.again["visible"], "with other settings" in page.results) == (True, True)
    *_, last = transcribing.run_again(service, key)
    assert (last.again["visible"], "with other settings" in last.results) == (False, False)
    *_, last = transcribing.run_again(service, key)
    assert "with the examples and settings that you have now" in last.stage


def test_texts_are_escaped_wherever_they_stand() -> None:
    part = Part(NASTY, 0, 2, 0.0, 1.0, NASTY, NASTY, 0.5, 3)
    utterance = type(DEMO.utterances[0])("a", DEMO.utterances[0].audio, NASTY)
    recording = Recording(NASTY, Path(NASTY))
    done = TieredTranscript(NASTY, 1.0, ((NASTY, (Span(0, 1, NASTY),)),))
    items = [Item(recording), Item(recording, problem=NASTY), Item(recording, done)]
    shown = [
        view.examples([utterance]),
        view.rejected([(NASTY, NASTY)]),
        orthography.letters([utterance]),
        view._part(part, True),
        view.named(naming.unlisted(NASTY)),
        view.player(NASTY, DEMO.utterances[0].audio),
        *(
            view.transcripts([item], [part], at_work=work)
            for item in items
            for work in (None, (NASTY, NASTY))
        ),
        Page().says(NASTY).stage,
    ]
    assert not any("<script>" in str(html) for html in shown)
    assert all("&lt;script&gt;" in str(html) or html == shown[2] for html in shown)


@pytest.mark.parametrize(("anew", "text"), [(False, "piece 0"), (True, "…")])
def test_what_is_kept_of_a_recording_stays_until_its_text_comes(anew: bool, text: str) -> None:
    items = [Item(Recording("talk.wav", Path("talk.wav")), begun="piece 0", anew=anew)]
    assert f">{text}<" in view.transcripts(items, [], at_work=("talk.wav", ""))
    assert ">piece 1<" in view.transcripts(items, [], at_work=("talk.wav", "piece 1"))


@pytest.mark.parametrize("helps", [True, False, None])
def test_a_check_is_said_in_a_sentence(helps: bool | None) -> None:
    setting = PoolSetting(3, 1.0, clips=12, cer=40.0, vanilla=60.0, helps=helps, order="old")
    said = verdict.sentence(setting, DEMO)
    assert "40.0" in said
    assert "60.0" in said
    assert "have changed since" in said
    assert "Not checked yet" in verdict.sentence(PoolSetting(3, 1.0), DEMO)
    assert "xamples" in said.split(":")[0]


def test_a_check_says_where_examples_had_the_very_text() -> None:
    setting = PoolSetting(3, 1.0, clips=12, cer=40.0, vanilla=60.0, helps=True, same_text=4)
    assert "4 of these have the very text of another example" in verdict.sentence(setting, DEMO)
    assert "very text" not in verdict.sentence(replace(setting, same_text=0), DEMO)


@pytest.mark.parametrize("helps", [True, False, None])
@pytest.mark.parametrize(
    ("level", "subject", "them"),
    [
        ("acoustic", "acoustic model of your own examples", "it"),
        ("combined", "model of them, combined,", "them"),
    ],
)
def test_a_check_says_why_it_chose_a_level(helps: bool | None, level: Level, subject: str, them: str) -> None:
    rates = {"cer": 24.8, "vanilla": 75.1, "low": 22.0, "high": 27.5, "order": "old"}
    said = verdict.sentence(PoolSetting(3, 1.0, clips=12, helps=helps, level=level, **rates), DEMO)
    assert subject in said
    assert f"24.8 % of the characters are wrong with {them} (between 22.0 and 27.5 %" in said
    assert "the best, so your recordings are now transcribed so." in said


def test_a_check_tells_how_far_the_fitting_is(
    service: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [leave_one_out.Check(0, 8, fitted=0.25), leave_one_out.Check(2, 8)]
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (_ for _ in ()))
    monkeypatch.setattr(VisitorService, "check", lambda self, workspace: iter(steps))
    pages = list(checking.check(service, with_examples(service, 0, 3)))
    said = " ".join(str(page.stage) for page in pages)
    assert "fitting acoustic models, each without some of your clips, 25\u00a0%" in said
    assert "2 of 8 transcripts" in said
    assert "left" not in said, "nothing is known of how long it takes"
    assert all("A check is under way" in str(page.verdict) for page in pages[1:3])
    assert "Not checked yet" in str(pages[-1].verdict)


@pytest.mark.parametrize("full", [False, True])
def test_a_check_without_room_for_an_acoustic_model_says_so(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    def room(*_: Any, check: bool) -> None:
        if full and check:
            raise FullError(fitting.NO_ROOM)

    def steps(models: Any, pool: Any, conditions: Any, kept: Any) -> Iterator[leave_one_out.Check]:
        levels.update(condition.settings.level for condition in conditions)
        yield leave_one_out.Check(1, 1)

    levels: set[str] = set()
    monkeypatch.setattr(fitting, "room", room)
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (yield from ()))
    monkeypatch.setattr(leave_one_out, "leave_one_out", steps)
    monkeypatch.setattr(leave_one_out, "best", lambda *_: PoolSetting(1, 0.0))
    *_, last = checking.check(idle, with_examples(idle, 0, 3))
    assert ("acoustic" in levels) is not full
    assert "The best setting is now in use." in last.stage
    told = f"No acoustic model was tried, though it may be better. {fitting.NO_ROOM}"
    assert (told in last.stage) is full


def test_the_table_of_a_check_says_differences_in_percentage_points() -> None:
    lines = (Line("3 shots", 41.04, 30.0, 50.0, -24.4), Line("1 shot", 45.0, 30.0, 50.0, None))
    table = verdict.table_html((*lines, Line("vanilla", 54.26, 40.0, 60.0, 0.0)))
    assert "<td>41.0 %</td><td>30.0–50.0</td><td>\u221213.3 points</td>" in table
    assert "<td>45.0 %</td><td>30.0–50.0</td><td></td>" in table
    assert "-24" not in table
    assert verdict.table_html(lines).count("<td></td>") == 2, "without Whisper alone nothing is said"


def test_the_table_of_a_check_has_no_interval_of_one_clip() -> None:
    lines = (Line("3 shots", 40.7, None, None, -24.4), Line("vanilla", 54.2, None, None, 0.0))
    table = verdict.table_html(lines)
    assert "<td>40.7 %</td><td></td><td>\u221213.5 points</td>" in table
    assert "<td>54.2 %</td><td></td><td></td>" in table


def test_who_comes_back_is_told_of_a_check_that_was_broken_off(idle: VisitorService) -> None:
    key = with_examples(idle, 0, 3)
    workspace = idle.visitors.open(key)
    pool = workspace.pool()
    assert pool
    assert "Add more, or transcribe recordings." in arrived(idle, key).stage
    with kept_rows(workspace.folder, pool, idle.models().smile.info):
        pass
    assert (
        "Their check was broken off; press “Check with my own examples” to go on." in arrived(idle, key).stage
    )
    row = {"condition": "3 shots", "rate": 41.25, "low": 30.0, "high": 50.0, "reduction": 20.0, **ALL}
    keep_table(workspace.folder, pool, pd.DataFrame([row]))
    assert "broken off" not in arrived(idle, key).stage


def test_the_table_of_a_check_stays_after_transcribing_and_is_older_after_a_change(
    idle: VisitorService, asked: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisitorService, "ready", lambda self, workspace: (yield from ()))
    key = with_examples(idle, 0, 3)
    workspace = idle.visitors.open(key)
    pool = workspace.pool()
    assert pool
    row = {"condition": "3 shots", "rate": 41.25, "low": 30.0, "high": 50.0, "reduction": 20.0, **ALL}
    keep_table(workspace.folder, pool, pd.DataFrame([row]))
    checking.choose(idle, key, 0, False, "off", "context")
    add_recordings(idle, key, 1)
    *_, last = transcribing.run(idle, key)
    assert "Done" in last.stage
    assert ("41.2 %" in last.verdict, "earlier check" in last.verdict) == (True, False)
    page = adding.save_example(idle, key, DEMO.utterances[1].id, WORDS)
    assert ("41.2 %" in page.verdict, "earlier check" in page.verdict) == (True, True)


def test_a_level_that_could_not_be_made_falls_back_to_examples(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "has_acoustic", lambda pool, model: False)
    pool = idle.visitors.open(with_examples(idle, 0, 2)).pool()
    models: Any = idle.models()
    wanted = Settings(level="acoustic", knn=0.0)
    assert possible(wanted, pool, models).level == "context"
    assert possible(wanted, None, models).level == "acoustic", "there is nothing to write by"


def test_what_was_transcribed_without_its_acoustic_model_is_offered_again(
    idle: VisitorService, asked: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise FullError(fitting.NO_ROOM)

    monkeypatch.setattr(preparing, "has_acoustic", lambda pool, model: False)
    monkeypatch.setattr(fitting, "fitted", full)
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    key = with_examples(idle, 0, 2)
    checking.choose(idle, key, 1, False, "off", "combined")
    add_recordings(idle, key, 1)
    *_, last = transcribing.run(idle, key)
    assert "the acoustic model, is left out" in last.stage
    assert (last.again["visible"], last.results.count("with other settings")) == (True, 1)
    page = checking.choose(idle, key, 1, False, "off", "context")
    assert page.again["visible"] is False, "so it was made"


def test_the_curve_against_a_slow_reference() -> None:
    made = [Correction("a", i, "abcd", "abcd"[: i + 1], "xxxx", 3 + i) for i in range(4)]
    made.append(Correction("b", 0, "!", "?", "x", 8))  # has nothing to be counted
    points = curve.points(made)
    assert len(points) == 4
    for i, point in enumerate(points):
        edits = [score(c.text, c.smile).edits for c in made[: i + 1]]
        assert point.smile == pytest.approx(100 * edits[i] / 4)
        assert point.smile_so_far == pytest.approx(100 * sum(edits) / (4 * (i + 1)))
        assert point.vanilla_so_far == 100.0


@pytest.mark.parametrize("kind", ["table", "eaf", "textgrid"])
def test_a_sample_can_be_brought(service: VisitorService, models, kind: str, tmp_path: Path) -> None:
    sample = tmp_path / f"{kind}.zip"
    SAMPLES[kind](DEMO, sample)
    workspace = service.visitors.open(named(service))
    added = growing.from_files(workspace, [sample], models)
    assert added.rejected == ()
    assert [u.text for u in added.pool.utterances] == [u.text for u in DEMO.utterances[: added.count]]


def test_sample_recordings_can_be_brought(service: VisitorService, tmp_path: Path) -> None:
    sample = tmp_path / "recordings.zip"
    SAMPLES["recordings"](DEMO, sample)
    brought = upload(sample)
    *_, page = transcribing.bring(service, "", [brought])
    assert "6 recordings added" in page.stage
    assert not Path(brought).exists()
    assert page.results.count("waiting") == 6


def test_a_recording_never_takes_over_what_was_corrected_in_another(
    service: VisitorService, tmp_path: Path
) -> None:
    key = with_examples(service, 0, 2)
    workspace = service.visitors.open(key)
    for recording in ("talk.wav", "recording-1.wav"):
        with workspace.change("corrected", Correction(recording, 0, WORDS, "?", "?", 2)) as change:
            pool = workspace.pool() or DEMO
            changes.reworded(pool, pool.utterances[0].id, f"{WORDS} {recording}", change.out)
    for name in ("talk.wav", "mine.wav"):
        (tmp_path / name).write_bytes(name.encode())
    *_, last = transcribing.bring(service, key, [upload(tmp_path / "talk.wav")])
    assert "talk.wav is called talk-1.wav here: the other name is taken." in last.stage
    transcribing.bring_recorded(service, key, upload(tmp_path / "mine.wav"))
    assert sorted(p.name for p in workspace.recordings.iterdir()) == ["recording-2.wav", "talk-1.wav"]


def test_a_batch_that_was_cancelled_goes_on(idle: VisitorService, asked: list[tuple[float, int]]) -> None:
    key = named(idle)
    add_recordings(idle, key, 3)
    pages = transcribing.run(idle, key)
    while len(asked) < 2:
        next(pages)
    pages.close()
    again = VisitorService(idle.engine, Workspaces(idle.visitors.root, 24))
    *_, last = transcribing.run(again, key)
    assert "Done" in last.stage
    seconds = [seconds for seconds, _ in asked]
    assert len(set(seconds)) == 3
    assert seconds == [seconds[i] for i in (0, 1, 1, 3)]  # the second was cut short, the first is kept
    assert all(f"{s:.2f} s with" in last.results for s in seconds)
    *_, last = transcribing.run(again, key)
    assert transcribing.NOTHING in last.stage


def test_two_batches_of_one_visitor_do_not_mix(idle: VisitorService, asked: list[tuple[float, int]]) -> None:
    """One goes on while a correction has the next transcript made with other examples."""
    key, names = named(idle), [u.audio.name for u in DEMO.queries[:2]]
    add_recordings(idle, key, 2)
    workspace = idle.visitors.open(key)
    first = idle.batch(workspace, Settings(shots=1))
    next(step for step in first if step.transcript)
    list(idle.batch(workspace, Settings(shots=2), names))
    list(first)
    list(idle.batch(workspace, Settings(shots=2), names[1:]))
    assert [shots for _, shots in asked] == [1, 2, 2, 1, 2]
    assert [p.text[-6:] for p in transcripts.parts(workspace)] == ["with 2", "with 2"]


def test_who_deletes_everything_meanwhile_is_told_so(
    idle: VisitorService, asked: list[tuple[float, int]]
) -> None:
    key = named(idle)
    add_recordings(idle, key, 2)
    pages = transcribing.run(idle, key)
    while not asked:
        next(pages)
    assert deleting.DELETED in deleting.delete(idle, key).stage
    *_, last = pages
    assert "no longer here" in last.stage
    assert list(idle.visitors.root.iterdir()) == []


@pytest.mark.usefixtures("uncut")
def test_transcripts_are_corrected_one_after_the_other(service: VisitorService, tmp_path: Path) -> None:
    key = with_examples(service, 0, 4, "gla")
    checking.choose(service, key, 1, True, "off", "context")
    add_recordings(service, key, 2)
    list(transcribing.run(service, key))
    first, second = (u.audio.name for u in DEMO.queries[:2])
    opened = correcting.open_part(service, key, first, 0).part
    assert opened[:2] == [first, 0]
    *before, last = correcting.learn(service, key, opened, DEMO.queries[0].text)
    told = [number for number, page in enumerate(before) if isinstance(page.part_saved, str)]
    lists = [number for number, page in enumerate(before) if isinstance(page.results, str)]
    assert "Added. Opening the next one." in before[told[0]].part_saved
    assert told[0] < lists[0], "it is said at once, also where the pool has to be made ready first"
    assert last.part[:2] == [second, 0]
    assert "next one" in last.stage
    assert [p.stale for p in transcripts.parts(service.visitors.open(key))] == [False, False]
    assert [p.examples for p in transcripts.parts(service.visitors.open(key))] == [4, 5]
    *_, refused = correcting.learn(service, key, opened, WORDS)
    assert "among the examples" in refused.stage
    *before, fresh, last = correcting.learn(service, key, last.part, DEMO.queries[1].text)
    assert [str(page.part_saved) for page in before if isinstance(page.part_saved, str)] == [
        editing.DRAFT.format("Added.")
    ]
    assert "All transcripts are corrected" in last.stage
    assert fresh.curve["visible"]
    assert fresh.results.count("corrected") == 2
    assert naming.undo(service, key).curve["visible"] is False
    served = Path(transcribing.saved(service, "csv", key)["value"])
    assert DEMO.queries[0].text in served.read_text(encoding="utf-8")
    deleting.delete(service, key)
    assert not served.exists()


def test_what_was_transcribed_anew_meanwhile_is_opened_again_before_it_is_corrected(
    service: VisitorService,
) -> None:
    key = with_examples(service, 0, 4, "gla")
    add_recordings(service, key, 1)
    list(transcribing.run(service, key))
    workspace, name = service.visitors.open(key), DEMO.queries[0].audio.name
    opened = correcting.open_part(service, key, name, 0).part
    (item,) = transcripts.items(workspace)
    assert item.transcript is not None
    tiers = tuple(
        (tier, (replace(s[0], end=0.5), replace(s[0], start=0.5))) for tier, s in item.transcript.tiers
    )
    anew = replace(item.transcript, tiers=tiers)
    transcripts.keep(workspace, batch.Step(1, 1, name, transcript=anew), Made())
    *_, last = correcting.learn(service, key, opened, WORDS)
    assert transcripts.ANEW in last.stage
    assert len(workspace.pool() or ()) == 4
    *_, last = correcting.learn(service, key, correcting.open_part(service, key, name, 0).part, "facal")
    assert [p.corrected for p in transcripts.parts(workspace)] == ["facal", None]


def test_two_visitors_at_once_each_get_what_is_theirs(service: VisitorService) -> None:
    keys, ready = [named(service), named(service)], Barrier(2)
    last: dict[str, Page] = {}
    brought: list[str] = []

    def visit(key: str, clips: list[Utterance]) -> None:
        ready.wait()
        for utterance in clips:
            brought.append(upload(utterance.audio))
            *_, last[key] = adding.add_typed(service, key, brought[-1], utterance.text)

    clips = [list(DEMO.utterances[:3]), list(DEMO.utterances[3:6])]
    threads = [Thread(target=visit, args=pair) for pair in zip(keys, clips, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for key, mine in zip(keys, clips, strict=True):
        assert "Added" in last[key].stage
        pool = service.visitors.open(key).pool()
        assert [u.text for u in pool.utterances] == [u.text for u in mine]  # type: ignore[union-attr]
    assert not any(Path(path).exists() for path in brought)


def test_what_visitors_bring_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    engine = FakeEngine(tmp_path / "clips")
    service = VisitorService(engine, Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]
    key = with_examples(service, 0, 1)
    page = build_app(engine, service=service)  # type: ignore[arg-type]
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
    try:
        pool = service.visitors.open(key).pool()
        assert pool
        add_recordings(service, key, 1)
        folder = service.visitors.open(key).folder
        sound = next(iter((folder / "recordings").iterdir()))
        for path in (pool.utterances[0].audio, pool.folder / "clips.csv", folder / "state.json", sound):
            assert path.is_file()
            with pytest.raises(urllib.error.HTTPError) as refusal:
                urllib.request.urlopen(f"{page.local_url}gradio_api/file={urllib.parse.quote(str(path))}")
            assert refusal.value.code in (403, 404)
    finally:
        page.close()


def test_programs_cannot_ask_for_what_visitors_bring(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    engine = FakeEngine(tmp_path / "clips")
    page = build_app(engine, service=VisitorService(engine, Workspaces(tmp_path / "visitors", 24)))  # type: ignore[arg-type]
    info = page.get_api_info()
    assert info["unnamed_endpoints"] == {}
    assert set(info["named_endpoints"]) == {
        "/transcribe",
        "/align",
        "/examples",
        "/compare",
        "/languages",
        "/neighbours",
        "/results",
    }


def test_visitors_take_turns_step_by_step() -> None:
    scheduler, order, closed = Scheduler(), [], []

    def work(name: str) -> Iterator[str]:
        try:
            for _ in range(20):
                order.append(name)
                yield name
        finally:
            closed.append(name)

    ready = Barrier(2)

    def serve(name: str) -> None:
        ready.wait()
        for _ in scheduler.each(work(name)):
            pass

    threads = [Thread(target=serve, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(closed) == ["a", "b"]
    assert (order.count("a"), order.count("b")) == (20, 20)
    stopped = scheduler.each(work("c"))
    next(stopped)
    stopped.close()
    assert closed[-1] == "c"


def test_between_two_steps_of_one_others_have_theirs() -> None:
    scheduler = Scheduler()
    one, two = (scheduler.each(letter for letter in word) for word in ("abc", "xyz"))
    assert [next(one), next(two), next(two), next(one), next(two), next(one)] == list("axybzc")


def test_work_that_fails_does_not_keep_its_turn() -> None:
    scheduler, closed = Scheduler(), []

    def work() -> Iterator[int]:
        try:
            yield 1
            raise KeyError
        finally:
            closed.append(True)

    broken = scheduler.each(work())
    next(broken)
    with pytest.raises(KeyError):
        next(broken)
    assert closed == [True]
    assert list(scheduler.each(letter for letter in "ab")) == ["a", "b"]


def test_a_lock_is_given_in_the_order_of_asking() -> None:
    lock, served = FairLock(), []
    threads = []

    def ask(number: int) -> None:
        with lock:
            served.append(number)

    with lock:
        for number in range(5):
            thread = Thread(target=ask, args=(number,))
            thread.start()
            while lock._next < number + 2:
                pass
            threads.append(thread)
    for thread in threads:
        thread.join(20)
    assert served == [0, 1, 2, 3, 4]


def test_enter_takes_a_language_where_only_one_can_be_meant(service: VisitorService) -> None:
    shown, *rest = naming.entered(service, "", " mbosh ")
    page = Page(*rest)
    assert (shown["visible"], shown["value"]) == (False, None)
    assert "Your language is Mboshi; add examples next." in page.stage
    shown, *rest = naming.entered(service, page.key, "gaelic")
    assert [code for _, code in shown["choices"]] == ["gla", "ghc", "mis"]
    assert naming.CHOOSE in Page(*rest).stage
    kept = service.visitors.open(page.key).state().language
    assert kept
    assert kept.name == "Mboshi"
    assert naming.entered(service, page.key, " ")[1:] == Page()
