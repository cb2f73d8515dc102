"""Examples whose texts may be wrong, in My language: looked for, put right, left out, or found right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smile.acoustic.recipe import FittingProgress
from smile.datatypes import AudioError
from smile.own import doubts, fitting, misfits
from smile.own.misfits import Fit, Place
from smile.own.quota import FullError
from smile.own.workspaces import Workspaces
from smile.pools.pool import Pool
from smile.ui import VisitorService
from smile.ui.own import adding, judging
from smile.ui.own.page import Page, fresh
from tests.support.fake_engine import FakeEngine
from tests.support.visitors import DEMO, named, with_examples

CLIPS = DEMO.utterances


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VisitorService:
    """A service whose models find the later examples worse than the earlier ones."""
    monkeypatch.setattr(misfits, "misfits", judged)
    monkeypatch.setattr(fitting, "room", lambda *_, check: None)
    monkeypatch.setattr("smile.own.crossed.forget_folds", lambda *_: None)
    return VisitorService(FakeEngine(tmp_path), Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]


def judged(pool: Pool, model: Any) -> Iterator[FittingProgress]:
    yield FittingProgress("fitting", 1, 2)
    place = Place(0, 3, "<i>")
    fits = [Fit(u, u.text, float(n), place) for n, u in enumerate(pool.utterances)]
    return tuple(reversed(fits))  # type: ignore[return-value]


def look(service: VisitorService, key: str) -> Page:
    *_, last = judging.look(service, key)
    return last


def texts(service: VisitorService, key: str) -> list[str]:
    workspace = service.visitors.open(key)
    pool = workspace.pool()
    return [u.text for u, _ in doubts.doubted(workspace, pool.utterances if pool else ())]


def test_the_worst_are_listed_with_their_place_and_open_in_the_editor(service: VisitorService) -> None:
    key = with_examples(service, 0, 5)
    page = look(service, key)
    assert "3 texts that fit worst" in str(page.stage)
    assert texts(service, key) == [u.text for u in CLIPS[4:1:-1]]
    shown = str(page.doubts)
    assert f"<mark>{CLIPS[4].text[:3]}</mark>" in shown
    assert "&lt;i&gt;" in shown
    assert "<i>" not in shown
    opened = judging.pick(service, key, {"name": CLIPS[4].id})
    assert (opened.example, opened.example_text) == (CLIPS[4].id, CLIPS[4].text)


def test_of_many_a_tenth_is_listed_and_none_that_fits(service: VisitorService) -> None:
    key = with_examples(service, 0, 50)
    assert "5 texts" in str(look(service, key).stage)
    two = with_examples(service, 0, 2)
    assert "The text that fits worst" in str(look(service, two).stage)
    assert texts(service, two) == [CLIPS[1].text], "one that fits is not listed"


def test_what_is_right_is_not_named_again(service: VisitorService) -> None:
    key = with_examples(service, 0, 5)
    look(service, key)
    page = judging.pick(service, key, {"name": CLIPS[4].id, "right": True})
    assert CLIPS[4].text not in str(page.doubts)
    assert texts(service, key) == [CLIPS[3].text, CLIPS[2].text]
    look(service, key)
    assert texts(service, key) == [u.text for u in CLIPS[3:0:-1]]


def test_what_is_put_right_or_left_out_goes_and_comes_back_with_it(service: VisitorService) -> None:
    key = with_examples(service, 0, 5)
    look(service, key)
    assert "stage error" not in str(adding.save_example(service, key, CLIPS[4].id, "another text").stage)
    page = adding.remove_example(service, key, CLIPS[3].id)
    assert texts(service, key) == [CLIPS[2].text]
    assert f"It is right: {CLIPS[2].text}" in str(page.doubts)
    assert CLIPS[3].text not in str(page.doubts)
    service.visitors.open(key).undo()
    assert texts(service, key) == [CLIPS[3].text, CLIPS[2].text]


def test_what_is_changed_meanwhile_is_not_counted(
    service: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = with_examples(service, 0, 5)

    def changing(pool: Pool, model: Any) -> Iterator[FittingProgress]:
        adding.remove_example(service, key, CLIPS[4].id)
        adding.save_example(service, key, CLIPS[3].id, "another text")
        return (yield from judged(pool, model))  # type: ignore[return-value, func-returns-value]

    monkeypatch.setattr(misfits, "misfits", changing)
    assert "The text that fits worst is below" in str(look(service, key).stage)
    assert texts(service, key) == [CLIPS[2].text]


def test_what_cannot_be_done_is_said(service: VisitorService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "add two at least" in str(look(service, with_examples(service, 0, 1)).stage)
    assert "add two at least" in str(look(service, named(service)).stage)
    key = with_examples(service, 0, 2)
    assert "no longer there" in str(judging.right(service, key, "no such clip").stage)

    def full(*_: object, check: bool) -> None:
        assert check, "the folds are counted"
        raise FullError("There is no room.")

    monkeypatch.setattr(fitting, "room", full)
    assert "There is no room." in str(look(service, key).stage)


def test_who_deletes_the_language_meanwhile_is_told_and_nothing_is_left(
    service: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = with_examples(service, 0, 3)
    folder = service.visitors.open(key).folder

    def deleted(pool: Pool, model: Any) -> Iterator[FittingProgress]:
        service.visitors.delete(key)
        assert pool.states
        pool.states.mkdir(parents=True)
        (pool.states / "layers.npy").write_bytes(b"1")
        yield FittingProgress("encoding", 1, 2)
        raise AudioError("a.wav cannot be read; put it back.")

    monkeypatch.setattr(misfits, "misfits", deleted)
    assert "no longer here" in str(look(service, key).stage)
    assert not folder.exists(), "what was made meanwhile goes, too"


@pytest.mark.parametrize("damaged", ["", "[1]", '{"doubts": 3}', "\x00"])
def test_a_damaged_list_is_none(service: VisitorService, damaged: str) -> None:
    key = with_examples(service, 0, 3)
    look(service, key)
    workspace = service.visitors.open(key)
    (workspace.folder / doubts.FILE).write_text(damaged)
    assert texts(service, key) == []
    assert str(fresh(workspace).doubts) == ""
    aside = workspace.folder / f"{doubts.FILE}.damaged"
    assert aside.read_text() == damaged, "what a person has found right is not written over"
    look(service, key)
    assert texts(service, key) == [CLIPS[2].text, CLIPS[1].text]
