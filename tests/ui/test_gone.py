"""Pages that go before they have begun to read the answers to what they asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smile.own import held
from smile.own.held import Claims
from smile.ui import build_app, gone
from smile.ui.gone import Gone
from smile.ui.serving import Dashboard
from tests.security.client import API, Stranger, file
from tests.support.fake_engine import FakeEngine, tone
from tests.support.launched import launched
from tests.support.waiting import until

LONG = 400  # segments, which take longer than a test waits


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path, pace=0.05, lines=LONG)


@pytest.fixture
def page(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboard]:
    monkeypatch.setattr(gone, "GRACE", 0.1)
    with launched(build_app(engine)) as page:
        yield page


@pytest.fixture
def stranger(page: Dashboard) -> Stranger:
    return Stranger(page.local_url.rstrip("/"))


def begun(stranger: Stranger, engine: FakeEngine) -> None:
    """Ask for a transcription, and read none of its answers."""
    sound = tone(engine.folder / "long.wav", 1.0, 300)
    run = next(event for event in stranger.events if event.name == "run")
    audio = file(stranger.upload(sound.name, sound.read_bytes()))
    data = [
        audio if kind == "audio" else value
        for kind, value in zip(run.kinds, stranger.usual(run), strict=True)
    ]
    stranger.join(run, data).raise_for_status()
    until(lambda: engine.running == 1)


@contextmanager
def heartbeat(stranger: Stranger, session: str) -> Iterator[None]:
    """Be connected as a page is."""
    with stranger.http.stream("GET", f"{API}/heartbeat/{session}") as answer:
        lines = answer.iter_lines()
        assert next(lines)
        yield


def test_what_a_page_asked_for_ends_with_it(stranger: Stranger, engine: FakeEngine) -> None:
    with heartbeat(stranger, stranger.session):
        begun(stranger, engine)
    until(lambda: engine.running == 0)


def test_what_a_program_asked_for_goes_on(stranger: Stranger, engine: FakeEngine) -> None:
    begun(stranger, engine)
    with heartbeat(stranger, "another"):
        pass
    before = engine.steps
    until(lambda: engine.steps > before + 20)
    assert engine.running == 1
    stranger.listen(until=("process_generating",))  # who reads the answers and goes ends it
    until(lambda: engine.running == 0)


def test_what_was_asked_for_just_now_has_time_to_be_read_for(
    stranger: Stranger, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may lose its heartbeat alone, and ask for something before that has been noticed."""
    with heartbeat(stranger, stranger.session):
        monkeypatch.setattr(gone, "GRACE", 3600)  # the one on the way out waits for as long as it was told
        begun(stranger, engine)
    before = engine.steps
    until(lambda: engine.steps > before + 20)
    assert engine.running == 1
    monkeypatch.setattr(gone, "GRACE", 0.1)
    until(lambda: engine.running == 0)


def test_what_a_page_was_about_to_go_on_with_is_anothers_once_it_has_gone(
    page: Dashboard, stranger: Stranger, tmp_path: Path
) -> None:
    with heartbeat(stranger, stranger.session):
        assert page.claims.claim(tmp_path, stranger.session)
        assert not page.claims.claim(tmp_path, "another")
    until(lambda: page.claims.claim(tmp_path, "another"))


def test_what_another_page_has_begun_or_claimed_since_stays_so(tmp_path: Path) -> None:
    claims = Claims()
    assert claims.claim(tmp_path, "one")
    held.begin(tmp_path)
    claims.release("one")
    assert claims.claim(tmp_path, "two")
    claims.release("one")
    assert held.busy(tmp_path)
    claims.release("two")
    assert not held.busy(tmp_path)


PAGE, READER = "/gradio_api/heartbeat/s", "/gradio_api/queue/data"


async def connected(app: Gone, path: str, until: asyncio.Event) -> None:
    scope = {"type": "http", "path": path, "query_string": b"x=1&session_hash=s", "until": until}
    await app(scope, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("comes", "ended"), [(None, ["s"]), (PAGE, []), (READER, [])])
def test_a_page_that_comes_again_or_is_read_for_keeps_its_events(comes: str | None, ended: list[str]) -> None:
    told: list[str] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await scope["until"].wait()

    async def end(session: str) -> bool:
        told.append(session)
        return True

    async def lived() -> None:
        app, first, second = Gone(inside, end, 0.05), asyncio.Event(), asyncio.Event()
        page = asyncio.ensure_future(connected(app, PAGE, first))
        await asyncio.sleep(0)
        first.set()
        await page
        again = asyncio.ensure_future(connected(app, comes, second)) if comes else None
        await asyncio.sleep(0.2)
        assert told == ended
        second.set()
        if again:
            await again

    asyncio.run(lived())
