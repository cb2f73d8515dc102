"""The tab My language: its callbacks, what it shows, and what it keeps to itself."""

from __future__ import annotations

import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from smile.own import changes, growing
from smile.own.transcripts import Part
from smile.own.workspace import Correction, Workspaces
from smile.pool import open_pool
from smile.pool_setting import PoolSetting
from smile.scoring import score
from smile.ui import Desk, Engine, Options, build_app, look
from smile.ui.own import adding, checking, correcting, curve, naming, orthography, transcribing, verdict, view
from smile.ui.own.page import Page, arrived
from smile.ui.own.samples import SAMPLES
from smile.ui.turns import InTurn, Turns
from tests.conftest import POOLS
from tests.fake_engine import FakeEngine

DEMO = open_pool(POOLS / "gla")
NASTY = "<script>alert('x')</script> & more"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(Options(POOLS, tmp_path_factory.mktemp("cache"), read_ahead=False))


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, Workspaces(tmp_path / "visitors", 24))


def named(desk: Desk, code: str = "mdw") -> str:
    """A visitor who has named a language; the key."""
    return str(naming.name(desk, "", "x", code).key)


def with_examples(desk: Desk, first: int, last: int) -> str:
    key = named(desk)
    workspace = desk.visitors.open(key)
    part = type(DEMO)(DEMO.folder, DEMO.header, DEMO.utterances[first:last], DEMO.embeddings[first:last])
    with workspace.change("examples added") as change:
        changes.joined(None, part, change.out)
    return key


def refused(page: Page) -> bool:
    return "stage error" in str(page.stage)


CALLS = {
    "undo": lambda desk, key: [naming.undo(desk, key)],
    "files": lambda desk, key: adding.add_files(desk, key, None, []),
    "typed": lambda desk, key: adding.add_typed(desk, key, None, "text"),
    "example": lambda desk, key: [adding.open_example(desk, key, "no such clip")],
    "save": lambda desk, key: [adding.save_example(desk, key, None, "text")],
    "remove": lambda desk, key: [adding.remove_example(desk, key, "no such clip")],
    "check": checking.check,
    "run": transcribing.run,
    "again": transcribing.run_again,
    "recorded": lambda desk, key: [transcribing.bring_recorded(desk, key, None)],
    "part": lambda desk, key: [correcting.open_part(desk, key, "../state.json", 0)],
    "learn": lambda desk, key: correcting.learn(desk, key, None, "text"),
}


@pytest.mark.parametrize("key", ["", "x" * 32])
@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk, call: str, key: str) -> None:
    *_, last = CALLS[call](desk, key)
    assert refused(last)
    assert "Traceback" not in str(last.stage)


def fails(caption: str, *_: object) -> str:
    raise KeyError(caption)


def test_nothing_of_a_visitor_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = with_examples(desk, 0, 2)
    monkeypatch.setattr(view, "player", fails)
    with caplog.at_level(logging.DEBUG):
        assert refused(adding.open_example(desk, key, DEMO.utterances[0].id))
    assert "failed" in caplog.text
    assert key not in caplog.text
    assert DEMO.utterances[0].id not in caplog.text
    assert not any(u.text in caplog.text for u in DEMO.utterances[:2])


def test_each_visitor_comes_back_to_what_is_theirs(desk: Desk) -> None:
    keys = [with_examples(desk, 0, 2), with_examples(desk, 2, 5)]
    pages = [arrived(desk, key) for key in keys]
    assert DEMO.utterances[0].text in pages[0].examples
    assert DEMO.utterances[0].text not in pages[1].examples
    assert "3 examples" in pages[1].examples
    naming.delete(desk, keys[0])
    assert "No examples yet" in arrived(desk, keys[0]).examples
    assert "3 examples" in arrived(desk, keys[1]).examples


def test_a_text_is_corrected_and_taken_back(desk: Desk) -> None:
    key, name = with_examples(desk, 0, 3), DEMO.utterances[1].id
    opened = adding.open_example(desk, key, name)
    assert (opened.example, opened.example_text) == (name, DEMO.utterances[1].text)
    assert "data:audio/flac;base64," in opened.example_player
    assert NASTY not in adding.save_example(desk, key, name, NASTY).examples
    assert "&lt;script&gt;" in arrived(desk, key).examples
    assert DEMO.utterances[1].text in naming.undo(desk, key).examples
    assert "2 examples" in adding.remove_example(desk, key, name).examples


def test_shots_neighbours_and_characters_by_hand_are_the_pools_own(desk: Desk) -> None:
    key = with_examples(desk, 0, 3)
    checking.choose(desk, key, 5, False, "hard")
    page = arrived(desk, key)
    assert (page.shots, page.knn, page.characters) == (5, False, "hard")


def test_texts_are_escaped_wherever_they_stand() -> None:
    part = Part(NASTY, 0, 2, 0.0, 1.0, NASTY, NASTY, 0.5, 3)
    utterance = type(DEMO.utterances[0])("a", DEMO.utterances[0].audio, NASTY)
    shown = [
        view.examples([utterance]),
        view.rejected([(NASTY, NASTY)]),
        orthography.letters([utterance]),
        view._part(part, True),
        view.named(naming.unlisted(NASTY)),
    ]
    assert not any("<script>" in str(html) for html in shown)


@pytest.mark.parametrize("helps", [True, False, None])
def test_a_check_is_said_in_a_sentence(helps: bool | None) -> None:
    setting = PoolSetting(3, 1.0, clips=12, cer=40.0, vanilla=60.0, helps=helps, order="old")
    said = verdict.sentence(setting, DEMO)
    assert "40.0" in said
    assert "60.0" in said
    assert "have changed since" in said
    assert "Not checked yet" in verdict.sentence(PoolSetting(3, 1.0), DEMO)


def test_the_curve_against_a_slow_reference() -> None:
    made = [Correction("a", i, "abcd", "abcd"[: i + 1], "xxxx", 3 + i) for i in range(4)]
    made.append(Correction("b", 0, "!", "?", "x", 8))  # has nothing to be counted
    found = curve.points(made)
    assert len(found) == 4
    for i, point in enumerate(found):
        edits = [score(c.text, c.smile).edits for c in made[: i + 1]]
        assert point.smile == pytest.approx(100 * edits[i] / 4)
        assert point.smile_so_far == pytest.approx(100 * sum(edits) / (4 * (i + 1)))
        assert point.vanilla_so_far == 100.0


@pytest.mark.parametrize("kind", ["table", "eaf", "textgrid"])
def test_a_sample_can_be_brought(desk: Desk, models, kind: str, tmp_path: Path) -> None:
    sample = tmp_path / f"{kind}.zip"
    SAMPLES[kind](DEMO, sample)
    workspace = desk.visitors.open(named(desk))
    added = growing.from_files(workspace, [sample], models)
    assert added.rejected == ()
    assert [u.text for u in added.pool.utterances] == [u.text for u in DEMO.utterances[: added.count]]


def test_sample_recordings_can_be_brought(desk: Desk, tmp_path: Path) -> None:
    sample = tmp_path / "recordings.zip"
    SAMPLES["recordings"](DEMO, sample)
    page = transcribing.bring(desk, "", [str(sample)])
    assert "6 recordings added" in page.stage
    assert not sample.exists()
    assert page.results.count("waiting") == 6


def test_what_visitors_bring_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    engine = FakeEngine(tmp_path / "clips")
    desk = Desk(engine, Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]
    key = with_examples(desk, 0, 1)
    page = build_app(engine, desk=desk)  # type: ignore[arg-type]
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look())
    try:
        pool = desk.visitors.open(key).pool()
        assert pool
        for path in (pool.utterances[0].audio, pool.folder / "clips.csv"):
            with pytest.raises(urllib.error.HTTPError) as refusal:
                urllib.request.urlopen(f"{page.local_url}gradio_api/file={urllib.parse.quote(str(path))}")
            assert refusal.value.code in (403, 404)
    finally:
        page.close()


def test_visitors_take_turns_step_by_step() -> None:
    turns, order, closed = Turns(), [], []

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
        for _ in turns.each(work(name)):
            pass

    threads = [Thread(target=serve, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(closed) == ["a", "b"]
    assert (order.count("a"), order.count("b")) == (20, 20)
    stopped = turns.each(work("c"))
    next(stopped)
    stopped.close()
    assert closed[-1] == "c"


def test_a_lock_is_given_in_the_order_of_asking() -> None:
    lock, served = InTurn(), []
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
