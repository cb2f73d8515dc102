"""Transcriptions that were broken off: only whoever has the key sees, goes on with and discards them."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from smile.own import jobs
from smile.own.jobs import Job
from smile.own.workspaces import Workspaces
from smile.settings import Settings
from smile.ui.guard import ODD, UNEXPECTED
from tests.security.client import Event, Stranger
from tests.security.served import Served, leaks
from tests.support.fake_engine import tone

KEYS = ("", None, 7, [], {"a": 1}, True, "x" * 32, "../..", "\0", "x" * 100_000)


LOOKED = ("browserstate", "state", "textbox", *["state"] * 3)  # what the line is shown by


def job_of(app: Served, key: str) -> Job:
    """A transcription of a visitor that was broken off."""
    workspace = Workspaces(app.visitors, 24).open(key)
    with workspace.work() as work:
        copy = tone(work / f"{secrets.token_hex(4)}.wav", 20, 300)
        return jobs.begin(workspace, copy, jobs.asked("gla", Settings(), 20.0), work)


def opening(stranger: Stranger) -> Event:
    """The event that shows the line as the page opens."""
    return next(e for e in stranger.events if "tick" in e.triggers and e.kinds == LOOKED)


def pressed(stranger: Stranger, key: Any, *names: str, job: Any = None) -> list[str]:
    """What the server says when the line's buttons are pressed."""
    return [stranger.run(stranger.of(name, "click"), [key, job]).text for name in names or BUTTONS]


BUTTONS = ("go-on", "discard")


def test_its_owner_goes_on_and_discards(app: Served, stranger: Stranger) -> None:
    key = stranger.named()
    job = job_of(app, key)
    assert job.recording.name in stranger.run(opening(stranger), [key, *[None] * 5]).text
    went, *_ = pressed(stranger, key, "go-on")
    assert job.recording.name in went
    assert not leaks(app, went)
    pressed(stranger, key, "discard")
    assert not job.folder.exists()
    assert job.recording.name not in stranger.run(opening(stranger), [key, *[None] * 5]).text


def test_nobody_else_does(app: Served, stranger: Stranger) -> None:
    owner = Stranger(stranger.address)
    job = job_of(app, owner.named())
    mine = job_of(app, key := stranger.named())
    stranger.run(opening(stranger), [key, *[None] * 5])
    before = app.prints(app.visitors)
    for forged in (
        job.id,
        str(job.folder),
        f"../../{job.folder.parent.parent.name}/jobs/{job.id}",
        {"id": job.id},
    ):
        assert job.recording.name not in "".join(pressed(stranger, key, "go-on", job=forged))
    other = Stranger(stranger.address)
    for forged in (job.id, mine.id, None):
        for answer in pressed(other, other.named(), job=forged):
            assert "no longer here" in answer
    after = app.prints(app.visitors)
    assert {n: p for n, p in before.items() if "/jobs/" in n}.items() <= after.items()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(key)[:12])
def test_a_forged_key_gets_a_sentence(app: Served, stranger: Stranger, key: Any) -> None:
    owner = stranger.named()
    job = job_of(app, owner)
    stranger.run(opening(stranger), [owner])
    for answer in (
        stranger.run(opening(stranger), [key, *[None] * 5]).text,
        *pressed(stranger, key, job=job.id),
    ):
        assert job.recording.name not in answer
        assert UNEXPECTED not in answer
        assert not leaks(app, answer)
    assert job.folder.exists()
    assert all(
        "no transcription to go on" in a or ODD in a or "characters" in a for a in pressed(stranger, key)
    )
