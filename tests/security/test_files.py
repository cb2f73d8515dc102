"""Every event of the page with files that are not the visitor's: nothing is read, moved or removed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio
import pytest

from tests.security.client import Event, Stranger, file
from tests.security.material import sound
from tests.security.served import Served, leaks

SECRET = "what nobody else may read"
FILES = ("audio", "file")  # kinds of components
MORE: tuple[dict[str, Any], ...] = ({}, {"is_stream": True, "orig_name": "x.wav", "size": -1})


@pytest.fixture
def targets(app: Served) -> dict[str, str]:
    """What a request may name in place of an upload, with a word for each."""
    secret, folder = app.folder / "secret.wav", app.uploads / f"upload-{secrets.token_hex(16)}"
    secret.write_text(SECRET, encoding="utf-8")
    folder.mkdir(parents=True)
    (folder / "link.wav").symlink_to(secret)
    (folder / "links").symlink_to(app.pools)
    os.mkfifo(folder / "pipe.wav")
    theirs = Stranger(app.address)
    theirs.do(theirs.of("own-recordings", "upload"), ["", [file(theirs.upload("theirs.wav", sound()))]])
    (recording, *_) = app.visitors.glob("*/recordings/theirs.wav")
    clip = next((app.pools / "gla" / "audio").iterdir())
    (gradios, *_) = Path(gradio.__file__).parent.glob("icons/*.svg")  # a static path of gradio's own
    return {
        "passwords": "/etc/passwd",
        "secret": str(secret),
        "clip of a pool": str(clip),
        "table of a pool": str(clip.parent.parent / "clips.csv"),
        "pool": str(clip.parent.parent),
        "pools": str(app.pools),
        "uploads": str(app.uploads),
        "folder of an upload": str(folder),
        "link": str(folder / "link.wav"),
        "through a linked folder": str(folder / "links" / "gla" / "clips.csv"),
        "pipe": str(folder / "pipe.wav"),
        "out of the uploads": f"{folder}/../../pools/gla/clips.csv",
        "another visitor's": str(recording),
        "gradio's": str(gradios),
        "environment": "/proc/self/environ",
        "address of a file": "file:///etc/passwd",
        "own address of a file": f"{app.address}/gradio_api/file=/etc/passwd",
        "own pool's address": f"{app.address}/config",
    }


def shapes(path: str) -> Iterator[Any]:
    """The ways in which a request may name a file."""
    yield from (file(path, **more) for more in MORE)
    yield file(path, url=path)
    yield {"path": path}
    yield path
    yield [file(path)]
    yield [[file(path)], {"files": [file(path)]}]


def answers(stranger: Stranger, event: Event, data: list[Any]) -> str:
    """All that the server says to a forged event, asked in the way in which it is done to the end."""
    return str(stranger.do(event, data)) if event.queued else stranger.run(event, data).text


def watched(app: Served) -> dict[str, str]:
    """All files that no stranger may change."""
    (app.folder / "cache").mkdir(exist_ok=True)
    return app.prints(app.pools, app.folder / "cache", app.visitors, app.uploads)


def test_events_with_files_take_none_but_uploads(
    app: Served, stranger: Stranger, targets: dict[str, str]
) -> None:
    before = watched(app)
    taking = [event for event in stranger.events if set(event.kinds) & set(FILES)]
    assert len(taking) >= 14
    for event in taking:
        for what, path in targets.items():
            for shape in shapes(path):
                data = [
                    shape if kind in FILES else value
                    for kind, value in zip(event.kinds, stranger.usual(event), strict=True)
                ]
                said = answers(stranger, event, data)
                assert "root:x:" not in said, (event, what)
                assert SECRET not in said, (event, what)
                assert not leaks(app, said, path), (event, what, said)
    assert before.items() <= watched(app).items(), "something was moved, removed or changed"


def test_every_event_with_files_in_every_place(
    app: Served, stranger: Stranger, targets: dict[str, str]
) -> None:
    before = watched(app)
    for event in stranger.events:
        for what, path in targets.items() if event.inputs else ():
            said = stranger.run(event, event.filled(file(path))).text
            assert "root:x:" not in said, (event, what)
            assert SECRET not in said, (event, what)
            assert not leaks(app, said, path), (event, what, said)
    assert before.items() <= watched(app).items()


def test_addresses_of_files_give_uploads_alone(
    app: Served, stranger: Stranger, targets: dict[str, str]
) -> None:
    mine = stranger.upload("mine.wav", sound())
    assert stranger.fetch(mine).content == sound()
    for what, path in targets.items():
        if what != "gradio's":
            for asked in (
                path,
                path.replace("/", "%2F"),
                path.replace("/", "//"),
                f"{mine}/../../../../../../../../../..{path}",
            ):
                answer = stranger.fetch(asked)
                assert answer.status_code in (400, 403, 404, 422, 500), (what, answer.text[:200])
                assert SECRET not in answer.text, what
                told = answer.text.replace(os.path.normpath(path), "")  # what was asked for may come back
                assert not leaks(app, told, unquote(asked)), (what, answer.text)
