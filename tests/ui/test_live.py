"""Live sessions: how many, how long, whose turn, and what the page says where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from smile.acoustic import store
from smile.acoustic.live import LiveTranscriber
from smile.acoustic.recipe import Recipe
from smile.datatypes import SmileError
from smile.own.workspaces import Workspaces
from smile.ui import VisitorService, live
from smile.ui.live import LiveSessions
from smile.ui.own.live import WORDS, heard_by
from smile.ui.parts.live import LOADING, NO_POOL, begun, heard_with
from smile.ui.scheduler import Scheduler
from smile.ui.transcribe.live import replaced
from smile.ui.transcribe.view import Failed, Unfinished
from tests.support import tones
from tests.support.fake_engine import ENCODER, FakeEngine
from tests.support.visitors import named, with_examples

TEXT = "bad face fed a cab"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(live, "monotonic", made)
    return made


@pytest.fixture
def sessions() -> LiveSessions:
    return LiveSessions(Scheduler())


@pytest.fixture
def client(sessions: LiveSessions) -> Iterator[TestClient]:
    routes = [Route("/smile/live/{name}", sessions.respond, methods=["POST", "DELETE"])]
    with TestClient(Starlette(routes=routes)) as made:
        yield made


def transcriber() -> LiveTranscriber:
    return LiveTranscriber(tones.models().smile, tones.head())


def sound(text: str = TEXT, rate: int = 16_000) -> bytes:
    samples = tones.spoken(text)
    if rate != 16_000:
        at = np.arange(0, len(samples) - 1, 16_000 / rate)
        samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    return np.rint(samples * 32767).astype("<i2").tobytes()


def send(client: TestClient, name: str, body: bytes, query: str = "rate=16000") -> dict[str, object]:
    answer = client.post(f"/smile/live/{name}?{query}", content=body)
    assert answer.status_code == 200, answer.text
    said: dict[str, object] = answer.json()
    return said


def said_of(client: TestClient, clock: Clock, name: str, body: bytes, rate: int = 16_000) -> str:
    """All that is added as sound comes in quarters of a second, and at the end."""
    text, size = "", 2 * (rate // 4)
    for at in range(0, len(body), size):
        clock.now += 0.25
        text += str(send(client, name, body[at : at + size], f"rate={rate}").get("added", ""))
    return text + str(send(client, name, b"", f"rate={rate}&end")["added"])


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_sound_comes_to_text_and_the_end_is_the_end(
    client: TestClient, sessions: LiveSessions, clock: Clock, rate: int
) -> None:
    name = sessions.begin("me", transcriber())
    assert said_of(client, clock, name, sound(rate=rate), rate) == TEXT
    assert len(sessions) == 0
    assert client.post(f"/smile/live/{name}?rate=16000", content=b"").status_code == 404


def test_a_new_recording_of_one_visitor_takes_the_place_of_the_old(sessions: LiveSessions) -> None:
    first = sessions.begin("me", transcriber())
    other = sessions.begin("you", transcriber())
    second = sessions.begin("me", transcriber())
    assert len({first, other, second}) == 3
    assert len(sessions) == 2


def test_there_are_so_many_and_paused_ones_make_way(
    client: TestClient, sessions: LiveSessions, clock: Clock
) -> None:
    names = [sessions.begin(f"visitor {i}", transcriber()) for i in range(live.MOST)]
    with pytest.raises(SmileError, match="at a time"):
        sessions.begin("one more", transcriber())
    clock.now += live.PAUSED + 0.1
    for name in names[1:]:
        send(client, name, b"")
    sessions.begin("one more", transcriber())
    assert client.post(f"/smile/live/{names[0]}?rate=16000", content=b"").status_code == 404
    with pytest.raises(SmileError, match="at a time"):
        sessions.begin("yet one more", transcriber())


def test_what_sends_nothing_is_forgotten(client: TestClient, sessions: LiveSessions, clock: Clock) -> None:
    name = sessions.begin("me", transcriber())
    clock.now += live.IDLE - 1
    send(client, name, b"")
    clock.now += live.IDLE - 1
    assert len(sessions) == 1
    clock.now += 2
    assert len(sessions) == 0


def test_a_page_that_goes_drops_it(client: TestClient, sessions: LiveSessions) -> None:
    name = sessions.begin("me", transcriber())
    assert client.delete(f"/smile/live/{name}").status_code == 204
    assert len(sessions) == 0
    assert client.delete(f"/smile/live/{name}").status_code == 404


@pytest.mark.parametrize("rate", ["", "x", "-1", "0", "1e9", "²", "7", "10000000000"])
def test_a_rate_that_is_none_is_refused(client: TestClient, sessions: LiveSessions, rate: str) -> None:
    name = sessions.begin("me", transcriber())
    for query in (f"?rate={rate}", f"?rates={rate}", ""):
        assert client.post(f"/smile/live/{name}{query}", content=sound()).status_code == 400
    assert len(sessions) == 1


@pytest.mark.parametrize("body", [b"x", bytes(live.MOST_BYTES + 2)])
def test_a_body_that_is_none_is_refused(client: TestClient, sessions: LiveSessions, body: bytes) -> None:
    name = sessions.begin("me", transcriber())
    assert client.post(f"/smile/live/{name}?rate=16000", content=body).status_code == 400


def test_a_recording_is_so_long_at_most(
    client: TestClient, sessions: LiveSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_SECONDS", 3.0)
    name = sessions.begin("me", transcriber())
    assert send(client, name, bytes(64_000))["over"] is False
    assert send(client, name, bytes(64_000))["over"] is True
    assert len(sessions) == 0


def test_steps_take_half_of_the_time_at_most(
    client: TestClient, sessions: LiveSessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    took, begun_at = 0.4, list[float]()
    step = LiveTranscriber.step

    def slow(self: LiveTranscriber) -> object:
        begun_at.append(clock.now)
        clock.now += took
        return step(self)

    monkeypatch.setattr(LiveTranscriber, "step", slow)
    names = [sessions.begin(f"visitor {i}", transcriber()) for i in range(3)]
    written = dict.fromkeys(names, 0)
    for _ in range(120):
        clock.now += 0.1
        for name in names:
            written[name] += "added" in send(client, name, bytes(16_000))
    gaps = np.diff(begun_at)
    assert gaps.min() >= 2 * took - 1e-9
    assert min(written.values()) >= max(written.values()) - 1 > 3


def test_a_step_waits_for_its_turn_among_those_of_transcriptions(sessions: LiveSessions) -> None:
    scheduler, go_on, at_work = Scheduler(), Event(), Event()
    sessions = LiveSessions(scheduler)
    name = sessions.begin("me", transcriber())

    def long() -> Iterator[int]:
        at_work.set()
        go_on.wait(20)
        yield 1
        yield 2

    others = Thread(target=lambda: list(scheduler.each(long())))
    others.start()
    assert at_work.wait(20)
    session = sessions._sessions[name]
    answers = list[object]()
    mine = Thread(target=lambda: answers.append(sessions._read(session, sound(), 16_000, False)))
    mine.start()
    mine.join(0.3)
    assert not answers
    go_on.set()
    mine.join(20)
    others.join(20)
    assert len(answers) == 1


def test_two_requests_at_once_are_one_too_many(client: TestClient, sessions: LiveSessions) -> None:
    name = sessions.begin("me", transcriber())
    with sessions._sessions[name].busy:
        assert client.post(f"/smile/live/{name}?rate=16000", content=b"").status_code == 429
    assert client.post(f"/smile/live/{name}?rate=16000", content=b"").status_code == 200


def test_what_the_page_shows_as_a_recording_begins(tmp_path: Path, sessions: LiveSessions) -> None:
    engine = FakeEngine(tmp_path)

    def shown(pool: str | None) -> str:
        return begun(sessions, "me", lambda: heard_with(engine, pool))  # type: ignore[arg-type]

    assert "fits it in a few minutes" in shown("gla")
    assert "fits it in a few minutes" in shown("mini/ckb")
    assert NO_POOL in shown("none")
    assert NO_POOL in shown(None)
    assert len(sessions) == 0
    engine.fit("gla")
    assert 'data-live="' in shown("gla")
    assert len(sessions) == 1
    engine.loading = Future()
    assert LOADING in shown("gla")
    engine.loading.set_exception(SmileError("There are <no> weights."))
    assert "There are &lt;no&gt; weights." in shown("gla")


def test_live_text_of_another_encoder_is_none(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    engine.fit("gla")
    engine.loading = Future()
    engine.loading.set_result(tones.models())
    with pytest.raises(SmileError, match="acoustic model"):
        heard_with(engine, "gla")  # type: ignore[arg-type]
    assert ENCODER != tones.ENCODER


def test_live_text_stays_where_no_whole_transcript_takes_its_place() -> None:
    for outcome in (None, Unfinished(), Failed("sentence")):
        assert replaced(outcome) != ""


def test_a_visitors_own_model_writes_it_and_nobody_elses(tmp_path: Path, sessions: LiveSessions) -> None:
    engine = FakeEngine(tmp_path)
    visitors = VisitorService(engine, Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]

    def shown(key: str | None) -> str:
        return begun(sessions, "me", lambda: heard_by(visitors, key), WORDS)

    mine, theirs, none = with_examples(visitors, 0, 3), with_examples(visitors, 0, 3), named(visitors)
    assert all("step 3" in shown(key) for key in (mine, theirs, none))
    pool = visitors.visitors.open(mine).pool(ENCODER)
    assert pool is not None
    store.write(pool, [tones.head(ENCODER, pool.language.code)], [Recipe()])
    assert 'data-live="' in shown(mine)
    for key in (theirs, none, None, "", "x", "../" + mine, mine[:-1]):
        assert "data-live=" not in shown(key)
