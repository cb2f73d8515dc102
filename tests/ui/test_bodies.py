"""Uploads that are under way together keep to the room that there is for them, and none holds it for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import SmileError
from smile.own.quota import Quota
from smile.ui import bodies, files
from smile.ui.bodies import FULL, Bodies, Uploads

ROOM = 1000  # bytes
OLD = 10_000.0  # seconds


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploads lie."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def uploads(folder: Path) -> Uploads:
    return Uploads(Quota(uploads=ROOM, free=0))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list."""
    now = [50.0]
    monkeypatch.setattr(bodies, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def arrived(stack: ExitStack, uploads: Uploads, folder: Path, name: str, size: int) -> int:
    """An upload begins, and so much of it comes."""
    number = stack.enter_context(uploads.arriving())
    part = folder / f"tmp{name * 8}"
    part.write_bytes(bytes(size))
    files.PARTS.get().append(part)
    return number


def test_an_earlier_upload_waits_until_the_later_ones_have_given_way(
    uploads: Uploads, folder: Path, stack: ExitStack
) -> None:
    first = arrived(stack, uploads, folder, "a", 300)
    with ExitStack() as inner:
        second = arrived(inner, uploads, folder, "b", 900)
        assert uploads.go_on(first) is False, "together they would be more than there is room for"
        with pytest.raises(SmileError, match=FULL):
            uploads.go_on(second)
    assert uploads.go_on(first) is True


def test_who_drips_gives_way_to_who_needs_the_room(
    uploads: Uploads, folder: Path, stack: ExitStack, clock: list[float]
) -> None:
    number = arrived(stack, uploads, folder, "a", 900)
    clock[0] += bodies.UNUSED + 1
    assert uploads.go_on(number), "nobody needs it"
    with pytest.raises(SmileError, match=FULL):
        uploads.admit(500)
    with pytest.raises(SmileError, match=FULL):
        uploads.go_on(number)
    clock[0] += bodies.SHORT
    assert uploads.go_on(number), "nobody needs it any more"


def test_what_is_under_way_is_counted_however_old_its_file(
    uploads: Uploads, folder: Path, stack: ExitStack
) -> None:
    arrived(stack, uploads, folder, "a", 600)
    (folder / "tmpbbbbbbbb").write_bytes(bytes(300))
    for path in folder.iterdir():
        os.utime(path, (OLD, OLD))
    with pytest.raises(SmileError, match=FULL):
        uploads.admit(500)
    assert [path.name for path in folder.iterdir()] == ["tmpaaaaaaaa"], "the other one was broken off"


def sent(uploads: Uploads, *pieces: bytes) -> list[dict[str, Any]]:
    """What an app receives of an upload that comes in pieces."""
    left = [
        {"type": "http.request", "body": piece, "more_body": n < len(pieces)}
        for n, piece in enumerate(pieces, 1)
    ]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": bodies.UPLOAD}
    scope["headers"] = [(b"content-length", str(sum(map(len, pieces))).encode())]
    received: list[Any] = []

    async def receive() -> Any:
        return left.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in pieces:
            received.append(await receive())

    async def send(message: Any) -> None:
        received.append(message)

    asyncio.run(Bodies(app, uploads)(scope, receive, send))
    return received


def looks(monkeypatch: pytest.MonkeyPatch, uploads: Uploads) -> list[int]:
    """The uploads that are looked at, in order."""
    seen: list[int] = []
    monkeypatch.setattr(uploads, "go_on", lambda number: not seen.append(number))
    return seen


def test_the_shortest_upload_is_looked_at_when_it_is_whole(
    uploads: Uploads, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looks(monkeypatch, uploads)
    assert len(sent(uploads, b"x", b"y")) == 2
    assert seen == [0]


def test_a_slow_upload_is_looked_at_however_short_its_pieces(
    uploads: Uploads, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LOOKED", -1.0)
    seen = looks(monkeypatch, uploads)
    sent(uploads, b"x", b"y", b"z")
    assert seen == [0, 0, 0]


def test_an_upload_waits_no_longer_than_others_can_take(
    uploads: Uploads, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "PAUSE", bodies.SHORT / 3)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(bodies, "sleep", sleep)
    monkeypatch.setattr(uploads, "go_on", lambda number: False)
    with pytest.raises(SmileError, match=FULL):
        sent(uploads, b"x")
    assert sum(waits) == pytest.approx(bodies.SHORT)


@pytest.mark.parametrize(("most", "taken"), [(400, True), (100, False)])
def test_one_upload_may_be_as_large_as_a_file_but_leaves_others_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch, most: int, taken: bool
) -> None:
    monkeypatch.setattr(bodies, "FORM", 0)
    received = sent(Uploads(Quota(file=most, uploads=600, free=0)), bytes(350))
    assert (received[0]["type"] == "http.request") is taken
    assert taken or received[0]["status"] == 413
